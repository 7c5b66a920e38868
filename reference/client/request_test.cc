#include "client/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "est/codec/base64.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/crypto/handle.h"
#include "est/pki/issue.h"
#include "server/request_checks.h"

namespace client {
namespace {

using est::Bytes;
using est::codec::Attribute;
using est::codec::CertificationRequest;
using est::codec::CsrAttrs;
using est::codec::Extension;
using est::codec::GeneralName;
using est::codec::Oid;
using est::codec::RequestTemplate;
using est::crypto::Digest;
using est::crypto::KeyType;
using est::crypto::PrivateKey;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;
using RequestHandle = std::unique_ptr<X509_REQ, est::crypto::Deleter<X509_REQ_free>>;

const PrivateKey& test_key() {
  static const PrivateKey key = PrivateKey::generate(KeyType::ec_p256).value();
  return key;
}

codec::Name name(std::string_view text) { return codec::parse_name(text).value(); }
GeneralName alt(std::string_view text) { return codec::parse_general_name(text).value(); }

RequestWishes wishes_for(std::string_view subject) {
  RequestWishes wishes;
  if (!subject.empty()) wishes.subject = name(subject);
  return wishes;
}

bool openssl_verifies(const Bytes& request) {
  const est::Byte* at = request.data();
  const RequestHandle read(d2i_X509_REQ(nullptr, &at, static_cast<long>(request.size())));
  return read && at == request.data() + request.size() && X509_REQ_verify(read.get(), X509_REQ_get0_pubkey(read.get())) == 1;
}

struct Made {
  CertificationRequest request;
  std::vector<std::string> notes;
  std::string error;

  [[nodiscard]] std::vector<Extension> extensions() const {
    return codec::requested_extensions(request).value.value_or(std::vector<Extension>{});
  }
  [[nodiscard]] std::optional<Extension> extension(const Oid& id) const {
    for (const Extension& each : extensions())
      if (each.id == id) return each;
    return {};
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> texts;
    for (const GeneralName& each : codec::requested_subject_alt_name(request)) texts.push_back(to_string(each));
    return texts;
  }
};

Made make(const RequestInput& input) {
  const auto built = build_request(input);
  if (!built) return {{}, {}, built.error().message};
  EXPECT_TRUE(openssl_verifies(built->der));
  auto decoded = codec::decode_certification_request(built->der);
  EXPECT_TRUE(decoded.accepted()) << est::describe_first(decoded.findings);
  EXPECT_THAT(decoded.findings, IsEmpty());
  return {std::move(*decoded.value), built->notes, {}};
}

Made make(const RequestWishes& wishes, const CsrAttrs& asked) { return make({wishes, test_key(), &asked}); }
Made make(const RequestWishes& wishes) { return make({wishes, test_key()}); }

CsrAttrs with_template(const RequestTemplate& wanted) { return {{codec::make_request_template(wanted), oids::challenge_password}}; }

// What the reference server would miss in the request.
std::vector<std::string> missed(const CsrAttrs& asked, const Made& made) {
  const auto wanted = codec::request_template(asked);
  return wanted.value ? server::missing_from_template(*wanted.value, made.request) : server::missing_attributes(asked, made.request);
}

// --- Wishes alone

TEST(BuildRequest, EveryWishIsInTheRequest) {
  RequestWishes wishes = wishes_for("CN=device 1,O=Acme");
  wishes.subject_alt_names = {alt("DNS:device-1.example"), alt("IP:192.0.2.1"), alt("email:a@example.com"), alt("URI:urn:x")};
  wishes.extended_key_usages = {oids::client_auth};
  wishes.key_usage = codec::key_usage::digital_signature;
  wishes.digest = Digest::sha512;
  wishes.linking = "q83vEjRWeJA=";
  wishes.otp = Secret("4711");
  wishes.revocation_challenge = Secret("revoke me");
  wishes.extensions = {{Oid("1.2.3.4"), false, der::null()}};
  wishes.attributes = {{Oid("1.2.3.5"), {der::null()}}};
  const Made made = make(wishes);
  ASSERT_EQ(made.error, "");
  EXPECT_EQ(made.request.subject.to_string(), "CN=device 1,O=Acme");
  EXPECT_THAT(made.names(), ElementsAre("DNS:device-1.example", "IP:192.0.2.1", "email:a@example.com", "URI:urn:x"));
  EXPECT_EQ(made.extensions().size(), 4U);
  EXPECT_EQ(codec::challenge_password(made.request).value, "q83vEjRWeJA=");
  EXPECT_EQ(codec::otp_challenge(made.request).value, "4711");
  EXPECT_EQ(codec::revocation_challenge(made.request).value, "revoke me");
  EXPECT_NE(made.request.attribute(Oid("1.2.3.5")), nullptr);
  EXPECT_EQ(made.request.signature_algorithm.algorithm, oids::ecdsa_with_sha512);
}

TEST(BuildRequest, EveryKeyTypeSigns) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::ec_p521, KeyType::rsa_2048, KeyType::ed25519}) {
    const PrivateKey key = PrivateKey::generate(type).value();
    const RequestWishes wishes = wishes_for("CN=device 1");
    EXPECT_EQ(make({wishes, key}).error, "") << to_string(type);
  }
}

