#include "est/codec/pkcs10.h"

#include <gtest/gtest.h>

#include <string>

#include "est/codec/asn1_test_data.h"

namespace est::codec {
namespace {

using test::from_hex;
using test::from_pem;
using test::summary;

AlgorithmIdentifier ecdsa() { return {oids::ecdsa_with_sha256, {}}; }

Bytes some_key() {
  return der::sequence({encode(AlgorithmIdentifier{oids::ec_public_key, der::oid(oids::prime256v1)}), der::bit_string(Bytes{4, 1, 2})});
}

Bytes signed_request(BytesView info) { return encode_certification_request(info, ecdsa(), Bytes{1, 2, 3}); }

Bytes request_with(const std::vector<Attribute>& attributes) {
  return signed_request(encode_certification_request_info(*parse_name("CN=device-1"), some_key(), attributes));
}

// Attributes as they stand, without the builder's sorting.
Bytes request_with_raw(BytesView tagged_attributes, std::int64_t version = 0) {
  return signed_request(der::sequence({der::integer(version), parse_name("CN=device-1")->der, some_key(), tagged_attributes}));
}

CertificationRequest decoded_request(const Bytes& der) {
  Decoded<CertificationRequest> request = decode_certification_request(der);
  EXPECT_TRUE(request.value) << describe_first(request.findings);
  return request.value.value_or(CertificationRequest{});
}

TEST(Pkcs10, RequestOfOpensslIsRead) {
  const Bytes der = from_pem(test::ec_request);
  const Decoded<CertificationRequest> request = decode_certification_request(der);
  ASSERT_TRUE(request.accepted()) << describe_first(request.findings);
  EXPECT_EQ(summary(request.findings), "");
  EXPECT_EQ(request.value->subject.to_string(), "serialNumber=4711,CN=device-1,O=Acme\\, Inc.,C=DE");
  EXPECT_EQ(request.value->key.algorithm.algorithm, oids::ec_public_key);
  EXPECT_EQ(request.value->signature_algorithm, ecdsa());
  EXPECT_EQ(request.value->attributes.size(), 2U);
  EXPECT_EQ(challenge_password(*request.value).value, "dGxzLXVuaXF1ZQ==");
  EXPECT_EQ(requested_extensions(*request.value).value->size(), 3U);
  std::string names;
  for (const GeneralName& name : requested_subject_alt_name(*request.value)) names += to_string(name) + " ";
  EXPECT_EQ(names, "DNS:device-1.example IP:192.0.2.1 IP:2001:db8::1 email:ops@example.com URI:urn:dev:1 RID:1.2.3.4 dirName:CN=inner ");
  EXPECT_EQ(encode_certification_request(request.value->info, request.value->signature_algorithm, request.value->signature), der);
  EXPECT_EQ(encode_certification_request_info(request.value->subject, request.value->key.der, request.value->attributes),
            request.value->info);
}

TEST(Pkcs10, EmptyAttributesAreFine) {
  const Decoded<CertificationRequest> request = decode_certification_request(from_pem(test::rsa_request));
  ASSERT_TRUE(request.accepted());
  EXPECT_EQ(summary(request.findings), "");
  EXPECT_TRUE(request.value->attributes.empty());
  EXPECT_FALSE(challenge_password(*request.value).value);
  EXPECT_TRUE(challenge_password(*request.value).findings.empty());
  EXPECT_TRUE(requested_extensions(*request.value).value->empty());
  EXPECT_TRUE(requested_subject_alt_name(*request.value).empty());
  EXPECT_FALSE(change_subject_name(*request.value).value);
  EXPECT_FALSE(smime_capabilities(*request.value).value);
}

TEST(Pkcs10, AllAttributesOfEstGoBothWays) {
  ChangeSubjectName change{*parse_name("CN=new,O=Acme"), {*parse_general_name("DNS:new.example")}};
  const std::vector<AlgorithmIdentifier> capabilities = {{Oid("2.16.840.1.101.3.4.1.42"), {}}, {Oid("1.2.840.113549.3.7"), der::null()}};
  const Bytes key_id = {1, 2, 3};
  const Bytes der = request_with(
      {make_challenge_password("dGxz+/=="), make_extension_request({make_key_usage(1)}), make_change_subject_name(change),
       make_smime_capabilities(capabilities), make_octet_string_attribute(oids::decrypt_key_identifier, key_id),
       make_octet_string_attribute(oids::asymmetric_decrypt_key_identifier, Bytes{}), make_text_attribute(oids::otp_challenge, "123456"),
       make_text_attribute(oids::revocation_challenge, "M\xc3\xbcll"), make_text_attribute(oids::est_identity_linking, "dGxz")});
  const Decoded<CertificationRequest> request = decode_certification_request(der);
  ASSERT_TRUE(request.accepted()) << describe_first(request.findings);
  EXPECT_EQ(summary(request.findings), "");
  EXPECT_EQ(challenge_password(*request.value).value, "dGxz+/==");
  EXPECT_EQ(requested_extensions(*request.value).value, std::vector<Extension>{make_key_usage(1)});
  EXPECT_EQ(change_subject_name(*request.value).value->subject->to_string(), "CN=new,O=Acme");
  EXPECT_EQ(change_subject_name(*request.value).value->subject_alt_name, change.subject_alt_name);
  EXPECT_EQ(smime_capabilities(*request.value).value, capabilities);
  EXPECT_EQ(decrypt_key_identifier(*request.value).value, key_id);
  EXPECT_EQ(asymmetric_decrypt_key_identifier(*request.value).value, Bytes{});
  EXPECT_EQ(otp_challenge(*request.value).value, "123456");
  EXPECT_EQ(revocation_challenge(*request.value).value, "M\xc3\xbcll");
  EXPECT_EQ(est_identity_linking(*request.value).value, "dGxz");
}

TEST(Pkcs10, StructureFindings) {
  const auto attributes = [](std::initializer_list<BytesView> parts) { return der::context(0, der::concat(parts)); };
  const Bytes password = encode(make_challenge_password("a"));
  const Bytes other = encode(make_text_attribute(oids::otp_challenge, "a"));
  const Bytes two = der::sequence({der::oid(oids::challenge_password), der::set_of({der::utf8_string("a"), der::utf8_string("b")})});
  const Bytes none = der::sequence({der::oid(oids::challenge_password), der::set_of({})});
  const Bytes unknown_two = der::sequence({der::oid(Oid("1.2.3")), der::set_of({der::utf8_string("a"), der::utf8_string("b")})});
  const std::array cases = {
      std::pair(request_with_raw(attributes({})), ""),
      std::pair(request_with_raw({}), "pkcs10.attributes.missing?"),
      std::pair(request_with_raw(attributes({}), 1), "pkcs10.version"),
      std::pair(request_with_raw(attributes({password, other})), ""),
      std::pair(request_with_raw(attributes({other, password})), "pkcs10.attributes.order?"),
      std::pair(request_with_raw(attributes({password, password})), "pkcs10.attribute.duplicate"),
      std::pair(request_with_raw(attributes({two})), "pkcs10.attribute.single-value"),
      std::pair(request_with_raw(attributes({unknown_two})), ""),
      std::pair(request_with_raw(attributes({none})), "pkcs10.attribute.no-values"),
      std::pair(request_with_raw(der::context(1, {})), "der.trailing"),
      std::pair(request_with_raw(der::context(0, {}, false)), "der.trailing"),
      std::pair(request_with_raw(attributes({der::null()})), "der.tag.unexpected"),
      std::pair(der::concat({request_with_raw(attributes({})), der::null()}), "der.trailing"),
      std::pair(from_pem(test::root_certificate), "der.tag.unexpected"),
  };
  for (const auto& [der, expected] : cases) EXPECT_EQ(test::ids(decode_certification_request(der).findings), expected) << hex(der);
}

TEST(Pkcs10, UnknownTypesAndFiftyAttributesAreKept) {
  std::vector<Attribute> attributes;
  attributes.reserve(50);
  for (int i = 0; i < 50; ++i) attributes.push_back({Oid("1.2.3." + std::to_string(i)), {der::integer(i), der::integer(i + 1)}});
  const CertificationRequest request = decoded_request(request_with(attributes));
  EXPECT_EQ(request.attributes.size(), 50U);
  ASSERT_NE(request.attribute(Oid("1.2.3.49")), nullptr);
  EXPECT_EQ(request.attribute(Oid("1.2.3.49"))->values.size(), 2U);
}

TEST(Pkcs10, OffsetsPointIntoTheRequest) {
  const Bytes der = from_pem(test::ec_request);
  for (const Attribute& attribute : decoded_request(der).attributes) {
    EXPECT_EQ(der.at(attribute.offset), 0x30);
    const BytesView value = BytesView(der).subspan(attribute.values_offset, attribute.values.front().size());
    EXPECT_TRUE(equal(value, attribute.values.front()));
  }
}

TEST(Pkcs10, ChallengePasswordIsADirectoryString) {
  struct Case {
    Bytes value;
    std::optional<std::string> text;
    std::string_view ids;
  };
  const std::string longest(255, 'x');
  const std::array cases = {
      Case{der::printable_string("abc"), "abc", ""},
      Case{der::utf8_string("\xc3\xa9"), "\xc3\xa9", ""},
      Case{from_hex("1e0220ac"), "\xe2\x82\xac", ""},
      Case{der::utf8_string(longest), longest, ""},
      Case{der::ia5_string("a@b"), "a@b", "pkcs10.challenge-password.type"},
      Case{der::octet_string(Bytes{1}), std::nullopt, "pkcs10.challenge-password.type"},
      Case{der::integer(1), std::nullopt, "pkcs10.challenge-password.type"},
      Case{der::utf8_string(""), "", "pkcs10.challenge-password.length"},
      Case{der::utf8_string(longest + "x"), longest + "x", "pkcs10.challenge-password.length"},
      Case{from_hex("0c01ff"), std::nullopt, "der.string"},
  };
  for (const Case& c : cases) {
    const CertificationRequest request = decoded_request(request_with({{oids::challenge_password, {c.value}}}));
    const Decoded<std::string> password = challenge_password(request);
    EXPECT_EQ(test::ids(password.findings), c.ids) << hex(c.value);
    EXPECT_EQ(password.value, c.text);
    for (const Finding& finding : password.findings) EXPECT_GE(finding.offset, request.attributes.front().values_offset);
  }
}

TEST(Pkcs10, AmbiguousAttributesAreErrorsForWhoActsOnThem) {
  const Bytes both = der::context(0, der::concat({encode(make_challenge_password("a")), encode(make_challenge_password("b"))}));
  const Decoded<std::string> twice = challenge_password(decoded_request(request_with_raw(both)));
  EXPECT_EQ(twice.value, "a");
  EXPECT_FALSE(twice.accepted());
  const Decoded<std::string> pair = challenge_password(
      decoded_request(request_with({{oids::challenge_password, {der::printable_string("a"), der::printable_string("b")}}})));
  EXPECT_EQ(test::ids(pair.findings), "pkcs10.attribute.single-value");
}

TEST(Pkcs10, ChangeSubjectNameForms) {
  const auto read = [](const Bytes& value) {
    return change_subject_name(decoded_request(request_with({{oids::change_subject_name, {value}}})));
  };
  const Bytes name = parse_name("CN=a")->der;
  const Bytes names = encode_general_names({*parse_general_name("DNS:a")});
  EXPECT_TRUE(read(der::sequence({name})).value->subject);
  EXPECT_TRUE(read(der::sequence({der::sequence({})})).value->subject->empty());
  EXPECT_FALSE(read(der::sequence({names})).value->subject);
  EXPECT_EQ(read(der::sequence({names})).value->subject_alt_name.size(), 1U);
  EXPECT_TRUE(read(der::sequence({name, names})).accepted());
  EXPECT_EQ(test::ids(read(der::sequence({})).findings), "pkcs10.change-subject-name.empty");
  EXPECT_EQ(test::ids(read(der::sequence({names, name})).findings), "der.trailing");
  EXPECT_EQ(test::ids(read(der::null()).findings), "der.tag.unexpected");
}

TEST(Pkcs10, ValuesOfTheWrongType) {
  const auto request = [](const Oid& type, const Bytes& value) { return decoded_request(request_with({{type, {value}}})); };
  EXPECT_EQ(test::ids(decrypt_key_identifier(request(oids::decrypt_key_identifier, der::null())).findings), "der.tag.unexpected");
  EXPECT_EQ(test::ids(smime_capabilities(request(oids::smime_capabilities, der::sequence({der::null()}))).findings), "der.tag.unexpected");
  EXPECT_EQ(test::ids(requested_extensions(request(oids::extension_request, der::sequence({}))).findings), "x509.extensions.empty");
  EXPECT_EQ(test::ids(otp_challenge(request(oids::otp_challenge, der::utf8_string(""))).findings), "pkcs10.challenge.length");
  EXPECT_EQ(test::ids(est_identity_linking(request(oids::est_identity_linking, der::ia5_string("a"))).findings), "pkcs10.challenge.type");
}

Findings findings_of_request(const Bytes& der) {
  const Decoded<CertificationRequest> request = decode_certification_request(der);
  if (request.value) {
    static_cast<void>(challenge_password(*request.value));
    static_cast<void>(requested_subject_alt_name(*request.value));
    static_cast<void>(change_subject_name(*request.value));
    static_cast<void>(request.value->subject.to_string());
  }
  return request.findings;
}

TEST(Pkcs10, SurvivesDamage) {
  test::survives_damage(from_pem(test::ec_request), findings_of_request);
  ChangeSubjectName change{*parse_name("CN=new"), {*parse_general_name("DNS:new")}};
  test::survives_damage(request_with({make_change_subject_name(change)}), findings_of_request);
}

TEST(Pkcs10, ManyRdnsAreRead) {
  Bytes rdns;
  for (int i = 0; i < 10000; ++i) append(rdns, der::set_of({der::sequence({der::oid(oids::common_name), der::utf8_string("x")})}));
  Name subject;
  subject.der = der::tlv(der::tags::sequence, rdns);
  EXPECT_EQ(decoded_request(signed_request(encode_certification_request_info(subject, some_key(), {}))).subject.rdns.size(), 10000U);
}

}  // namespace
}  // namespace est::codec
