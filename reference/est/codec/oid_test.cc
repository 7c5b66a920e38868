#include "est/codec/oid.h"

#include <gtest/gtest.h>

#include <string>

#include "est/codec/asn1_test_data.h"

namespace est::codec {
namespace {

struct Pair {
  std::string_view dotted;
  std::string_view content;
};

constexpr std::array pairs = {
    Pair{"0.0", "00"},
    Pair{"0.39", "27"},
    Pair{"1.39", "4f"},
    Pair{"2.0", "50"},
    Pair{"2.39", "77"},
    Pair{"2.47", "7f"},
    Pair{"2.48", "8100"},
    Pair{"2.999.1", "883701"},
    Pair{"1.2.840.113549.1.9.7", "2a864886f70d010907"},
    Pair{"1.3.6.1.4.1.4294967296", "2b060104019080808000"},
    Pair{"2.25.340282366920938463463374607431768211455", "6983ffffffffffffffffffffffffffffffffff7f"},
    Pair{"2.340282366920938463463374607431768211375", "83ffffffffffffffffffffffffffffffffff7f"},
};

TEST(Oid, DottedAndContentAgree) {
  for (const Pair& pair : pairs) {
    const std::optional<Oid> from_text = Oid::from_dotted(pair.dotted);
    ASSERT_TRUE(from_text) << pair.dotted;
    EXPECT_EQ(hex(from_text->content()), pair.content);
    const std::optional<Oid> from_octets = Oid::from_content(test::from_hex(pair.content));
    ASSERT_TRUE(from_octets) << pair.content;
    EXPECT_EQ(from_octets->dotted(), pair.dotted);
  }
}

TEST(Oid, RefusesMalformedText) {
  for (const char* bad : {"", ".", "1", "1.", ".1", "1..2", "3.1", "0.40", "1.40", "01.2", "1.02", "1.2.", "1.a", "1.-2", "1.2 ", "+1.2"})
    EXPECT_FALSE(Oid::from_dotted(bad)) << bad;
  EXPECT_FALSE(Oid::from_dotted("1.2." + std::string(5000, '9')));
}

TEST(Oid, RefusesMalformedContent) {
  for (const char* bad : {"", "80", "8001", "2a80", "2a8001", "2a86", "ff"}) EXPECT_FALSE(Oid::from_content(test::from_hex(bad))) << bad;
  EXPECT_FALSE(Oid::from_content(Bytes(600, 0x01)));
}

TEST(Oid, HasTheNamesOfTheRfcs) {
  EXPECT_EQ(oids::challenge_password.name(), "challengePassword");
  EXPECT_EQ(oids::ecdsa_with_sha384.name(), "ecdsa-with-SHA384");
  EXPECT_EQ(Oid("1.2.3.4").name(), "1.2.3.4");
  EXPECT_EQ(oid_by_name("ecdsaWithSHA384"), oids::ecdsa_with_sha384);
  EXPECT_EQ(oid_by_name("id-extensionreq"), oids::extension_request);
  EXPECT_EQ(oid_by_name("1.3.6.1.1.1.1.22"), oids::mac_address);
  EXPECT_FALSE(oid_by_name("no such name"));
}

// The values as the RFCs print them.
TEST(Oid, AttributesOfCertificationRequests) {
  const std::array expected = {
      std::pair(&oids::challenge_password, "1.2.840.113549.1.9.7"),                         // RFC 2985 5.4.1
      std::pair(&oids::extension_request, "1.2.840.113549.1.9.14"),                         // RFC 2985 5.4.2
      std::pair(&oids::smime_capabilities, "1.2.840.113549.1.9.15"),                        // RFC 8551 2.5.2
      std::pair(&oids::change_subject_name, "1.3.6.1.5.5.7.7.36"),                          // RFC 6402 2.8
      std::pair(&oids::decrypt_key_identifier, "1.2.840.113549.1.9.16.2.37"),               // RFC 4108 2.2.5
      std::pair(&oids::asymmetric_decrypt_key_identifier, "1.2.840.113549.1.9.16.2.54"),    // RFC 7030 4.4.1.2
      std::pair(&oids::otp_challenge, "1.2.840.113549.1.9.16.2.56"),                        // RFC 7894 3.1
      std::pair(&oids::revocation_challenge, "1.2.840.113549.1.9.16.2.57"),                 // RFC 7894 3.2
      std::pair(&oids::est_identity_linking, "1.2.840.113549.1.9.16.2.58"),                 // RFC 7894 3.3
      std::pair(&oids::certification_request_info_template, "1.2.840.113549.1.9.16.2.61"),  // RFC 9908 appendix A
      std::pair(&oids::extension_request_template, "1.2.840.113549.1.9.16.2.62"),           // RFC 9908 appendix A
      std::pair(&oids::mac_address, "1.3.6.1.1.1.1.22"),                                    // RFC 2307
  };
  for (const auto& [oid, dotted] : expected) EXPECT_EQ(oid->dotted(), dotted);
}

}  // namespace
}  // namespace est::codec