TEST(BuildRequest, NamesAreOptional) {
  EXPECT_EQ(make(RequestWishes{}).error, "");
  RequestWishes wishes;
  wishes.subject_alt_names = {alt("DNS:device-1.example")};
  const Made made = make(wishes);
  ASSERT_EQ(made.error, "");
  EXPECT_TRUE(made.extension(oids::subject_alt_name)->critical);
  wishes.subject = name("CN=device 1");
  EXPECT_FALSE(make(wishes).extension(oids::subject_alt_name)->critical);
}

TEST(BuildRequest, WishesThatMakeNoRequest) {
  const auto error = [](auto change) {
    RequestWishes wishes = wishes_for("CN=device 1");
    change(wishes);
    return make(wishes).error;
  };
  EXPECT_THAT(error([](RequestWishes& w) { w.otp = Secret(std::string(256, 'x')); }), HasSubstr("1 to 255"));
  EXPECT_THAT(error([](RequestWishes& w) { w.revocation_challenge = Secret(); }), HasSubstr("1 to 255"));
  EXPECT_THAT(error([](RequestWishes& w) { w.key_usage = 0; }), HasSubstr("key usage"));
  EXPECT_THAT(error([](RequestWishes& w) { w.digest = Digest::sha1; }), HasSubstr("SHA-1"));
  EXPECT_THAT(error([](RequestWishes& w) {
                w.linking = "q83v";
                w.attributes = {codec::make_challenge_password("other")};
              }),
              HasSubstr("challengePassword (1.2.840.113549.1.9.7) twice"));
  EXPECT_THAT(error([](RequestWishes& w) {
                w.key_usage = codec::key_usage::digital_signature;
                w.extensions = {codec::make_key_usage(codec::key_usage::key_agreement)};
              }),
              HasSubstr("keyUsage (2.5.29.15) twice"));
  EXPECT_THAT(error([](RequestWishes& w) { w.attributes = {{Oid("1.2.3"), {Bytes{0x04, 0x05}}}}; }), HasSubstr("malformed"));
  EXPECT_THAT(error([](RequestWishes& w) {
                w.subject_alt_names = {{codec::GeneralNameType::ip, Bytes{1, 2, 3}}};
              }),
              HasSubstr("malformed"));
}

TEST(BuildRequest, NoErrorShowsASecret) {
  RequestWishes wishes;
  wishes.otp = Secret("swordfish" + std::string(255, 'x'));
  EXPECT_THAT(make(wishes).error, testing::Not(HasSubstr("swordfish")));
}

// --- Linking

TEST(BuildRequest, LinkingGoesWhereTheServerAsksForIt) {
  RequestWishes wishes;
  wishes.linking = "q83v";
  const Made old = make(wishes, {{oids::challenge_password}});
  EXPECT_EQ(codec::challenge_password(old.request).value, "q83v");
  for (const CsrAttrs& asked : {CsrAttrs{{oids::est_identity_linking}}, CsrAttrs{{oids::challenge_password, oids::est_identity_linking}}}) {
    const Made made = make(wishes, asked);
    ASSERT_EQ(made.error, "");
    EXPECT_EQ(codec::est_identity_linking(made.request).value, "q83v");
    EXPECT_EQ(made.request.attribute(oids::challenge_password), nullptr);
    EXPECT_THAT(missed(asked, made), IsEmpty());
  }
}

