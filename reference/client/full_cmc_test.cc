#include "client/full_cmc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/issue_test.h"
#include "client/request.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/ops/message.h"
#include "est/pki/request.h"
#include "est/pki/signed_message.h"
#include "server/cmc_request.h"

namespace client {
namespace {

using est::Bytes;
using est::codec::Control;
using est::crypto::PrivateKey;
using testing::ElementsAre;
using testing::HasSubstr;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;
namespace cmc_oids = est::codec::cmc_oids;

const PrivateKey& device_key() {
  static const PrivateKey key = PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
  return key;
}

Bytes device_request(const std::vector<codec::Attribute>& attributes = {}) {
  est::pki::RequestSpec spec;
  spec.subject = codec::parse_name("CN=cmc device").value();
  spec.extensions = {key_identifier_extension(device_key()),
                     codec::make_subject_alt_name({codec::parse_general_name("DNS:a.example").value()})};
  spec.attributes = attributes;
  return est::pki::make_request(spec, device_key()).value();
}

// --- The request, seen by the reference server

struct Judgement {
  std::optional<server::CmcFailure> controls;
  std::variant<std::vector<server::CmcOrder>, server::CmcFailure> orders;

  [[nodiscard]] std::string verdict() const {
    if (controls) return codec::to_string(controls->info);
    if (const auto* failure = std::get_if<server::CmcFailure>(&orders)) return codec::to_string(failure->info) + ": " + failure->sentence;
    return "granted";
  }
};

codec::SignedData message_of(const CmcRequest& request) {
  auto message = codec::decode_signed_data(request.der);
  EXPECT_TRUE(message.accepted()) << est::describe_first(message.findings);
  return std::move(*message.value);
}

codec::PkiData content_of(const CmcRequest& request) {
  auto content = codec::decode_pki_data(message_of(request).content.value());
  EXPECT_TRUE(content.accepted()) << est::describe_first(content.findings);
  return std::move(*content.value);
}

Judgement judged(const CmcRequest& request, const std::string& user = {}) {
  server::LabelPolicy policy;
  policy.full_cmc.identity_proof_required = true;
  server::Trust trust;
  trust.passwords.emplace("alice", "correct horse");
  server::Principal principal;
  if (!user.empty()) principal.user = user;
  const est::tls::Facts facts;
  const server::CmcInput input{{}, principal, facts, {}, policy, trust};
  const server::CmcRequest read{content_of(request), {}};
  return {server::check_cmc_controls(input, read), server::check_cmc_requests(input, read)};
}

SharedSecret alice() { return {"alice", Secret("correct horse")}; }

TEST(MakeFullRequest, IsSignedByTheRequestsKeyAndHasItsNonces) {
  const CmcRequest made = make_full_request(device_request(), {nullptr, &device_key()}).value();
  const codec::SignedData message = message_of(made);
  ASSERT_EQ(message.signers.size(), 1U);
  EXPECT_TRUE(est::pki::verify_signer(message.signers.front(), *message.content, device_key().public_key_info()).value());
  const codec::PkiData content = content_of(made);
  EXPECT_EQ(codec::read_octets(*content.control(cmc_oids::sender_nonce)).value, made.nonce);
  EXPECT_EQ(codec::read_integer(*content.control(cmc_oids::transaction_id)).value, made.transaction);
  EXPECT_EQ(judged(made).verdict(), "badIdentity");
  EXPECT_FALSE(make_full_request(device_request(), {}).ok());
}

TEST(MakeFullRequest, ARepetitionStaysInItsTransaction) {
  const CmcRequest first = make_full_request(device_request(), {nullptr, &device_key()}).value();
  const CmcRequest fresh = make_full_request(device_request(), {nullptr, &device_key()}).value();
  CmcExtras again;
  again.transaction = &first.transaction;
  const CmcRequest second = make_full_request(device_request(), {nullptr, &device_key()}, again).value();
  EXPECT_EQ(second.transaction, first.transaction);
  EXPECT_NE(second.nonce, first.nonce);
  EXPECT_NE(fresh.transaction, first.transaction);
}

TEST(MakeFullRequest, TheSharedSecretProvesWhoAsks) {
  const SharedSecret secret = alice();
  const SharedSecret unnamed{{}, Secret("correct horse")};
  const SharedSecret wrong{"alice", Secret("battery staple")};
  const SharedSecret stranger{"bob", Secret("correct horse")};
  const auto verdict = [](const SharedSecret& shared, const std::string& user = {}) {
    return judged(make_full_request(device_request(), {nullptr, &device_key()}, {&shared, nullptr, false}).value(), user).verdict();
  };
  EXPECT_EQ(verdict(secret), "granted");
  EXPECT_EQ(verdict(unnamed, "alice"), "granted");
  EXPECT_EQ(verdict(unnamed), "badIdentity");
  EXPECT_EQ(verdict(wrong), "badIdentity");
  EXPECT_EQ(verdict(stranger), "badIdentity");
}

TEST(MakeFullRequest, TheSecretItselfIsNotSent) {
  const SharedSecret secret = alice();
  const PopLink link = make_pop_link(secret);
  const CmcRequest made = make_full_request(device_request({link.witness}), {nullptr, &device_key()}, {&secret, &link, false}).value();
  EXPECT_EQ(est::to_string(made.der).find("correct horse"), std::string::npos);
}

TEST(MakeFullRequest, IdentityIsLinkedToThePossession) {
  const SharedSecret secret = alice();
  const PopLink link = make_pop_link(secret);
  EXPECT_EQ(link.random.size(), 64U);
  const CmcSignatory own{nullptr, &device_key()};
  for (const bool crmf : {false, true}) {
    EXPECT_EQ(judged(make_full_request(device_request({link.witness}), own, {&secret, &link, crmf}).value()).verdict(), "granted");
    EXPECT_THAT(judged(make_full_request(device_request(), own, {&secret, &link, crmf}).value()).verdict(), HasSubstr("popFailed"));
  }
  const PopLink other = make_pop_link({"alice", Secret("battery staple")});
  EXPECT_THAT(judged(make_full_request(device_request({other.witness}), own, {&secret, &other, false}).value()).verdict(),
              HasSubstr("popFailed"));
  EXPECT_NE(link.random, make_pop_link(secret).random);
}

TEST(MakeFullRequest, CrmfAsksForTheSame) {
  const SharedSecret secret = alice();
  const codec::Attribute change = codec::make_change_subject_name({codec::parse_name("CN=other").value(), {}});
  const CmcRequest made = make_full_request(device_request({change}), {nullptr, &device_key()}, {&secret, nullptr, true}).value();
  const codec::PkiData content = content_of(made);
  ASSERT_EQ(content.requests.size(), 1U);
  ASSERT_TRUE(content.requests.front().crmf.has_value());
  EXPECT_THAT(content.requests.front().findings, testing::IsEmpty());
  const codec::CrmfRequest& crmf = *content.requests.front().crmf;
  EXPECT_EQ(crmf.certificate.subject->to_string(), "CN=cmc device");
  EXPECT_EQ(crmf.certificate.extensions.size(), 2U);
  EXPECT_NE(crmf.control(oids::change_subject_name), nullptr);
  const auto plain = make_full_request(device_request(), {nullptr, &device_key()}, {&secret, nullptr, true});
  EXPECT_EQ(judged(*plain).verdict(), "granted");
}

TEST(MakeFullRequest, WhatCrmfCannotSay) {
  const PrivateKey other = PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
  const CmcExtras crmf{nullptr, nullptr, true};
  const auto error = [&](const Bytes& request, const PrivateKey* key) {
    const auto made = make_full_request(request, {nullptr, key}, crmf);
    return made ? std::string() : made.error().message;
  };
  EXPECT_THAT(error(device_request({codec::make_challenge_password("q83v")}), &device_key()), HasSubstr("challengePassword"));
  EXPECT_THAT(error(device_request(), &other), HasSubstr("another key"));
  EXPECT_THAT(error(device_request(), nullptr), HasSubstr("give that"));
  EXPECT_THAT(error(Bytes{0x30}, &device_key()), HasSubstr("malformed"));
}

// --- The response

struct Responder {
  TestAuthority authority{"CN=issuing"};
  Bytes certificate = issue_self(authority);
  TestAuthority device{"CN=cmc device"};
  Bytes issued = issue(device, authority, {test_now - 1, test_now + test_year, false, {}});

