#include "conformance/steps/full_cmc.h"

#include <gtest/gtest.h>

#include <set>

#include "est/codec/cmc_controls.h"
#include "est/codec/signed_data.h"
#include "est/pki/signed_message.h"

namespace conformance::steps {
namespace {

namespace codec = est::codec;

RequestPlan request_plan() {
  return {.key = *est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256),
          .key_type = est::crypto::KeyType::ec_p256,
          .digest = {},
          .subject = *codec::parse_name("CN=device"),
          .san = {*codec::parse_general_name("DNS:device.example")},
          .corrupt = {},
          .encoding = "folded-64",
          .extensions = {},
          .more = {},
          .rename = {},
          .one_time_password = {},
          .resend = {}};
}

CmcPlan sound(bool crmf) {
  CmcPlan plan;
  plan.crmf = crmf;
  plan.user = "user";
  plan.secret = "a secret of some length";
  return plan;
}

TEST(FullCmc, SoundRequestsAreSound) {
  for (const bool crmf : {false, true}) {
    const RequestPlan request = request_plan();
    CmcPlan plan = sound(crmf);
    plan.controls = {"sender-nonce", "transaction-id", "data-return", "identity-proof", "pop-link", "unreferenced"};
    const auto made = make_full_cmc(request, plan, {});
    ASSERT_TRUE(made.ok()) << made.error().message;
    const auto message = codec::decode_signed_data(made->request.der);
    ASSERT_TRUE(message.accepted()) << est::describe_first(message.findings);
    EXPECT_TRUE(*est::pki::verify_signer(message.value->signers.at(0), *message.value->content, request.key.public_key_info()));
    const auto data = codec::decode_pki_data(*message.value->content);
    ASSERT_TRUE(data.accepted()) << est::describe_first(data.findings);
    EXPECT_EQ(data.value->requests.at(0).crmf.has_value(), crmf);
    EXPECT_TRUE(data.value->requests.at(0).findings.empty());
    EXPECT_EQ(codec::read_octets(*data.value->control(codec::cmc_oids::sender_nonce)).value, made->nonce);
    EXPECT_EQ(data.value->others.size(), 1U);
  }
}

// Each word changes something, and no two the same.
TEST(FullCmc, EveryDefectIsOne) {
  const RequestPlan request = request_plan();
  std::set<std::string> names;
  for (const CmcWord& word : cmc_corruptions()) {
    EXPECT_TRUE(names.insert(word.name).second) << word.name;
    CmcPlan plan = sound(word.meaning.find("CRMF") != std::string::npos);
    plan.controls = {"identity-proof", "pop-link"};
    plan.corrupt = word.name;
    EXPECT_TRUE(make_full_cmc(request, plan, {}).ok()) << word.name;
  }
}

}  // namespace
}  // namespace conformance::steps