TEST(BuildRequest, LinkingThatIsAskedForCannotBeLeftOut) {
  for (const Oid& type : {oids::challenge_password, oids::est_identity_linking}) {
    const CsrAttrs asked{{type}};
    EXPECT_TRUE(asks_for_linking(asked));
    EXPECT_THAT(make(RequestWishes{}, asked).error, HasSubstr(type.dotted()));
  }
  EXPECT_FALSE(asks_for_linking({{oids::otp_challenge, oids::mac_address}}));
  // RFC 9908 4: beside a template the list does not count.
  EXPECT_FALSE(asks_for_linking(with_template({})));
  RequestTemplate wanted;
  wanted.attributes = {codec::make_challenge_password("here")};
  EXPECT_TRUE(asks_for_linking(with_template(wanted)));
}

// --- Renewal

codec::Certificate certificate_with(const std::vector<Extension>& extensions) {
  est::pki::CertificateSpec spec;
  spec.serial = {1};
  spec.subject = name("CN=device 1,O=Acme");
  spec.validity = {0, 86400};
  spec.extensions = extensions;
  const auto der = est::pki::issue_self_signed(spec, test_key());
  return *codec::decode_certificate(der.value()).value;
}

TEST(BuildRequest, ARenewalKeepsItsNamesOctetForOctet) {
  const auto current = certificate_with({codec::make_subject_alt_name({alt("DNS:a.example"), alt("IP:192.0.2.1")}, true)});
  RequestWishes same = wishes_for("cn=Device  1,O=Acme");
  same.subject_alt_names = {alt("IP:192.0.2.1"), alt("DNS:a.example")};
  for (const RequestWishes& wishes : {RequestWishes{}, same}) {
    const Made made = make({wishes, test_key(), nullptr, &current});
    ASSERT_EQ(made.error, "");
    EXPECT_EQ(made.request.subject.der, current.subject.der);
    EXPECT_EQ(made.extension(oids::subject_alt_name), *current.extension(oids::subject_alt_name));
    EXPECT_EQ(made.request.attribute(oids::change_subject_name), nullptr);
    EXPECT_EQ(server::renewal_problem(made.request, current), std::nullopt);
  }
}

TEST(BuildRequest, ARenewalWithoutSubjectAltNameHasNone) {
  const auto current = certificate_with({});
  EXPECT_THAT(make({RequestWishes{}, test_key(), nullptr, &current}).extensions(), IsEmpty());
}

TEST(BuildRequest, OtherNamesAreAskedForByChangeSubjectName) {
  const auto current = certificate_with({codec::make_subject_alt_name({alt("DNS:a.example")})});
  RequestWishes wishes = wishes_for("CN=device 2,O=Acme");
  const Made subject = make({wishes, test_key(), nullptr, &current});
  EXPECT_EQ(subject.request.subject.der, current.subject.der);
  auto change = codec::change_subject_name(subject.request);
  ASSERT_TRUE(change.accepted());
  EXPECT_EQ(change.value->subject->to_string(), "CN=device 2,O=Acme");
  EXPECT_THAT(change.value->subject_alt_name, ElementsAre(alt("DNS:a.example")));  // else it would be removed (RFC 6402 2.8)

  wishes = {};
  wishes.subject_alt_names = {alt("DNS:b.example")};
  const Made names = make({wishes, test_key(), nullptr, &current});
  EXPECT_THAT(names.names(), ElementsAre("DNS:a.example"));
  change = codec::change_subject_name(names.request);
  ASSERT_TRUE(change.accepted());
  EXPECT_EQ(change.value->subject->der, current.subject.der);
  EXPECT_THAT(change.value->subject_alt_name, ElementsAre(alt("DNS:b.example")));

  const auto nameless = certificate_with({});
  wishes = wishes_for("CN=device 2,O=Acme");
  change = codec::change_subject_name(make({wishes, test_key(), nullptr, &nameless}).request);
  EXPECT_THAT(change.value->subject_alt_name, IsEmpty());
}

