#include "server/full_cmc.h"

#include <gtest/gtest.h>

#include "est/codec/base64.h"
#include "est/codec/der.h"
#include "est/codec/signed_data.h"
#include "est/pki/cmc_proof.h"
#include "est/pki/issue.h"
#include "est/pki/signed_message.h"
#include "server/scene_test.h"

namespace server {
namespace {

using est::Bytes;
using est::codec::BodyPartId;
using est::codec::Control;
using est::crypto::PrivateKey;
using est::http::Response;
namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;
namespace oids = est::codec::oids;

// A Full PKI Request in the making; by default one PKCS #10 as body part 1, signed by its own key.
struct Draft {
  PrivateKey key = PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
  std::string subject = "CN=cmc device";
  std::vector<Control> controls = {};
  std::vector<codec::Attribute> attributes = {};
  std::vector<Bytes> requests = {};  // instead of the usual one
  std::string signer = {};           // NAME of NAME.pem in the folder; empty: the request's key
  codec::Oid content_type = codec::cmc_content::pki_data();

  [[nodiscard]] Bytes key_identifier() const { return est::pki::key_identifier(key.public_key_info()); }
  [[nodiscard]] codec::Extension key_identifier_extension() const {
    return {oids::subject_key_identifier, false, codec::der::octet_string(key_identifier())};
  }
  [[nodiscard]] Bytes pkcs10() const {
    est::pki::RequestSpec spec;
    spec.subject = codec::parse_name(subject).value();
    spec.extensions = {key_identifier_extension()};
    spec.attributes = attributes;
    return est::pki::make_request(spec, key).value();
  }
  [[nodiscard]] Bytes crmf() const {
    codec::CrmfSpec spec{1, codec::parse_name(subject).value(), key.public_key_info(), {key_identifier_extension()}, attributes};
    return est::pki::make_crmf_request(spec, key).value();
  }
  [[nodiscard]] Bytes request_sequence() const {
    return codec::encode_request_sequence(requests.empty() ? std::vector<Bytes>{codec::encode_tagged_request(1, pkcs10())} : requests);
  }
  [[nodiscard]] codec::SignedData message() const {
    est::pki::MessageSpec spec{content_type, codec::encode_pki_data(controls, request_sequence()), {}};
    if (signer.empty()) return est::pki::sign_message(spec, {&key, {}, key_identifier(), {}, {}}).value();
    const auto identity = est::tls::load_identity(sample_folder().path(signer + ".pem"), sample_folder().path(signer + ".key")).value();
    spec.certificates = identity.chain;
    return est::pki::sign_message(spec, {&*identity.key, identity.chain.front(), {}, {}, {}}).value();
  }
};

struct Read {
  codec::SignedData message;
  codec::PkiResponse response;
  [[nodiscard]] codec::StatusInfo status() const {
    const Control* control = response.control(cmc_oids::status_info_v2);
    return control == nullptr ? codec::StatusInfo{} : codec::read_status_info(*control).value.value();
  }
};

class FullCmcTest : public testing::Test {
 protected:
  Response send(const codec::SignedData& message, const std::string& label = {}, const std::string& who = {}) {
    return send_octets(codec::encode_signed_data(message), label, who);
  }
  Response send_octets(const Bytes& der, const std::string& label = {}, const std::string& who = {}) {
    est::http::Request request;
    request.method = "POST";
    request.target = est::ops::path_of(est::ops::Operation::fullcmc, label);
    request.fields.set("Content-Type", std::string(est::ops::request_media_type(est::ops::Operation::fullcmc)));
    request.body = est::to_bytes(codec::encode_base64(der));
    return scene.send(with_password(std::move(request), "estuser", sample_password()), Scene::facts(who));
  }
  // A Full PKI Response that is sound and signed by the server's certificate.
  static Read full(const Response& response) {
    EXPECT_EQ(response.fields.get("Content-Type"), std::string(est::ops::cmc_response_type)) << body(response);
    auto message = est::ops::read_signed_data_body(response.body);
    EXPECT_TRUE(message.accepted()) << est::describe_first(message.findings);
    auto content = codec::decode_pki_response(message.value->content.value());
    EXPECT_TRUE(content.accepted()) << est::describe_first(content.findings);
    const auto& signer = message.value->signers.at(0);
    const auto certificate = est::pki::signer_certificate(signer.id, message.value->certificates).value();
    EXPECT_EQ(certificate.subject.to_string(), "CN=est server,O=estspec");
    EXPECT_TRUE(*est::pki::verify_signer(signer, *message.value->content, certificate.spki));
    return {std::move(*message.value), std::move(*content.value)};
  }
  void expect_refused(const Response& response, codec::CmcFailInfo info, const std::vector<BodyPartId>& parts) {
    EXPECT_GE(response.status, 400);
    EXPECT_LT(response.status, 500);
    const codec::StatusInfo status = full(response).status();
    EXPECT_EQ(codec::status_name(status.status), "failed");
    EXPECT_EQ(codec::fail_info_name(status.fail_info.value_or(-1)), codec::to_string(info)) << status.text.value_or("");
    std::vector<std::vector<BodyPartId>> listed;
    for (const BodyPartId part : parts) listed.push_back({part});
    EXPECT_EQ(status.body_list, listed);
    EXPECT_NE(status.text.value_or(""), "");
  }

