#include "server/keygen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "est/codec/base64.h"
#include "est/codec/generated_key.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs8.h"
#include "est/pki/signed_message.h"
#include "server/scene_test.h"

namespace server {
namespace {

using est::Bytes;
using est::codec::Attribute;
using est::crypto::KeyType;
using est::crypto::PrivateKey;
using est::http::Response;
using est::ops::Operation;
using testing::HasSubstr;
namespace codec = est::codec;
namespace oids = est::codec::oids;

Bytes decoded(est::BytesView base64) { return codec::decode_base64(est::as_text(base64), codec::Base64Mode::lenient).value.value(); }

struct Delivered {
  codec::PartKind kind = codec::PartKind::other;
  Bytes key;
  codec::Certificate certificate;
};

Delivered delivered(const Response& response) {
  EXPECT_EQ(response.status, 200) << body(response);
  const auto answer = codec::decode_generated_key_answer(response.fields.get("Content-Type").value_or(""), response.body);
  if (!answer.accepted()) {
    ADD_FAILURE() << est::describe_first(answer.findings);
    return {};
  }
  EXPECT_TRUE(answer.findings.empty());
  const auto& key = answer.value->parts[*answer.value->key];
  const auto certificates = est::ops::read_certs_only_body(answer.value->parts[*answer.value->certificates].part.body);
  EXPECT_EQ(certificates.value.value().size(), 1U);
  return {key.kind, decoded(key.part.body), codec::decode_certificate(certificates.value->front()).value.value()};
}

Attribute capabilities() {
  return codec::make_smime_capabilities({{oids::aes256_wrap, {}}, {oids::rsaes_oaep, {}}, {oids::dh_std_sha256_kdf, {}}});
}

Attribute secret_named(std::string_view name) {
  return codec::make_octet_string_attribute(oids::decrypt_key_identifier, est::as_bytes(name));
}
Attribute holder_named(std::string_view name) {
  return codec::make_octet_string_attribute(oids::asymmetric_decrypt_key_identifier, est::as_bytes(name));
}

class KeygenTest : public testing::Test {
 protected:
  [[nodiscard]] Response ask(const Bytes& csr, const std::string& label = {}) const {
    return scene.enroll(label, csr, Scene::facts(), true, Operation::serverkeygen);
  }
  [[nodiscard]] Response ask(std::vector<Attribute> attributes, const std::string& label = {}) const {
    return ask(make_csr({.attributes = std::move(attributes)}), label);
  }
  // Opens the envelope, checks the signature inside, and gives the key.
  [[nodiscard]] PrivateKey opened(const Delivered& got, const est::crypto::EnvelopeKey& with) const {
    EXPECT_EQ(got.kind, codec::PartKind::enveloped_key);
    const auto content = est::crypto::open_envelope(got.key, with);
    EXPECT_TRUE(content.ok()) << content.error().message;
    const auto data = codec::decode_bare_signed_data(*content);
    EXPECT_TRUE(data.accepted()) << est::describe_first(data.findings);
    EXPECT_EQ(data.value->content_type, oids::asymmetric_key_package);
    const auto signer = est::pki::signer_certificate(data.value->signers.front().id, data.value->certificates);
    EXPECT_TRUE(est::pki::verify_signer(data.value->signers.front(), *data.value->content, signer->spki).value());
    const auto package = codec::decode_asymmetric_key_package(*data.value->content);
    return PrivateKey::from_pkcs8(package.value->front()).value();
  }

