#include "est/codec/csrattrs.h"

#include <gtest/gtest.h>

#include <string>

#include "est/codec/asn1_test_data.h"
#include "est/codec/base64.h"

namespace est::codec {
namespace {

using test::from_hex;
using test::summary;

// RFC 7030 4.5.2 and RFC 8951 4 print these octets.
constexpr std::string_view rfc7030_example =
    "30 41 06 09 2a 86 48 86 f7 0d 01 09 07 30 12 06 07 2a 86 48 ce 3d"
    "02 01 31 07 06 05 2b 81 04 00 22 30 16 06 09 2a 86 48 86 f7 0d 01"
    "09 0e 31 09 06 07 2b 06 01 01 01 01 16 06 08 2a 86 48 ce 3d 04 03"
    "03";

// RFC 7030 A.2
constexpr std::string_view rfc7030_appendix =
    "MHwGBysGAQEBARYwIgYDiDcBMRsTGVBhcnNlIFNFVCBhcyAyLjk5OS4xIGRhdGEG"
    "CSqGSIb3DQEJBzAsBgOINwIxJQYDiDcDBgOINwQTGVBhcnNlIFNFVCBhcyAyLjk5"
    "OS4yIGRhdGEGCSskAwMCCAEBCwYJYIZIAWUDBAIC";

CsrAttrs decoded(const Bytes& der) {
  Decoded<CsrAttrs> attributes = decode_csrattrs(der);
  EXPECT_TRUE(attributes.value) << describe_first(attributes.findings);
  return attributes.value.value_or(CsrAttrs{});
}

TEST(CsrAttrs, ExampleOfRfc7030) {
  const Bytes der = from_hex(rfc7030_example);
  const Decoded<CsrAttrs> attributes = decode_csrattrs(der);
  ASSERT_TRUE(attributes.accepted());
  EXPECT_EQ(attributes.findings.size(), 1U);
  EXPECT_EQ(summary(attributes.findings), "csrattrs.mac-address.old-form@48");
  EXPECT_EQ(attributes.findings.front().severity, Severity::warning);
  ASSERT_EQ(attributes.value->elements.size(), 4U);
  EXPECT_TRUE(attributes.value->mentions(oids::challenge_password));
  EXPECT_TRUE(attributes.value->mentions(oids::ecdsa_with_sha384));
  EXPECT_TRUE(attributes.value->mentions(oids::ec_public_key));
  EXPECT_FALSE(attributes.value->mentions(oids::mac_address));
  EXPECT_EQ(attributes.value->attribute(oids::ec_public_key)->values, std::vector<Bytes>{der::oid(oids::secp384r1)});
  EXPECT_EQ(attributes.value->attribute(oids::challenge_password), nullptr);
  EXPECT_EQ(encode(*attributes.value), der);
  EXPECT_EQ(encode_base64(der), "MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYGCSqGSIb3DQEJDjEJBgcrBgEBAQEWBggqhkjOPQQDAw==");
}

TEST(CsrAttrs, AppendixOfRfc7030) {
  const Decoded<Bytes> der = decode_base64(rfc7030_appendix, Base64Mode::strict);
  const Decoded<CsrAttrs> attributes = decode_csrattrs(*der.value);
  ASSERT_TRUE(attributes.accepted());
  EXPECT_EQ(summary(attributes.findings), "");
  ASSERT_EQ(attributes.value->elements.size(), 6U);
  EXPECT_TRUE(attributes.value->mentions(oids::mac_address));
  EXPECT_TRUE(attributes.value->mentions(oids::sha384));
  EXPECT_EQ(attributes.value->attribute(Oid("2.999.2"))->values.size(), 3U);
  EXPECT_EQ(encode(*attributes.value), *der.value);
}

// RFC 9908 section 5, the examples as its prose describes them.
TEST(CsrAttrs, ExamplesOfRfc9908) {
  const Attribute p384{oids::ec_public_key, {der::oid(oids::secp384r1)}};
  const Attribute rsa4096{oids::rsa_encryption, {der::integer(4096)}};
  const Bytes mailbox = der::sequence({der::context(0, der::sequence({}))});
  const std::array examples = {
      CsrAttrs{{oids::challenge_password, p384, oids::mac_address, oids::ecdsa_with_sha384}},
      CsrAttrs{{make_extension_request({Extension{oids::subject_alt_name, true, mailbox}})}},
      CsrAttrs{{oids::challenge_password, p384, make_extension_request({Extension{oids::subject_alt_name, false, mailbox}}),
                oids::ecdsa_with_sha384}},
      CsrAttrs{{oids::challenge_password, rsa4096, oids::sha256_with_rsa}},
      CsrAttrs{{oids::challenge_password, p384, oids::serial_number, Oid("1.2.840.113549.1.9.20"), Oid("0.9.2342.19200300.100.1.5")}},
  };
  for (const CsrAttrs& example : examples) {
    const Decoded<CsrAttrs> attributes = decode_csrattrs(encode(example));
    EXPECT_TRUE(attributes.accepted());
    EXPECT_EQ(summary(attributes.findings), "");
    EXPECT_EQ(encode(*attributes.value), encode(example));
  }
  EXPECT_EQ(hex(encode(examples[3])),
            "302906092a864886f70d010907301106092a864886f70d010101310402021000"
            "06092a864886f70d01010b");
}

TEST(CsrAttrs, EmptyMeansNothingIsAskedFor) {
  EXPECT_EQ(summary(decode_csrattrs(from_hex("3000")).findings), "");
  EXPECT_TRUE(decoded(from_hex("3000")).elements.empty());
  EXPECT_EQ(hex(encode(CsrAttrs{})), "3000");
}

TEST(CsrAttrs, EmptyValuesAreANote) {
  const CsrAttrs wanted{{Attribute{oids::ec_public_key, {}}}};
  const Decoded<CsrAttrs> attributes = decode_csrattrs(encode(wanted));
  EXPECT_TRUE(attributes.accepted());
  EXPECT_EQ(summary(attributes.findings), "csrattrs.values.empty@15");
  EXPECT_EQ(attributes.findings.front().severity, Severity::note);
}

TEST(CsrAttrs, Malformed) {
  struct Case {
    std::string_view hex;
    std::string_view findings;
    std::size_t elements;
  };
  const std::array cases = {
      Case{"3004 0500 0500", "csrattrs.element@2 csrattrs.element@4", 0},
      Case{"3007 0500 0603550403", "csrattrs.element@2", 1},
      Case{"3006 060180 060103", "der.oid@4", 1},
      Case{"3005 3003 060103", "der.missing@7", 0},
      Case{"3007 3005 060103 0500", "der.tag.unexpected@7", 0},
      Case{"300a 3005 060103 0500 060103", "der.tag.unexpected@7", 1},
      Case{"3009 3007 060103 3100 0500", "der.trailing@9", 0},
      Case{"300e 300c 060103 3107 0c0162 0c0161 00", "der.set.order@12 der.tag.reserved@15", 0},
      Case{"300d 300b 060103 3106 0c0162 0c0161", "der.set.order@12", 1},
      Case{"300a 0603550403 0603550403", "csrattrs.duplicate@7", 2},
      Case{"3100", "der.tag.unexpected@0", 0},
      Case{"3002 0603", "der.truncated@2", 0},
      Case{"3000 00", "der.trailing@2", 0},
  };
  for (const Case& c : cases) {
    const Decoded<CsrAttrs> attributes = decode_csrattrs(from_hex(c.hex));
    EXPECT_EQ(summary(attributes.findings), c.findings) << c.hex;
    EXPECT_EQ(attributes.value ? attributes.value->elements.size() : 0, c.elements) << c.hex;
  }
}

TEST(CsrAttrs, ExtensionRequestFollowsRfc9908) {
  const auto found = [](std::vector<Bytes> values) {
    return test::ids(decode_csrattrs(encode(CsrAttrs{{Attribute{oids::extension_request, std::move(values)}}})).findings);
  };
  const Bytes extensions = encode_extensions({make_key_usage(1)});
  EXPECT_EQ(found({extensions}), "");
  EXPECT_EQ(found({}), "csrattrs.values.empty?");
  EXPECT_EQ(found({extensions, extensions}), "csrattrs.extension-request.values?");
  EXPECT_EQ(found({der::oid(oids::subject_alt_name)}), "csrattrs.extension-request.values?");
  EXPECT_EQ(found({encode(make_key_usage(1))}), "csrattrs.extension-request.values?");
  EXPECT_EQ(found({der::oid(oids::mac_address)}), "csrattrs.mac-address.old-form?");
  EXPECT_EQ(found({encode_extensions({make_key_usage(1), make_key_usage(1)})}), "x509.extension.duplicate");
  EXPECT_EQ(found({der::sequence({})}), "x509.extensions.empty");
}

// --- The template of RFC 9908 3.4

RequestTemplate rfc9908_template() {
  RequestTemplate wanted;
  wanted.has_subject = true;
  wanted.subject = {{{oids::common_name, std::nullopt}},
                    {{oids::organizational_unit_name, der::utf8_string("myDept")}},
                    {{oids::organizational_unit_name, der::utf8_string("myGroup")}}};
  wanted.key_algorithm = AlgorithmIdentifier{oids::ec_public_key, der::oid(oids::prime256v1)};
  const Bytes names = encode_general_names({*parse_general_name("DNS:www.myServer.com"), {GeneralNameType::ip, {}}});
  wanted.extensions = {{oids::subject_alt_name, false, names},
                       {oids::key_usage, true, make_key_usage(key_usage::digital_signature | key_usage::key_agreement).value},
                       {oids::extended_key_usage, false, std::nullopt}};
  return wanted;
}

TEST(RequestTemplate, WorkedExampleGoesBothWays) {
  const CsrAttrs sent{{make_request_template(rfc9908_template()), oids::challenge_password}};
  const CsrAttrs received = decoded(encode(sent));
  const Decoded<RequestTemplate> read = request_template(received);
  ASSERT_TRUE(read.accepted()) << describe_first(read.findings);
  EXPECT_EQ(summary(read.findings), "");
  ASSERT_EQ(read.value->subject.size(), 3U);
  EXPECT_FALSE(read.value->subject[0][0].value);
  EXPECT_EQ(read.value->subject[2][0].value, der::utf8_string("myGroup"));
  EXPECT_EQ(read.value->key_algorithm->parameters, der::oid(oids::prime256v1));
  EXPECT_FALSE(read.value->key);
  ASSERT_EQ(read.value->extensions.size(), 3U);
  EXPECT_TRUE(read.value->extensions[1].critical);
  EXPECT_FALSE(read.value->extensions[2].value);
  EXPECT_TRUE(read.value->attributes.empty());
  EXPECT_EQ(encode(make_request_template(*read.value)), encode(make_request_template(rfc9908_template())));
}

// The structure RFC 9908 prints, encoded by another program.
TEST(RequestTemplate, WorkedExampleHasTheseOctets) {
  constexpr std::string_view expected =
      "308193020100302c310730050603550403310f300d060355040b0c066d79446570743110300e060355040b0c076d7947"
      "726f7570a015301306072a8648ce3d020106082a8648ce3d030107a1493047060b2a864886f70d010910023e31383036"
      "301d0603551d110416301482107777772e6d795365727665722e636f6d8700300e0603551d0f0101ff04040302038830"
      "050603551d25";
  EXPECT_EQ(hex(make_request_template(rfc9908_template()).values.front()), expected);
}

TEST(RequestTemplate, RsaSizeIsAPlaceholderKey) {
  RequestTemplate wanted;
  wanted.key_algorithm = AlgorithmIdentifier{oids::rsa_encryption, der::null()};
  wanted.key = der::sequence({der::unsigned_integer(Bytes(256, 0xff)), der::integer(65537)});
  const Decoded<RequestTemplate> read = request_template(decoded(encode(CsrAttrs{{make_request_template(wanted)}})));
  ASSERT_TRUE(read.accepted());
  EXPECT_EQ(read.value->key, wanted.key);
  EXPECT_FALSE(read.value->has_subject);
}

TEST(RequestTemplate, AbsentWithoutFinding) {
  const Decoded<RequestTemplate> read = request_template(decoded(from_hex(rfc7030_example)));
  EXPECT_FALSE(read.value);
  EXPECT_TRUE(read.findings.empty());
}

TEST(RequestTemplate, EachRuleHasItsFinding) {
  const auto with_values = [](std::vector<Bytes> values) {
    return test::ids(request_template(CsrAttrs{{Attribute{oids::certification_request_info_template, std::move(values)}}}).findings);
  };
  const auto with_attributes = [&](std::initializer_list<BytesView> attributes) {
    return with_values({der::sequence({der::integer(0), der::context(1, der::concat(attributes))})});
  };
  const Bytes single = der::sequence({der::oid(oids::subject_alt_name)});
  const Bytes partial = encode(Attribute{oids::extension_request_template, {der::sequence({single})}});
  const Bytes whole = encode(make_extension_request({make_key_usage(1)}));
  EXPECT_EQ(with_attributes({}), "");
  EXPECT_EQ(with_attributes({partial}), "");
  EXPECT_EQ(with_attributes({whole}), "");
  EXPECT_EQ(with_attributes({partial, whole}), "csrattrs.template.duplicate");
  EXPECT_EQ(with_attributes({partial, partial}), "csrattrs.template.duplicate");
  EXPECT_EQ(with_attributes({encode(Attribute{oids::extension_request_template, {single}})}), "csrattrs.template.single-extension?");
  EXPECT_EQ(with_attributes({encode(Attribute{oids::extension_request_template, {}})}), "csrattrs.template.values");
  EXPECT_EQ(with_attributes({encode(Attribute{oids::extension_request_template, {der::sequence({})}})}), "x509.extensions.empty");
  EXPECT_EQ(with_attributes({encode(Attribute{oids::extension_request_template, {der::sequence({single, single})}})}),
            "x509.extension.duplicate");
  EXPECT_EQ(with_values({der::sequence({der::integer(1), der::context(1, {})})}), "csrattrs.template.version");
  EXPECT_EQ(with_values({der::sequence({der::integer(0)})}), "csrattrs.template.attributes");
  EXPECT_EQ(with_values({}), "csrattrs.template.values");
  EXPECT_EQ(with_values({der::null()}), "der.tag.unexpected");
  EXPECT_EQ(with_values({der::sequence({der::integer(0), der::sequence({der::set_of({})}), der::context(1, {})})}), "x509.name.empty-rdn");
  EXPECT_EQ(with_values({der::sequence({der::integer(0), der::context(1, {}), der::null()})}), "der.trailing");
}

TEST(RequestTemplate, OffsetsPointIntoTheMessage) {
  const Bytes value = der::sequence({der::integer(1), der::context(1, {})});
  const Bytes der = encode(CsrAttrs{{oids::challenge_password, Attribute{oids::certification_request_info_template, {value}}}});
  const Decoded<RequestTemplate> read = request_template(decoded(der));
  ASSERT_EQ(read.findings.size(), 1U);
  EXPECT_EQ(hex(BytesView(der).subspan(read.findings.front().offset, 3)), "020101");
}

Findings findings_of_attributes(const Bytes& der) {
  const Decoded<CsrAttrs> attributes = decode_csrattrs(der);
  if (attributes.value) static_cast<void>(request_template(*attributes.value));
  return attributes.findings;
}

TEST(CsrAttrs, SurvivesDamage) {
  test::survives_damage(from_hex(rfc7030_example), findings_of_attributes);
  test::survives_damage(encode(CsrAttrs{{make_request_template(rfc9908_template()), oids::challenge_password}}), findings_of_attributes);
}

TEST(RequestTemplate, ThePlaceholderTellsTheModulusSize) {
  const auto bits = [](const Oid& algorithm, const Bytes& modulus) {
    RequestTemplate wanted;
    wanted.key_algorithm = AlgorithmIdentifier{algorithm, der::null()};
    wanted.key = der::sequence({der::unsigned_integer(modulus), der::integer(65537)});
    return modulus_bits(wanted);
  };
  Bytes modulus(256, 0xff);
  EXPECT_EQ(bits(oids::rsa_encryption, modulus), 2048);
  EXPECT_EQ(bits(oids::ec_public_key, modulus), 0);
  modulus.front() = 1;
  EXPECT_EQ(bits(oids::rsa_encryption, modulus), 2041);
  EXPECT_EQ(bits(oids::rsa_encryption, Bytes(9000, 0xff)), 0);
  RequestTemplate odd;
  EXPECT_EQ(modulus_bits(odd), 0);
  odd.key_algorithm = AlgorithmIdentifier{oids::rsa_encryption, der::null()};
  for (const Bytes& key : {Bytes{}, Bytes{0x30}, der::sequence({der::octet_string(modulus)}), der::sequence({der::integer(0)})}) {
    odd.key = key;
    EXPECT_EQ(modulus_bits(odd), 0);
  }
}

}  // namespace
}  // namespace est::codec