TEST(BuildRequest, ARenewalKeepsItsNamesWhateverIsAsked) {
  const auto current = certificate_with({codec::make_subject_alt_name({alt("DNS:a.example")})});
  const CsrAttrs list{{oids::organizational_unit_name, Attribute{oids::organization_name, {der::utf8_string("Other")}},
                       codec::make_extension_request({codec::make_subject_alt_name({alt("DNS:b.example")})})}};
  const Made made = make({RequestWishes{}, test_key(), &list, &current});
  ASSERT_EQ(made.error, "");
  EXPECT_EQ(made.request.subject.der, current.subject.der);
  EXPECT_THAT(made.names(), ElementsAre("DNS:a.example"));
  EXPECT_THAT(made.notes, ElementsAre(HasSubstr("organizationalUnitName"), HasSubstr("organizationName"), HasSubstr("subjectAltName")));

  RequestTemplate wanted;
  wanted.has_subject = true;
  wanted.subject = {{{oids::common_name, {}}}};
  const CsrAttrs by_template = with_template(wanted);
  const Made templated = make({RequestWishes{}, test_key(), &by_template, &current});
  EXPECT_EQ(templated.request.subject.der, current.subject.der);
  EXPECT_THAT(templated.notes, ElementsAre(HasSubstr("a renewal keeps")));
}

// --- The list

CsrAttrs decoded(std::string_view base64) {
  const auto octets = codec::decode_base64(base64, codec::Base64Mode::strict);
  return codec::decode_csrattrs(*octets.value).value.value();
}

TEST(MeetList, TheExampleOfRfc7030) {
  const CsrAttrs asked = decoded("MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYGCSqGSIb3DQEJDjEJBgcrBgEBAQEWBggqhkjOPQQDAw==");
  RequestWishes wishes = wishes_for("CN=device 1");
  wishes.linking = "q83v";
  const PrivateKey key = PrivateKey::generate(KeyType::ec_p384).value();
  const Made made = make({wishes, key, &asked});
  ASSERT_EQ(made.error, "");
  EXPECT_EQ(made.request.signature_algorithm.algorithm, oids::ecdsa_with_sha384);
  EXPECT_EQ(codec::challenge_password(made.request).value, "q83v");
  EXPECT_THAT(made.notes, ElementsAre(HasSubstr("extensionRequest")));
  EXPECT_THAT(make(wishes, asked).error, HasSubstr("secp384r1"));
}

TEST(MeetList, WhatIsNotKnownIsIgnoredAndNoted) {
  const CsrAttrs asked{{Oid("1.2.3.4"), Attribute{Oid("1.2.3.5"), {der::null()}}, oids::mac_address, oids::otp_challenge,
                        oids::extension_request,
                        Attribute{oids::extension_request, {der::null(), der::oid(oids::mac_address), Bytes{0x30, 0x80}, Bytes{}}}}};
  const Made made = make(RequestWishes{}, asked);
  ASSERT_EQ(made.error, "");
  EXPECT_THAT(made.request.attributes, IsEmpty());
  EXPECT_EQ(made.notes.size(), 9U);
  EXPECT_THAT(made.notes.at(3), HasSubstr("id-aa-otpChallenge (1.2.840.113549.1.9.16.2.56), which is left out: no value"));
}

TEST(MeetList, HostileListsEndSoon) {
  CsrAttrs many;
  std::vector<Extension> extensions;
  for (int i = 0; i < 2'000; ++i) {
    const Oid oid("1.2.3." + std::to_string(i));
    many.elements.insert(many.elements.end(), {oid, oids::ecdsa_with_sha256, Attribute{oids::ec_public_key, {der::oid(oids::prime256v1)}}});
    extensions.push_back({oid, false, der::null()});
  }
  const Made made = make(RequestWishes{}, many);
  EXPECT_EQ(made.error, "");
  EXPECT_EQ(made.notes.size(), 51U);
  EXPECT_THAT(make(RequestWishes{}, {{codec::make_extension_request(extensions)}}).error, HasSubstr("more than 100 extensions"));
}