  [[nodiscard]] Trust trust() const {
    Trust trust;
    trust.explicit_anchors = {certificate};
    trust.at = test_now;
    return trust;
  }
};
const Responder& responder() {
  static const Responder made;
  return made;
}

struct Draft {
  std::vector<Control> controls;
  std::vector<Bytes> bag{responder().certificate, responder().issued};
  const PrivateKey* key = &responder().authority.key;
  Bytes signer = responder().certificate;
  codec::Oid content_type = codec::cmc_content::pki_response();
};

Draft answer_to(const CmcRequest& request, const codec::StatusSpec& status) {
  Draft draft;
  draft.controls = {codec::make_octets_control(1, cmc_oids::recipient_nonce, request.nonce),
                    codec::make_control(2, cmc_oids::transaction_id, der::unsigned_integer(request.transaction)),
                    codec::make_control(3, cmc_oids::status_info_v2, codec::encode_status_info(status))};
  return draft;
}

est::http::Response response_of(const Draft& draft) {
  const est::pki::MessageSpec spec{draft.content_type, codec::encode_pki_response(draft.controls), draft.bag};
  const auto message = est::pki::sign_message(spec, {draft.key, draft.signer, {}, {}, {}}).value();
  return est::ops::cmc_response(200, codec::encode_signed_data(message));
}

class FullResponse : public testing::Test {
 protected:
  CmcRequest request = make_full_request(device_request(), {nullptr, &device_key()}).value();
  const codec::StatusSpec success{codec::CmcStatus::success, {1}, {}, {}};

