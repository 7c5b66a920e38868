#include <gtest/gtest.h>

#include "conformance/checks/samples_test.h"
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/der.h"
#include "est/codec/signed_data.h"
#include "est/pki/signed_message.h"

namespace conformance::checks {

using engine::Exchange;
using engine::Json;
using engine::Verdict;
using samples::answered;
using samples::failed;
using samples::judge;
using samples::Pki;
using samples::Plan;

namespace {

namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;

std::vector<codec::Control> usual_controls() {
  return {codec::make_control(1, cmc_oids::status_info_v2, codec::encode_status_info({codec::CmcStatus::success, {1}, {}, {}})),
          codec::make_octets_control(2, cmc_oids::recipient_nonce, est::as_bytes("mine")),
          codec::make_octets_control(3, cmc_oids::sender_nonce, est::as_bytes("theirs")),
          codec::make_control(4, cmc_oids::transaction_id, codec::der::integer(5)),
          codec::make_octets_control(5, cmc_oids::data_return, est::as_bytes("data"))};
}

codec::Control status(codec::CmcStatus value, std::vector<codec::BodyPartId> parts, std::optional<codec::CmcFailInfo> info) {
  return codec::make_control(1, cmc_oids::status_info_v2, codec::encode_status_info({value, std::move(parts), "why", info}));
}

// A Full PKI Response signed by a certificate of the sample CA with this purpose.
codec::SignedData message(const std::vector<codec::Control>& controls, const codec::Oid& purpose = codec::oids::cmc_ra) {
  const Pki& pki = Pki::get();
  Plan plan;
  plan.extensions = {codec::make_extended_key_usage({purpose})};
  const est::Bytes certificate = pki.certify(plan, pki.root_key, pki.device_key.public_key_info());
  return *est::pki::sign_message({codec::cmc_content::pki_response(), codec::encode_pki_response(controls), {certificate}},
                                 {&pki.device_key, certificate, {}, {}, {}});
}

Exchange full(const codec::SignedData& message, int status_code = 200) {
  auto made = samples::exchange(est::ops::cmc_response(status_code, codec::encode_signed_data(message)));
  made.artefacts["cmc-nonce"] = est::to_bytes("mine");
  made.artefacts["cmc-transaction"] = codec::der::integer(5);
  made.artefacts["cmc-data"] = est::to_bytes("data");
  return made;
}

Verdict worst(std::string_view check, const Json& parameters, const Exchange& exchange) { return judge(check, parameters, exchange).worst; }

}  // namespace

TEST(CmcResponse, FormTypeAndSignature) {
  const codec::SignedData good = message(usual_controls());
  EXPECT_EQ(worst("cmc-response", {{"is", "full"}}, full(good)), Verdict::pass);
  codec::SignedData broken = good;
  broken.signers.front().signature.back() ^= 1U;
  EXPECT_EQ(worst("cmc-response", {}, full(broken)), Verdict::fail);
  broken = good;
  broken.certificates.clear();
  EXPECT_EQ(worst("cmc-response", {}, full(broken)), Verdict::fail);
  const auto simple = samples::enrolled_with({Pki::get().root});
  EXPECT_EQ(worst("cmc-response", {}, simple), Verdict::pass);
  EXPECT_EQ(worst("cmc-response", {{"is", "full"}}, simple), Verdict::fail);
  EXPECT_EQ(worst("cmc-response", {}, answered(400)), Verdict::fail);
  EXPECT_EQ(worst("cmc-response", {}, failed("read", "timeout")), Verdict::fail);
}

TEST(CmcResponse, SmimeTypeByItsOwnRules) {
  const auto with_type = [](const std::string& type) {
    auto response = est::ops::cmc_response(200, codec::encode_signed_data(message(usual_controls())));
    response.fields.set("Content-Type", type);
    return worst("cmc-response", {}, samples::exchange(response));
  };
  EXPECT_EQ(with_type("Application/PKCS7-mime; smime-type=cmc-Response"), Verdict::pass);
  EXPECT_EQ(with_type("application/pkcs7-mime"), Verdict::warn);
  EXPECT_EQ(with_type("application/pkcs7-mime; smime-type=certs-only"), Verdict::fail);
  EXPECT_EQ(with_type("text/plain"), Verdict::fail);
}

TEST(CmcSigner, PurposeAndPath) {
  auto cacerts = samples::enrolled_with({Pki::get().root});
  cacerts.name = "ca";
  const auto signed_for = [&](const codec::Oid& purpose) {
    return judge("cmc-signer", {{"cacerts", "ca"}}, {cacerts, full(message(usual_controls(), purpose))}).worst;
  };
  EXPECT_EQ(signed_for(codec::oids::cmc_ra), Verdict::pass);
  EXPECT_EQ(signed_for(codec::oids::cmc_ca), Verdict::pass);
  EXPECT_EQ(signed_for(codec::oids::client_auth), Verdict::fail);
  EXPECT_EQ(judge("cmc-signer", {{"cacerts", "ca"}}, {cacerts, answered(400)}).worst, Verdict::inconclusive);
}

TEST(CmcEcho, WhatWasSentComesBack) {
  for (const char* what : {"nonce", "transaction", "data"}) {
    EXPECT_EQ(worst("cmc-echo", {{"what", what}}, full(message(usual_controls()))), Verdict::pass) << what;
    EXPECT_EQ(worst("cmc-echo", {{"what", what}}, full(message({usual_controls().front()}))), Verdict::fail) << what;
    auto other = full(message(usual_controls()));
    other.artefacts[std::string("cmc-") + what] = codec::der::integer(6);
    EXPECT_EQ(worst("cmc-echo", {{"what", what}}, other), Verdict::fail) << what;
    EXPECT_EQ(worst("cmc-echo", {{"what", what}}, answered(400)), Verdict::inconclusive) << what;
  }
  auto controls = usual_controls();
  controls[2].values = controls[1].values;
  EXPECT_EQ(worst("cmc-echo", {{"what", "nonce"}}, full(message(controls))), Verdict::fail);
}

TEST(CmcStatus, IsWhatWasExpectedAndKeepsTheRules) {
  using codec::CmcFailInfo;
  using codec::CmcStatus;
  const Json wanted = {{"is", "failed"}, {"info", "badRequest"}, {"part", 18}};
  EXPECT_EQ(worst("cmc-status", wanted, full(message({status(CmcStatus::failed, {18}, CmcFailInfo::bad_request)}), 400)), Verdict::pass);
  EXPECT_EQ(worst("cmc-status", wanted, full(message({status(CmcStatus::failed, {0}, CmcFailInfo::bad_request)}), 400)), Verdict::fail);
  EXPECT_EQ(worst("cmc-status", wanted, full(message({status(CmcStatus::failed, {18}, CmcFailInfo::bad_alg)}), 400)), Verdict::fail);
  EXPECT_EQ(worst("cmc-status", wanted, answered(400)), Verdict::inconclusive);
  EXPECT_EQ(worst("cmc-status", wanted, samples::enrolled_with({Pki::get().root})), Verdict::fail);
  const Json success = {{"is", "success"}};
  EXPECT_EQ(worst("cmc-status", success, full(message(usual_controls()))), Verdict::pass);
  EXPECT_EQ(worst("cmc-status", success, full(message({usual_controls()[1]}))), Verdict::pass);
  EXPECT_EQ(worst("cmc-status", success, full(message({}))), Verdict::fail);
  EXPECT_EQ(worst("cmc-status", success, full(message({status(CmcStatus::success, {1}, CmcFailInfo::bad_alg)}))), Verdict::fail);
  EXPECT_EQ(worst("cmc-status", success, full(message({status(CmcStatus::success, {}, {})}))), Verdict::fail);
}

TEST(CmcPopWitness, HonouredOrPopFailed) {
  using codec::CmcFailInfo;
  using codec::CmcStatus;
  EXPECT_EQ(worst("cmc-pop-witness", {}, samples::enrolled_with({Pki::get().root})), Verdict::pass);
  EXPECT_EQ(worst("cmc-pop-witness", {}, full(message({status(CmcStatus::failed, {1}, CmcFailInfo::pop_failed)}), 400)), Verdict::pass);
  EXPECT_EQ(worst("cmc-pop-witness", {}, full(message({status(CmcStatus::failed, {1}, CmcFailInfo::bad_request)}), 400)), Verdict::fail);
}

TEST(CmcTrustAnchors, AreHashesOfCertificatesAtHand) {
  auto cacerts = samples::enrolled_with({Pki::get().root});
  cacerts.name = "ca";
  const auto published = [&](const std::vector<est::Bytes>& hashes, const std::vector<est::Bytes>& along) {
    codec::TrustAnchorHashes anchors;
    anchors.algorithm = {codec::oids::sha256, {}};
    anchors.hashes = hashes;
    auto made = message({codec::make_control(9, cmc_oids::trusted_anchors, codec::encode_trusted_anchors(1, anchors))});
    made.certificates.insert(made.certificates.end(), along.begin(), along.end());
    return judge("cmc-trust-anchors", {{"cacerts", "ca"}}, {cacerts, full(made)}).worst;
  };
  const auto hash = [](const est::Bytes& der) { return est::crypto::digest(est::crypto::Digest::sha256, der); };
  EXPECT_EQ(published({hash(Pki::get().root)}, {Pki::get().root}), Verdict::pass);
  EXPECT_EQ(published({hash(Pki::get().root)}, {}), Verdict::warn);
  EXPECT_EQ(published({hash(Pki::get().root), hash(Pki::get().other_root)}, {}), Verdict::fail);
  EXPECT_EQ(published({}, {}), Verdict::warn);
  const auto malformed = message({codec::make_control(9, cmc_oids::trusted_anchors, codec::der::integer(1))});
  EXPECT_EQ(judge("cmc-trust-anchors", {{"cacerts", "ca"}}, {cacerts, full(malformed)}).worst, Verdict::fail);
  EXPECT_EQ(judge("cmc-trust-anchors", {{"cacerts", "ca"}}, {cacerts, full(message(usual_controls()))}).worst, Verdict::fail);
}

TEST(CmcPending, EitherWay) {
  using codec::CmcStatus;
  EXPECT_EQ(worst("cmc-pending", {}, answered(202, "Wait.", {{"Retry-After", "5"}})), Verdict::pass);
  EXPECT_EQ(worst("cmc-pending", {}, answered(202)), Verdict::fail);
  EXPECT_EQ(worst("cmc-pending", {}, full(message({status(CmcStatus::pending, {1}, {})}))), Verdict::pass);
  EXPECT_EQ(worst("cmc-pending", {}, full(message(usual_controls()))), Verdict::fail);
}

}  // namespace conformance::checks