TEST(MeetList, WhatTheUserBroughtAlongIsNotMissing) {
  RequestWishes wishes;
  wishes.attributes = {{Oid("1.2.3.4"), {der::null()}}};
  wishes.extensions = {{Oid("1.2.3.5"), false, der::null()}};
  wishes.otp = Secret("4711");
  const CsrAttrs asked{{Oid("1.2.3.4"), Oid("1.2.3.5"), oids::otp_challenge}};
  const Made made = make(wishes, asked);
  EXPECT_THAT(made.notes, IsEmpty());
  EXPECT_THAT(missed(asked, made), IsEmpty());
}

TEST(MeetList, PartsOfTheSubject) {
  const CsrAttrs bare{{oids::organizational_unit_name}};
  EXPECT_THAT(make(wishes_for("CN=device 1"), bare).error,
              HasSubstr("asks for organizationalUnitName (2.5.4.11) in the subject; give it in --subject"));
  const Made given = make(wishes_for("CN=device 1,OU=Lab"), bare);
  EXPECT_EQ(given.error, "");
  EXPECT_THAT(missed(bare, given), IsEmpty());

  const CsrAttrs valued{
      {Attribute{oids::organization_name, {der::utf8_string("Acme")}}, Attribute{oids::serial_number, {der::printable_string("7")}}}};
  const Made added = make(wishes_for("CN=device 1"), valued);
  EXPECT_EQ(added.request.subject.to_string(), "serialNumber=7,CN=device 1,O=Acme");
  EXPECT_EQ(make(wishes_for("CN=device 1,serialNumber=7,O=Acme"), valued).request.subject.to_string(), "CN=device 1,serialNumber=7,O=Acme");
  EXPECT_THAT(make(wishes_for("CN=device 1,O=Other"), valued).error,
              HasSubstr("organizationName (2.5.4.10)=Acme in the subject; change --subject"));

  const CsrAttrs odd{{Attribute{oids::organization_name, {der::null()}}, Attribute{oids::country_name, {der::set_of({})}}}};
  const Made ignored = make(wishes_for("CN=device 1"), odd);
  EXPECT_EQ(ignored.error, "");
  EXPECT_EQ(ignored.notes.size(), 2U);
}

TEST(MeetList, NamesOfTheServerAreSaidPrintably) {
  const CsrAttrs asked{{Attribute{oids::organization_name, {der::utf8_string("a\r\n\x1b[2J")}}}};
  EXPECT_THAT(make(wishes_for("CN=device 1,O=Other"), asked).error, HasSubstr("a\\x0d\\x0a\\x1b[2J"));
}

TEST(MeetList, ExtensionsWithTheirValue) {
  const CsrAttrs asked{{codec::make_extension_request({codec::make_key_usage(codec::key_usage::digital_signature),
                                                       codec::make_subject_alt_name({alt("DNS:potato.example.com")}),
                                                       {Oid("1.2.3.4"), true, der::null()}})}};
  RequestWishes wishes = wishes_for("CN=device 1");
  wishes.subject_alt_names = {alt("DNS:a.example")};
  const Made made = make(wishes, asked);
  ASSERT_EQ(made.error, "");
  EXPECT_THAT(made.names(), ElementsAre("DNS:potato.example.com", "DNS:a.example"));
  EXPECT_EQ(made.extension(Oid("1.2.3.4")), (Extension{Oid("1.2.3.4"), true, der::null()}));
  EXPECT_EQ(made.extensions().size(), 3U);
  wishes.key_usage = codec::key_usage::key_agreement;
  EXPECT_THAT(make(wishes, asked).error, HasSubstr("another value of the extension keyUsage (2.5.29.15)"));
}

TEST(MeetList, NamesAskedForInTwoPlacesAreAllThere) {
  CsrAttrs asked;
  for (const char* each : {"DNS:a.example", "DNS:b.example", "DNS:a.example"})
    asked.elements.emplace_back(codec::make_extension_request({codec::make_subject_alt_name({alt(each)})}));
  EXPECT_THAT(make(RequestWishes{}, asked).names(), testing::UnorderedElementsAre("DNS:a.example", "DNS:b.example"));
}