  [[nodiscard]] Problem problem(const est::http::Response& response) const {
    const auto read = read_full_response(response, request, responder().trust());
    EXPECT_FALSE(read.ok());
    return read.ok() ? Problem{} : read.problem();
  }
};

TEST_F(FullResponse, SuccessGivesTheCertificates) {
  const auto read = read_full_response(response_of(answer_to(request, success)), request, responder().trust());
  ASSERT_TRUE(read.ok()) << read.problem().reason;
  EXPECT_THAT(*read, testing::UnorderedElementsAre(responder().certificate, responder().issued));
  const auto simple = read_full_response(est::ops::certs_only_response({responder().issued}), request, responder().trust());
  ASSERT_TRUE(simple.ok()) << simple.problem().reason;
  EXPECT_THAT(*simple, ElementsAre(responder().issued));
}

TEST_F(FullResponse, StatusSaysWhyNot) {
  const Problem failed =
      problem(response_of(answer_to(request, {codec::CmcStatus::failed, {1}, "no\r\n\x1b[2Jthanks", codec::CmcFailInfo::bad_identity})));
  EXPECT_EQ(failed.kind, ProblemKind::refused);
  EXPECT_THAT(failed.reason, testing::AllOf(HasSubstr("failed"), HasSubstr("badIdentity"), HasSubstr("thanks")));
  EXPECT_EQ(failed.reason.find_first_of("\r\n\x1b"), std::string::npos);
  EXPECT_EQ(problem(response_of(answer_to(request, {codec::CmcStatus::pending, {1}, {}, {}}))).kind, ProblemKind::later);
}

TEST_F(FullResponse, AnswersToAnotherRequestAreNone) {
  const CmcRequest other = make_full_request(device_request(), {nullptr, &device_key()}).value();
  EXPECT_EQ(problem(response_of(answer_to(other, success))).kind, ProblemKind::answer);
  Draft without_transaction = answer_to(request, success);
  without_transaction.controls.erase(without_transaction.controls.begin() + 1);
  EXPECT_THAT(problem(response_of(without_transaction)).reason, HasSubstr("transaction"));
  Draft without_status = answer_to(request, success);
  without_status.controls.pop_back();
  EXPECT_THAT(problem(response_of(without_status)).reason, HasSubstr("no status"));
}

TEST_F(FullResponse, OnlyAuthoritiesAreBelieved) {
  Draft by_device = answer_to(request, success);
  by_device.key = &responder().device.key;
  by_device.signer = responder().issued;
  EXPECT_EQ(problem(response_of(by_device)).kind, ProblemKind::untrusted);

  const TestAuthority stranger("CN=stranger");
  Draft by_stranger = answer_to(request, success);
  by_stranger.key = &stranger.key;
  by_stranger.signer = issue_self(stranger);
  by_stranger.bag.push_back(by_stranger.signer);
  EXPECT_EQ(problem(response_of(by_stranger)).kind, ProblemKind::untrusted);

  Draft forged = answer_to(request, success);
  forged.key = &stranger.key;
  EXPECT_THAT(problem(response_of(forged)).reason, HasSubstr("does not verify"));
}

TEST_F(FullResponse, ARegistrationAuthorityMaySign) {
  const TestAuthority ra("CN=ra");
  Draft draft = answer_to(request, success);
  draft.key = &ra.key;
  draft.signer = issue(ra, responder().authority, {test_now - 1, test_now + 1, false, {codec::make_extended_key_usage({oids::cmc_ra})}});
  draft.bag.push_back(draft.signer);
  EXPECT_TRUE(read_full_response(response_of(draft), request, responder().trust()).ok());
}

TEST_F(FullResponse, GarbageIsNoAnswer) {
  Draft data = answer_to(request, success);
  data.content_type = codec::cmc_content::pki_data();
  EXPECT_EQ(problem(response_of(data)).kind, ProblemKind::answer);
  est::http::Response damaged = response_of(answer_to(request, success));
  for (std::size_t size = 0; size < damaged.body.size(); size += 97) {
    est::http::Response cut = damaged;
    cut.body.resize(size);
    EXPECT_NE(problem(cut).reason, "");
  }
  EXPECT_EQ(problem(est::ops::text_response(400, "no")).kind, ProblemKind::refused);
}

}  // namespace
}  // namespace client