  Scene scene;
};

TEST_F(FullCmcTest, RequestSignedByItsOwnKeyGetsASimpleResponse) {
  const Draft draft;
  const codec::Certificate certificate = certificate_in(send(draft.message()));
  EXPECT_EQ(certificate.spki, draft.key.public_key_info());
  EXPECT_EQ(certificate.subject.to_string(), "CN=cmc device");
}

TEST_F(FullCmcTest, CrmfIsCertified) {
  Draft draft;
  draft.requests = {draft.crmf()};
  EXPECT_EQ(certificate_in(send(draft.message())).spki, draft.key.public_key_info());
}

TEST_F(FullCmcTest, NoncesTransactionAndDataComeBack) {
  Draft draft;
  draft.controls = {codec::make_control(7, cmc_oids::transaction_id, codec::der::integer(4711)),
                    codec::make_octets_control(8, cmc_oids::sender_nonce, est::as_bytes("nonce")),
                    codec::make_octets_control(9, cmc_oids::data_return, est::as_bytes("data"))};
  const Response response = send(draft.message());
  ASSERT_EQ(response.status, 200) << body(response);
  const Read read = full(response);
  EXPECT_EQ(read.response.control(cmc_oids::transaction_id)->values, std::vector<Bytes>{codec::der::integer(4711)});
  EXPECT_EQ(codec::read_octets(*read.response.control(cmc_oids::recipient_nonce)).value, est::to_bytes("nonce"));
  EXPECT_EQ(codec::read_octets(*read.response.control(cmc_oids::data_return)).value, est::to_bytes("data"));
  EXPECT_EQ(codec::read_octets(*read.response.control(cmc_oids::sender_nonce)).value->size(), 16U);
  EXPECT_EQ(codec::status_name(read.status().status), "success");
  EXPECT_EQ(read.status().body_list, (std::vector<std::vector<BodyPartId>>{{1}}));
  EXPECT_EQ(read.message.certificates.size(), 2U);
}

TEST_F(FullCmcTest, CertificateSignsForItsOwnName) {
  Draft draft;
  draft.signer = "client";
  draft.subject = "CN=est client,O=estspec";
  EXPECT_EQ(send(draft.message()).status, 200);
  draft.subject = "CN=somebody else,O=estspec";
  expect_refused(send(draft.message()), codec::CmcFailInfo::bad_request, {1});
  draft.signer = "ra";
  EXPECT_EQ(send(draft.message()).status, 200);
  for (const char* unfit : {"expired", "revoked", "wrong-purpose"}) {
    draft.signer = unfit;
    expect_refused(send(draft.message()), codec::CmcFailInfo::bad_identity, {0});
  }
}

TEST_F(FullCmcTest, WhatIsNoFullRequestIsRefusedWithAResponse) {
  expect_refused(send_octets(est::to_bytes("no CMS")), codec::CmcFailInfo::bad_request, {0});
  Draft draft;
  draft.content_type = oids::data;
  expect_refused(send(draft.message()), codec::CmcFailInfo::bad_request, {0});
  codec::SignedData message = Draft().message();
  message.signers.clear();
  expect_refused(send(message), codec::CmcFailInfo::bad_message_check, {0});
  message = Draft().message();
  message.signers.front().signature.back() ^= 1U;
  expect_refused(send(message), codec::CmcFailInfo::bad_message_check, {0});
  message = Draft().message();
  message.signers.front().id.key_identifier.back() ^= 1U;
  expect_refused(send(message), codec::CmcFailInfo::bad_message_check, {0});
}

TEST_F(FullCmcTest, ControlsAreKnownAndUnique) {
  Draft draft;
  draft.controls = {codec::make_control(5, codec::Oid("1.3.6.1.4.1.32473.1"), codec::der::null())};
  expect_refused(send(draft.message()), codec::CmcFailInfo::bad_request, {5});
  draft.controls = {codec::make_octets_control(1, cmc_oids::sender_nonce, est::as_bytes("nonce"))};
  expect_refused(send(draft.message()), codec::CmcFailInfo::bad_request, {0});
  draft.controls = {codec::make_control(2, cmc_oids::sender_nonce, codec::der::null())};
  expect_refused(send(draft.message()), codec::CmcFailInfo::bad_request, {2});
}

TEST_F(FullCmcTest, PossessionIsProvenForEachRequest) {
  Draft draft;
  Bytes csr = draft.pkcs10();
  csr.back() ^= 1U;
  draft.signer = "ra";
  draft.requests = {codec::encode_tagged_request(3, csr)};
  expect_refused(send(draft.message()), codec::CmcFailInfo::pop_failed, {3});
  draft.controls = {codec::make_control(9, cmc_oids::ra_pop_witness, codec::encode_ra_pop_witness({0, {3}}))};
  EXPECT_EQ(send(draft.message()).status, 200);
  draft.signer = "client";
  draft.subject = "CN=est client,O=estspec";
  expect_refused(send(draft.message()), codec::CmcFailInfo::pop_failed, {3});
  draft.controls.clear();
  const codec::CrmfSpec bare{4, codec::parse_name(draft.subject).value(), draft.key.public_key_info(), {}, {}};
  draft.requests = {codec::encode_crmf_request(codec::encode_cert_request(bare), {})};
  expect_refused(send(draft.message()), codec::CmcFailInfo::pop_required, {4});
  draft.requests = {codec::encode_crmf_request(codec::encode_cert_request(bare), codec::encode_ra_verified_proof())};
  expect_refused(send(draft.message()), codec::CmcFailInfo::pop_failed, {4});
}

TEST_F(FullCmcTest, IdentityIsProvenByTheSharedSecret) {
  Draft draft;
  draft.requests = {codec::encode_tagged_request(1, draft.pkcs10())};
  const auto with_secret = [&](std::string_view secret) {
    const Bytes witness = est::pki::identity_witness({}, secret, "estuser", draft.request_sequence());
    draft.controls = {codec::make_control(5, cmc_oids::identification, codec::der::utf8_string("estuser")),
                      codec::make_octets_control(6, cmc_oids::identity_proof, witness)};
    return send(draft.message());
  };
  EXPECT_EQ(with_secret(sample_password()).status, 200);
  expect_refused(with_secret("another secret of mine"), codec::CmcFailInfo::bad_identity, {6});
  const est::pki::ProofAlgorithms newer{est::crypto::Digest::sha256, est::crypto::Digest::sha256};
  const Bytes witness = est::pki::identity_witness(newer, sample_password(), {}, draft.request_sequence());
  draft.controls = {
      codec::make_control(6, cmc_oids::identity_proof_v2, codec::encode_witness_v2(est::pki::make_witness_v2(newer, witness)))};
  EXPECT_EQ(send(draft.message()).status, 200);
  draft.controls.clear();
  scene.config.labels.at("").full_cmc.identity_proof_required = true;
  expect_refused(send(draft.message()), codec::CmcFailInfo::bad_identity, {0});
}

TEST_F(FullCmcTest, PopLinkWitnessIsVerified) {
  Draft draft;
  const Bytes random = est::to_bytes("random octets of the client");
  draft.controls = {codec::make_octets_control(5, cmc_oids::pop_link_random, random)};
  expect_refused(send(draft.message()), codec::CmcFailInfo::pop_failed, {1});
  draft.attributes = {
      codec::make_octet_string_attribute(cmc_oids::pop_link_witness, est::pki::pop_link_witness({}, sample_password(), random))};
  EXPECT_EQ(send(draft.message()).status, 200);
  draft.requests = {draft.crmf()};
  EXPECT_EQ(send(draft.message()).status, 200);
  draft.controls.clear();
  expect_refused(send(draft.message()), codec::CmcFailInfo::pop_failed, {1});
}

TEST_F(FullCmcTest, LinkingToTlsIsVerifiedWhereItIsThere) {
  Draft draft;
  draft.attributes = {codec::make_challenge_password("bm90IHRoaXMgY29ubmVjdGlvbg==")};
  expect_refused(send(draft.message()), codec::CmcFailInfo::pop_failed, {1});
  draft.attributes = {codec::make_challenge_password(est::ops::channel_binding_text(est::as_bytes("unique-of-this-connection")))};
  EXPECT_EQ(send(draft.message()).status, 200);
  EXPECT_EQ(send(draft.message(), "pop").status, 200);
  draft.attributes.clear();
  expect_refused(send(draft.message(), "pop"), codec::CmcFailInfo::pop_failed, {1});
}

TEST_F(FullCmcTest, OtherRequestFormsAreNotSupported) {
  Draft draft;
  Bytes orm = codec::der::sequence({codec::der::integer(2), codec::der::oid(oids::data), codec::der::null()});
  orm.front() = 0xa2;
  draft.requests = {codec::encode_tagged_request(1, draft.pkcs10()), orm};
  const Response response = send(draft.message());
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(codec::status_name(full(response).status().status), "noSupport");
}

TEST_F(FullCmcTest, PolicyDecides) {
  EXPECT_EQ(send(Draft().message(), "manual").status, 202);
  scene.config.labels.at("").full_cmc.publish_trust_anchors = true;
  const Read read = full(send(Draft().message()));
  const auto anchors = codec::read_trusted_anchors(*read.response.control(cmc_oids::trusted_anchors));
  ASSERT_TRUE(anchors.accepted());
  EXPECT_EQ(anchors.value->hashes.size(), 1U);
  scene.config.labels.at("").full_cmc.enabled = false;
  EXPECT_EQ(send(Draft().message()).status, 501);
}

}  // namespace
}  // namespace server