TEST(MeetList, ExtensionsWithoutValueAreTheClientsToFillIn) {
  const CsrAttrs asked{{oids::subject_alt_name, oids::extended_key_usage, oids::key_usage, oids::subject_key_identifier}};
  RequestWishes wishes = wishes_for("CN=device 1");
  EXPECT_THAT(make(wishes, asked).error, HasSubstr("subjectAltName (2.5.29.17); give --san"));
  wishes.subject_alt_names = {alt("DNS:a.example")};
  EXPECT_THAT(make(wishes, asked).error, HasSubstr("extKeyUsage (2.5.29.37); give --eku"));
  wishes.extended_key_usages = {oids::client_auth};
  EXPECT_THAT(make(wishes, asked).error, HasSubstr("keyUsage (2.5.29.15); give --key-usage"));
  wishes.key_usage = codec::key_usage::digital_signature;
  const Made made = make(wishes, asked);
  ASSERT_EQ(made.error, "");
  EXPECT_EQ(made.extension(oids::subject_key_identifier)->value, der::octet_string(est::pki::key_identifier(test_key().public_key_info())));
  EXPECT_THAT(missed(asked, made), IsEmpty());
}

// --- The template

// The example of RFC 9908 3.4.
RequestTemplate rfc9908_template() {
  RequestTemplate wanted;
  wanted.has_subject = true;
  wanted.subject = {{{oids::common_name, {}}},
                    {{oids::organizational_unit_name, der::utf8_string("myDept")}},
                    {{oids::organizational_unit_name, der::utf8_string("myGroup")}}};
  wanted.key_algorithm = codec::AlgorithmIdentifier{oids::ec_public_key, der::oid(oids::prime256v1)};
  wanted.extensions = {
      {oids::subject_alt_name, false, codec::encode_general_names({alt("DNS:www.myServer.com"), {codec::GeneralNameType::ip, {}}})},
      {oids::key_usage, true, codec::make_key_usage(codec::key_usage::digital_signature | codec::key_usage::key_agreement).value},
      {oids::extended_key_usage, false, {}}};
  return wanted;
}

RequestWishes rfc9908_wishes() {
  RequestWishes wishes = wishes_for("CN=device 1,OU=myGroup,O=Acme");
  wishes.subject_alt_names = {alt("DNS:a.example"), alt("IP:192.0.2.1")};
  wishes.extended_key_usages = {oids::client_auth};
  return wishes;
}

TEST(MeetTemplate, TheExampleOfRfc9908) {
  const CsrAttrs asked = with_template(rfc9908_template());
  const Made made = make(rfc9908_wishes(), asked);
  ASSERT_EQ(made.error, "");
  EXPECT_EQ(made.request.subject.to_string(), "OU=myGroup,OU=myDept,CN=device 1");
  EXPECT_THAT(made.names(), ElementsAre("DNS:www.myServer.com", "IP:192.0.2.1", "DNS:a.example"));
  EXPECT_TRUE(made.extension(oids::key_usage)->critical);
  EXPECT_THAT(made.notes, ElementsAre(HasSubstr("organizationName (2.5.4.10)=Acme is left out")));
  EXPECT_THAT(missed(asked, made), IsEmpty());
}

TEST(MeetTemplate, WhatTheClientHasToFillIn) {
  const CsrAttrs asked = with_template(rfc9908_template());
  RequestWishes wishes = rfc9908_wishes();
  wishes.subject = name("O=Acme");
  EXPECT_THAT(make(wishes, asked).error, HasSubstr("commonName (2.5.4.3) in the subject; give it in --subject"));
  wishes = rfc9908_wishes();
  wishes.subject_alt_names = {alt("DNS:a.example")};
  EXPECT_THAT(make(wishes, asked).error, HasSubstr("give --san IP:"));
  wishes = rfc9908_wishes();
  wishes.extended_key_usages.clear();
  EXPECT_THAT(make(wishes, asked).error, HasSubstr("give --eku"));
  const PrivateKey rsa = PrivateKey::generate(KeyType::rsa_2048).value();
  EXPECT_THAT(make({rfc9908_wishes(), rsa, &asked}).error, HasSubstr("secp256r1"));
}

