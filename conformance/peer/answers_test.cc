#include <gmock/gmock.h>

#include "conformance/peer/service.h"
#include "est/codec/base64.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/der.h"
#include "est/codec/enveloped_data.h"
#include "est/codec/generated_key.h"
#include "est/codec/oid.h"
#include "est/codec/signed_data.h"
#include "est/crypto/chain.h"
#include "est/crypto/envelope.h"
#include "est/ops/message.h"
#include "est/pki/cmc_proof.h"
#include "est/pki/issue.h"
#include "est/pki/request.h"
#include "est/pki/signed_message.h"

namespace conformance::peer {
namespace {

namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;
namespace oids = est::codec::oids;
using est::crypto::PrivateKey;

const Pki& some_pki() {
  static const auto made = Pki::make(est::system_clock().now());
  return *made;
}

const PrivateKey& some_key() {
  static const auto key = PrivateKey::generate(est::crypto::KeyType::ec_p256);
  return *key;
}

est::http::Response answered(est::ops::Operation operation, est::BytesView der, const std::string& contents, const Script& script = {}) {
  static const est::http::Credentials credentials{"alice", "correct horse"};
  Answer wish;
  wish.contents = contents;
  const auto request = est::ops::enroll_request(operation, "", "localhost", der);
  return Service(script, some_pki(), credentials).answer(operation, request, {}, wish);
}

est::Bytes csr(const std::vector<codec::Attribute>& attributes = {}) {
  return *est::pki::make_request({*codec::parse_name("CN=device"), {}, {}, attributes, {}}, some_key());
}

est::Bytes full_request(const std::string& secret = {}) {
  const est::Bytes requests = codec::encode_request_sequence({codec::encode_tagged_request(1, csr())});
  std::vector<codec::Control> controls{codec::make_octets_control(2, cmc_oids::sender_nonce, est::as_bytes("nonce")),
                                       codec::make_control(3, cmc_oids::transaction_id, codec::der::integer(7))};
  if (!secret.empty())
    controls.push_back(codec::make_octets_control(4, cmc_oids::identity_proof, est::pki::identity_witness({}, secret, {}, requests)));
  est::pki::MessageSigner signer;
  signer.key = &some_key();
  signer.key_identifier = est::pki::key_identifier(some_key().public_key_info());
  const auto message = est::pki::sign_message({codec::cmc_content::pki_data(), codec::encode_pki_data(controls, requests), {}}, signer);
  return codec::encode_signed_data(*message);
}

struct Read {
  codec::SignedData message;
  codec::PkiResponse response;
  [[nodiscard]] std::vector<std::int64_t> statuses() const {
    std::vector<std::int64_t> all;
    for (const auto& control : response.controls)
      if (control.type == cmc_oids::status_info_v2 || control.type == cmc_oids::status_info)
        all.push_back(codec::read_status_info(control).value->status);
    return all;
  }
  [[nodiscard]] bool signature_holds() const {
    const auto& signer = message.signers.front();
    const auto certificate = est::pki::signer_certificate(signer.id, message.certificates);
    return *est::pki::verify_signer(signer, *message.content, certificate->spki);
  }
};

Read full(const std::string& contents) {
  const auto response = answered(est::ops::Operation::fullcmc, full_request(), contents);
  EXPECT_EQ(response.status, 200) << est::as_text(response.body);
  auto message = est::ops::read_signed_data_body(response.body);
  EXPECT_FALSE(est::has_errors(message.findings)) << est::describe_first(message.findings);
  auto content = codec::decode_pki_response(*message.value->content);
  EXPECT_FALSE(est::has_errors(content.findings)) << est::describe_first(content.findings);
  return {std::move(*message.value), std::move(*content.value)};
}

TEST(FullAnswer, EchoesAndIsSigned) {
  const Read good = full("full");
  EXPECT_THAT(good.statuses(), testing::ElementsAre(0));
  EXPECT_TRUE(good.signature_holds());
  EXPECT_EQ(codec::read_octets(*good.response.control(cmc_oids::recipient_nonce)).value, est::to_bytes("nonce"));
  EXPECT_EQ(codec::read_integer(*good.response.control(cmc_oids::transaction_id)).value, est::Bytes{7});
  EXPECT_THAT(good.message.certificates, testing::SizeIs(2));
}

TEST(FullAnswer, DeviatesAsItIsTold) {
  EXPECT_THAT(full("full-two-statuses").statuses(), testing::ElementsAre(0, 0));
  EXPECT_THAT(full("full-second-failed").statuses(), testing::ElementsAre(0, 2));
  EXPECT_THAT(full("full-older-status").statuses(), testing::ElementsAre(0));
  EXPECT_THAT(full("full-pending").statuses(), testing::ElementsAre(3));
  EXPECT_THAT(full("full-confirm").statuses(), testing::ElementsAre(5));
  EXPECT_FALSE(full("full-bad-signature").signature_holds());
  EXPECT_FALSE(full("full-wrong-digest").signature_holds());
  EXPECT_TRUE(full("full-leaf").signature_holds());
  EXPECT_NE(codec::read_octets(*full("full-other-nonce").response.control(cmc_oids::recipient_nonce)).value, est::to_bytes("nonce"));
  const Read extra = full("full-unreferenced");
  EXPECT_THAT(extra.response.contents, testing::SizeIs(1));
  EXPECT_THAT(extra.response.others, testing::SizeIs(1));
  EXPECT_NE(full("full-published").response.control(cmc_oids::trusted_anchors), nullptr);
}

TEST(FullAnswer, IdentityIsProvenByTheSharedSecret) {
  Script demanding;
  demanding.identity_proof = true;
  const auto status = [&](const std::string& secret) {
    return answered(est::ops::Operation::fullcmc, full_request(secret), "good", demanding).status;
  };
  EXPECT_EQ(status("correct horse"), 200);
  EXPECT_EQ(status("battery staple"), 400);
  EXPECT_EQ(status(""), 400);
}

class EnvelopedKey : public testing::TestWithParam<std::string> {};

TEST_P(EnvelopedKey, OpensWithTheKeyTheRequestNames) {
  const Protection& protection = *some_pki().protection(GetParam());
  const auto& type = protection.key ? oids::asymmetric_decrypt_key_identifier : oids::decrypt_key_identifier;
  const auto request = csr({codec::make_octet_string_attribute(type, est::as_bytes(protection.identifier)),
                            codec::make_smime_capabilities({{oids::aes256_wrap, {}}, {oids::rsa_encryption, codec::der::null()}})});
  const auto opens = [&](const std::string& contents) {
    const auto response = answered(est::ops::Operation::serverkeygen, request, contents);
    EXPECT_EQ(response.status, 200) << est::as_text(response.body);
    const auto answer = codec::decode_generated_key_answer(response.fields.get("Content-Type").value_or(""), response.body);
    EXPECT_TRUE(answer.value && answer.value->key);
    const auto& part = answer.value->parts[*answer.value->key];
    EXPECT_EQ(part.kind, codec::PartKind::enveloped_key);
    const auto octets = codec::decode_base64(est::as_text(part.part.body), codec::Base64Mode::lenient);
    return est::crypto::open_envelope(*octets.value, {protection.key, protection.secret}).ok();
  };
  EXPECT_TRUE(opens("enveloped"));
  EXPECT_FALSE(opens("enveloped-unknown-kind"));
  EXPECT_EQ(opens("enveloped-for-another"), GetParam() == "key-transport");  // there the identifier alone is another
}

INSTANTIATE_TEST_SUITE_P(All, EnvelopedKey, testing::Values("symmetric", "key-transport", "key-agreement"));

TEST(EnvelopedKeys, WhatNamesNoKeyIsRefused) { EXPECT_EQ(answered(est::ops::Operation::serverkeygen, csr(), "enveloped").status, 400); }

TEST(ServerIdentities, BadPathsAreJustThat) {
  for (const std::string word : {"issuer-may-not-sign", "path-too-long", "outside-constraints"}) {
    const auto identity = some_pki().server(word);
    ASSERT_TRUE(identity.ok()) << identity.error().message;
    const std::vector<est::Bytes> above(identity->chain.begin() + 1, identity->chain.end());
    const auto path = est::crypto::verify_chain(identity->chain.front(), above, {some_pki().anchor()}, {}, {});
    ASSERT_TRUE(path.ok());
    EXPECT_FALSE(path->valid) << word;
  }
  const auto rolled = some_pki().server("new-with-old");
  const std::vector<est::Bytes> above(rolled->chain.begin() + 1, rolled->chain.end());
  EXPECT_TRUE(est::crypto::verify_chain(rolled->chain.front(), above, {some_pki().former_anchor()}, {}, {})->valid);
}

}  // namespace
}  // namespace conformance::peer
