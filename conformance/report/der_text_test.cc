#include "conformance/report/der_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/der.h"

namespace conformance::report {
namespace {

using ::testing::HasSubstr;

// SEQUENCE { OID signedData, [0] { SEQUENCE { INTEGER 1, SET {}, SEQUENCE { OID data }, [0] {}, SET {} } } }
const est::Bytes certs_only{0x30, 0x25, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02,
                            0xa0, 0x18, 0x30, 0x16, 0x02, 0x01, 0x01, 0x31, 0x00, 0x30, 0x0b, 0x06, 0x09,
                            0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0xa0, 0x00, 0x31, 0x00};

TEST(DerText, NamesFieldsAndObjectIdentifiers) {
  const std::string text = der_text(certs_only);
  EXPECT_THAT(text, HasSubstr("     0 ContentInfo: SEQUENCE (37 octets)\n"));
  EXPECT_THAT(text, HasSubstr("contentType: OBJECT IDENTIFIER id-signedData (1.2.840.113549.1.7.2)\n"));
  EXPECT_THAT(text, HasSubstr("    SignedData: SEQUENCE (22 octets)\n"));
  EXPECT_THAT(text, HasSubstr("version: INTEGER 1\n"));
  EXPECT_THAT(text, HasSubstr("certificates: [0] constructed (0 octets)\n"));
  EXPECT_THAT(text, HasSubstr("signerInfos: SET (0 octets)\n"));
  EXPECT_EQ(text.find('!'), std::string::npos);
}

TEST(DerText, ShowsWhatIsInsideOctetStrings) {
  const std::string text = der_text(est::Bytes{0x30, 0x07, 0x04, 0x05, 0x30, 0x03, 0x01, 0x01, 0xff});
  EXPECT_THAT(text, HasSubstr("     6       BOOLEAN TRUE"));
}

TEST(DerText, TellsWhereReadingStops) {
  est::Bytes cut = certs_only;
  cut.resize(30);
  EXPECT_THAT(der_text(cut), HasSubstr("! der.truncated at octet"));
  est::Bytes nested;
  for (int i = 0; i < 60; ++i) nested.insert(nested.begin(), {0x30, static_cast<est::Byte>(nested.size())});
  EXPECT_FALSE(der_text(nested).empty());
  est::Bytes many{0x30, 0x82, 0x13, 0x88};
  for (int i = 0; i < 2500; ++i) many.insert(many.end(), {0x05, 0x00});
  EXPECT_THAT(der_text(many, 10), HasSubstr("... the rest is in the message itself\n"));
  EXPECT_LT(der_text(many, 10).size(), 1000U);
}

TEST(DerIn, FindsDerPemAndBase64) {
  const std::string base64 = est::codec::encode_base64(certs_only, 64, "\r\n");
  EXPECT_EQ(der_in(certs_only), certs_only);
  EXPECT_EQ(der_in(est::as_bytes(base64)), certs_only);
  EXPECT_EQ(der_in(est::as_bytes("text\n-----BEGIN CMS-----\n" + base64 + "\n-----END CMS-----\n")), certs_only);
  for (const char* none : {"", "<html>", "not found", "AAAA"}) EXPECT_FALSE(der_in(est::as_bytes(none)).has_value()) << none;
}

}  // namespace
}  // namespace conformance::report