TEST(MeetTemplate, OpenDirectoryNameAndSeveralPartsInOneRdn) {
  RequestTemplate wanted;
  wanted.has_subject = true;
  wanted.subject = {{{oids::common_name, {}}, {oids::serial_number, {}}}};
  wanted.extensions = {
      {oids::subject_alt_name, true, codec::encode_general_names({{codec::GeneralNameType::directory, der::sequence({})}})},
      {Oid("1.2.3.4"), false, {}}};
  RequestWishes wishes = wishes_for("serialNumber=7,CN=device 1");
  wishes.subject_alt_names = {alt("dirName:CN=other")};
  const CsrAttrs asked = with_template(wanted);
  const Made made = make(wishes, asked);
  ASSERT_EQ(made.error, "");
  ASSERT_EQ(made.request.subject.rdns.size(), 1U);
  EXPECT_EQ(made.request.subject.rdns.front().size(), 2U);
  EXPECT_THAT(made.names(), ElementsAre("dirName:CN=other"));
  EXPECT_TRUE(made.extension(oids::subject_alt_name)->critical);
  EXPECT_THAT(made.notes, ElementsAre(HasSubstr("1.2.3.4")));
}

TEST(MeetTemplate, AttributesAndWholeExtensions) {
  RequestTemplate wanted;
  wanted.attributes = {codec::make_extension_request({codec::make_subject_alt_name({alt("DNS:given.example")})}),
                       codec::make_challenge_password("here"), codec::make_text_attribute(oids::otp_challenge, "here")};
  RequestWishes wishes = wishes_for("CN=device 1");
  const CsrAttrs asked = with_template(wanted);
  EXPECT_THAT(make(wishes, asked).error, HasSubstr("challengePassword"));
  wishes.linking = "q83v";
  const Made made = make(wishes, asked);
  ASSERT_EQ(made.error, "");
  EXPECT_EQ(made.request.subject.to_string(), "CN=device 1");
  EXPECT_THAT(made.names(), ElementsAre("DNS:given.example"));
  EXPECT_EQ(codec::challenge_password(made.request).value, "q83v");
  EXPECT_THAT(made.notes, ElementsAre(HasSubstr("otpChallenge")));
}

TEST(MeetTemplate, AMalformedOneIsAnError) {
  for (const Bytes& value : {Bytes{}, Bytes{0x30, 0x80}, der::null(), der::sequence({der::integer(1), der::context(1, {})})}) {
    const CsrAttrs asked{{Attribute{oids::certification_request_info_template, {value}}}};
    EXPECT_THAT(make(RequestWishes{}, asked).error, HasSubstr("template in the server's /csrattrs answer is malformed"));
  }
  RequestTemplate odd;
  odd.has_subject = true;
  odd.subject = {{{oids::common_name, Bytes{0x0c, 0x05, 'a'}}}};
  EXPECT_NE(make(RequestWishes{}, with_template(odd)).error, "");
}

// --- Words

TEST(ParseWords, PurposesAndUsages) {
  EXPECT_EQ(parse_purpose("clientAuth").value(), oids::client_auth);
  EXPECT_EQ(parse_purpose("emailProtection").value().dotted(), "1.3.6.1.5.5.7.3.4");
  EXPECT_EQ(parse_purpose("1.2.3").value().dotted(), "1.2.3");
  EXPECT_FALSE(parse_purpose("clientauth?").ok());
  EXPECT_EQ(parse_key_usage("digitalSignature, keyAgreement").value(),
            codec::key_usage::digital_signature | codec::key_usage::key_agreement);
  for (const char* bad : {"", "digitalSignature,", "sign"}) EXPECT_FALSE(parse_key_usage(bad).ok()) << bad;
}

TEST(ParseWords, AttributesAndExtensionsInDer) {
  const Attribute attribute{Oid("1.2.3"), {der::null()}};
  EXPECT_EQ(parse_attribute(codec::encode(attribute)).value().type, attribute.type);
  const Extension extension{Oid("1.2.3"), true, der::null()};
  EXPECT_EQ(parse_extension(codec::encode(extension)).value(), extension);
  const Bytes twice = der::concat({codec::encode(extension), codec::encode(extension)});
  for (const Bytes& bad : {Bytes{}, Bytes{0x30}, der::null(), der::sequence({}), codec::encode(Attribute{Oid("1.2.3"), {}}), twice}) {
    EXPECT_FALSE(parse_attribute(bad).ok()) << est::hex(bad);
    EXPECT_FALSE(parse_extension(bad).ok()) << est::hex(bad);
  }
}

}  // namespace
}  // namespace client