  Scene scene;
};

PrivateKey key_file(const std::string& name) { return PrivateKey::from_pem(file_text(sample_folder().path(name))).value(); }

TEST_F(KeygenTest, DeliversAFreshKeyThatFitsTheCertificate) {
  const Bytes csr = make_csr();
  const Delivered first = delivered(ask(csr));
  const Delivered second = delivered(ask(csr));
  EXPECT_EQ(first.kind, codec::PartKind::private_key);
  EXPECT_TRUE(codec::decode_private_key_info(first.key).accepted());
  EXPECT_EQ(PrivateKey::from_pkcs8(first.key)->public_key_info(), first.certificate.spki);
  EXPECT_NE(first.certificate.spki, second.certificate.spki);
  EXPECT_NE(first.certificate.spki, codec::decode_certification_request(csr).value->key.der);
}

TEST_F(KeygenTest, IgnoresKeyAndSignatureOfTheRequest) {
  Bytes broken = make_csr();
  broken.back() ^= 1U;
  EXPECT_EQ(ask(broken).status, 200);
  EXPECT_EQ(scene.enroll("", broken, Scene::facts()).status, 400);
}

TEST_F(KeygenTest, TakesTheTypeOfTheRequestWhereItMakesSuchKeys) {
  const auto type = [&](KeyType asked, const std::string& label) {
    const auto facts = est::crypto::key_facts(delivered(ask(make_csr({.key_type = asked}), label)).certificate.spki);
    return facts->algorithm + " " + std::to_string(facts->bits);
  };
  EXPECT_EQ(type(KeyType::rsa_2048, ""), "RSA 2048");
  EXPECT_EQ(type(KeyType::ec_p384, ""), "EC 384");
  EXPECT_EQ(type(KeyType::ed25519, ""), "EC 256");
  EXPECT_EQ(type(KeyType::ec_p256, "other"), "EC 384") << "that label takes nothing else";
}

TEST_F(KeygenTest, ProtectsTheKeyAsAsked) {
  const auto hex = file_text(sample_folder().path("keygen-secret.key"));
  const Delivered by_secret = delivered(ask({capabilities(), secret_named("device-secret")}));
  const Delivered by_rsa = delivered(ask({capabilities(), holder_named("device-rsa")}));
  const Delivered by_ec = delivered(ask({capabilities(), holder_named("device-ec")}));
  const Bytes secret = scene.generator.current()->secrets.at(est::to_bytes("device-secret"));
  EXPECT_EQ(est::hex(secret) + "\n", hex);
  EXPECT_EQ(opened(by_secret, {{}, secret}).public_key_info(), by_secret.certificate.spki);
  EXPECT_EQ(opened(by_rsa, {key_file("keygen-rsa.key"), {}}).public_key_info(), by_rsa.certificate.spki);
  EXPECT_EQ(opened(by_ec, {key_file("keygen-ec.key"), {}}).public_key_info(), by_ec.certificate.spki);
}

TEST_F(KeygenTest, RefusesWhatItCannotProtect) {
  for (const auto& [attributes, part] :
       {std::pair<std::vector<Attribute>, std::string>{{capabilities(), secret_named("x")}, "DecryptKeyIdentifier"},
        {{capabilities(), holder_named("x")}, "AsymmetricDecryptKeyIdentifier"},
        {{capabilities(), holder_named("device-signing")}, "neither key transport"},
        {{secret_named("device-secret")}, "SMIMECapabilities"},
        {{codec::make_smime_capabilities({{oids::aes128_wrap, {}}}), secret_named("device-secret")}, "None of"},
        {{capabilities(), secret_named("device-secret"), holder_named("device-ec")}, "name one"},
        {{{oids::decrypt_key_identifier, {est::to_bytes("\x0c\x01x")}}}, "malformed"}}) {
    const Response response = ask(attributes);
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(body(response), HasSubstr(part));
  }
  EXPECT_EQ(ask(std::vector<Attribute>{}, "encrypted").status, 400);
  EXPECT_EQ(ask({capabilities(), secret_named("device-secret")}, "encrypted").status, 200);
}

TEST_F(KeygenTest, WaitsForApprovalLikeAnyEnrollment) {
  const Response waiting = ask(make_csr({.subject = "CN=waits for a key"}), "manual");
  EXPECT_EQ(waiting.status, 202);
  EXPECT_TRUE(waiting.fields.has("Retry-After"));
  // Another throw-away key: the request is the same all the same.
  EXPECT_EQ(body(ask(make_csr({.subject = "CN=waits for a key"}), "manual")), body(waiting));
  const auto pending = scene.authority->pending();
  ASSERT_TRUE(pending.ok());
  for (const ca::PendingRecord& record : *pending) {
    if (record.state == "waiting") {
      ASSERT_TRUE(scene.authority->approve(record.id).ok());
    }
  }
  const Delivered got = delivered(ask(make_csr({.subject = "CN=waits for a key"}), "manual"));
  EXPECT_EQ(PrivateKey::from_pkcs8(got.key)->public_key_info(), got.certificate.spki);
}

TEST_F(KeygenTest, ThatWhichIsRightForEnrollmentIsAskedHereToo) {
  EXPECT_EQ(scene.enroll("", make_csr(), Scene::facts(), false, Operation::serverkeygen).status, 401);
  EXPECT_EQ(ask(make_csr({.challenge_password = "wrong"})).status, 400);
  EXPECT_EQ(ask(est::to_bytes("no request")).status, 400);
  EXPECT_EQ(ask(Bytes{}).status, 400);
}

TEST_F(KeygenTest, NothingOfTheKeyIsLogged) {
  const est::tls::Facts facts = Scene::facts();
  auto request =
      with_password(est::ops::enroll_request(Operation::serverkeygen, "", "localhost", make_csr()), "estuser", sample_password());
  const auto reply = scene.handler->on_request(request, {1, "peer", &facts}, true);
  const auto response = est::http::parse_response(reply.wire, "POST", true).message;
  const auto answer = codec::decode_generated_key_answer(response.fields.get("Content-Type").value_or(""), response.body);
  const std::string key = est::to_string(est::BytesView(answer.value->parts[*answer.value->key].part.body));
  for (const std::string& line : scene.log_lines) EXPECT_THAT(line, testing::Not(HasSubstr(key.substr(60, 20))));
}

}  // namespace
}  // namespace server
