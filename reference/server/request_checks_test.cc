#include "server/request_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "est/codec/der.h"
#include "server/scene_test.h"

namespace server {
namespace {

using est::Bytes;
using est::codec::Attribute;
using est::codec::AttrOrOid;
using est::codec::CertificationRequest;
using est::codec::Oid;
using est::crypto::KeyType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

CertificationRequest decoded_request(const Csr& csr) {
  auto request = codec::decode_certification_request(make_csr(csr));
  EXPECT_TRUE(request.accepted());
  return *std::move(request.value);
}

std::vector<std::string> missing(AttrOrOid wanted, const Csr& csr) {
  return missing_attributes({{std::move(wanted)}}, decoded_request(csr));
}

TEST(MissingAttributes, ABareOidIsMetWhereverItIsUsed) {
  const Oid unknown("1.3.6.1.4.1.32473.1");
  EXPECT_THAT(missing(oids::common_name, {}), IsEmpty());
  EXPECT_THAT(missing(oids::serial_number, {}), ElementsAre("serialNumber"));
  EXPECT_THAT(missing(oids::subject_alt_name, {.names = {"DNS:a.example"}}), IsEmpty());
  EXPECT_THAT(missing(oids::challenge_password, {.challenge_password = "x"}), IsEmpty());
  EXPECT_THAT(missing(oids::challenge_password, {}), ElementsAre("challengePassword"));
  EXPECT_THAT(missing(oids::secp384r1, {.key_type = KeyType::ec_p384}), IsEmpty());
  EXPECT_THAT(missing(oids::secp384r1, {}), ElementsAre("secp384r1"));
  EXPECT_THAT(missing(unknown, {.attributes = {codec::make_text_attribute(unknown, "x")}}), IsEmpty());
  EXPECT_THAT(missing(unknown, {}), ElementsAre("1.3.6.1.4.1.32473.1"));
}

TEST(MissingAttributes, KeyTypeWithParameters) {
  const Attribute rsa3072{oids::rsa_encryption, {der::integer(3072)}, 0};
  const Attribute curves{oids::ec_public_key, {der::oid(oids::prime256v1), der::oid(oids::secp384r1)}, 0};
  EXPECT_THAT(missing(rsa3072, {.key_type = KeyType::rsa_3072}), IsEmpty());
  EXPECT_THAT(missing(rsa3072, {.key_type = KeyType::rsa_2048}), ElementsAre(HasSubstr("rsaEncryption")));
  EXPECT_THAT(missing(curves, {.key_type = KeyType::ec_p384}), IsEmpty());
  EXPECT_THAT(missing(curves, {.key_type = KeyType::ec_p521}), ElementsAre(HasSubstr("PublicKey")));
  EXPECT_THAT(missing(Attribute{oids::ed25519, {}, 0}, {.key_type = KeyType::ed25519}), IsEmpty());
  EXPECT_THAT(missing_attributes({{rsa3072, curves}}, decoded_request({})), IsEmpty()) << "alternatives";
}

TEST(MissingAttributes, ExtensionsByValueAndSignaturesAsAlternatives) {
  const codec::Extension names = codec::make_subject_alt_name({codec::parse_general_name("DNS:a.example").value()});
  const Attribute wanted = codec::make_extension_request({names});
  EXPECT_THAT(missing(wanted, {.names = {"DNS:a.example"}}), IsEmpty());
  EXPECT_THAT(missing(wanted, {.names = {"DNS:b.example"}}), ElementsAre(HasSubstr("with the value")));
  EXPECT_THAT(missing(wanted, {}), ElementsAre("the extension subjectAltName"));
  EXPECT_THAT(missing_attributes({{oids::ecdsa_with_sha384, oids::ecdsa_with_sha256}}, decoded_request({})), IsEmpty());
  EXPECT_THAT(missing_attributes({{oids::sha256}}, decoded_request({})), IsEmpty());
  EXPECT_THAT(missing_attributes({{oids::sha384}}, decoded_request({})), ElementsAre(HasSubstr("a signature by")));
  EXPECT_THAT(missing_attributes({{oids::ecdsa_with_sha384, oids::sha256_with_rsa}}, decoded_request({})),
              ElementsAre(HasSubstr("ecdsa-with-SHA384 or sha256WithRSAEncryption")));
  const Oid type("1.3.6.1.4.1.32473.2");
  const Attribute text = codec::make_text_attribute(type, "right");
  EXPECT_THAT(missing(text, {.attributes = {text}}), IsEmpty());
  EXPECT_THAT(missing(text, {.attributes = {codec::make_text_attribute(type, "wrong")}}), ElementsAre(HasSubstr("with the value")));
}

TEST(Template, AsksForSubjectKeyAndExtensions) {
  codec::RequestTemplate wanted;
  wanted.has_subject = true;
  wanted.subject = {{{oids::common_name, std::nullopt}}, {{oids::organization_name, der::utf8_string("Acme")}}};
  wanted.key_algorithm = codec::AlgorithmIdentifier{oids::ec_public_key, der::oid(oids::prime256v1)};
  wanted.extensions = {{oids::subject_alt_name, false, std::nullopt}};
  const auto lacks = [&](const Csr& csr) { return missing_from_template(wanted, decoded_request(csr)); };
  const std::vector<std::string> names = {"DNS:a.example"};
  EXPECT_THAT(lacks({.subject = "CN=a,O=Acme", .names = names}), IsEmpty());
  EXPECT_THAT(lacks({.subject = "CN=a", .names = names}), ElementsAre(HasSubstr("organizationName with the value")));
  EXPECT_THAT(lacks({.subject = "CN=a,O=Other", .names = names}), ElementsAre(HasSubstr("organizationName")));
  EXPECT_THAT(lacks({.subject = "O=Acme", .names = names}), ElementsAre("the subject's commonName"));
  EXPECT_THAT(lacks({.subject = "CN=a,O=Acme"}), ElementsAre("the extension subjectAltName"));
  EXPECT_THAT(lacks({.subject = "CN=a,O=Acme", .names = names, .key_type = KeyType::ec_p384}), ElementsAre(HasSubstr("a key of type")));
}

TEST(Template, ValuesOfExtensionsAndSizesOfKeys) {
  codec::RequestTemplate wanted;
  const Bytes modulus(256, 0xff);
  wanted.key_algorithm = codec::AlgorithmIdentifier{oids::rsa_encryption, der::null()};
  wanted.key = der::sequence({der::unsigned_integer(modulus), der::integer(65537)});
  wanted.extensions = {
      {oids::subject_alt_name, false,
       codec::encode_general_names({{codec::GeneralNameType::dns, est::to_bytes("a.example")}, {codec::GeneralNameType::ip, {}}})}};
  const auto lacks = [&](const Csr& csr) { return missing_from_template(wanted, decoded_request(csr)); };
  EXPECT_THAT(lacks({.names = {"DNS:a.example", "IP:192.0.2.1"}, .key_type = KeyType::rsa_2048}), IsEmpty());
  EXPECT_THAT(lacks({.names = {"DNS:a.example"}, .key_type = KeyType::rsa_2048}), ElementsAre(HasSubstr("subjectAltName with")));
  EXPECT_THAT(lacks({.names = {"DNS:a.example", "IP:192.0.2.1"}, .key_type = KeyType::rsa_3072}), ElementsAre("a key of 2048 bits"));
  codec::RequestTemplate placeless;  // found by fuzzing
  placeless.key_algorithm = codec::AlgorithmIdentifier{oids::ec_public_key, der::oid(oids::prime256v1)};
  placeless.key = wanted.key;
  EXPECT_THAT(missing_from_template(placeless, decoded_request({})), IsEmpty()) << "a size is for RSA keys";
}

TEST(Template, OrTheListBesideIt) {
  LabelPolicy policy;
  codec::RequestTemplate wanted;
  wanted.has_subject = true;
  wanted.subject = {{{oids::serial_number, std::nullopt}}};
  policy.attributes.elements = {codec::make_request_template(wanted)};
  EXPECT_THAT(unmet_demands(policy, decoded_request({})), ElementsAre("the subject's serialNumber"));
  policy.attributes.elements.emplace_back(oids::common_name);
  EXPECT_THAT(unmet_demands(policy, decoded_request({})), IsEmpty());
  EXPECT_THAT(unmet_demands(policy, decoded_request({.subject = "O=Acme"})), ElementsAre("the subject's serialNumber"));
}

TEST(Linking, ConnectionsWithoutBindingAreExplained) {
  const CertificationRequest request = decoded_request({.challenge_password = "x"});
  est::tls::Facts facts;
  facts.version = est::tls::Version::tls12;
  EXPECT_THAT(linking_problem(request, facts, {}, false).value_or(""), HasSubstr("no tls-unique"));
  facts.version = est::tls::Version::tls13;
  EXPECT_THAT(linking_problem(request, facts, {}, false).value_or(""), HasSubstr("no exporter"));
}

TEST(Linking, SurroundingSpaceIsNotTrimmed) {
  est::tls::Facts facts = Scene::facts();
  const std::string right = est::ops::channel_binding_text(facts.tls_unique);
  for (const std::string& wrong : {" " + right, right + " ", right + "\n", right.substr(0, right.size() - 1), std::string("=")})
    EXPECT_TRUE(linking_problem(decoded_request({.challenge_password = wrong}), facts, {}, false).has_value()) << wrong;
  EXPECT_FALSE(linking_problem(decoded_request({.challenge_password = right}), facts, {}, false).has_value());
}

}  // namespace
}  // namespace server
