#include "conformance/checks/samples_test.h"
#include "est/codec/base64.h"
#include "est/pki/issue.h"

namespace conformance::checks {
namespace {

using namespace samples;
namespace codec = est::codec;
namespace der = est::codec::der;

Exchange cacerts(const std::vector<Bytes>& certificates, std::string name = "step-1") {
  return exchange(est::ops::cacerts_response(certificates), std::move(name));
}

// A new root of the same name, `root` of Pki being the old one.
Plan new_plan(est::UnixTime begin = now - 500, est::UnixTime end = now + 200000) {
  Plan plan = ca_plan("CN=Test Root");
  plan.not_before = der::time(begin);
  plan.not_after = der::time(end);
  return plan;
}

Bytes new_with_new(const Plan& plan = new_plan()) {
  return Pki::get().certify(plan, Pki::get().other_key, Pki::get().other_key.public_key_info());
}
Bytes new_with_old(const Plan& plan = new_plan()) {
  return Pki::get().certify(plan, Pki::get().root_key, Pki::get().other_key.public_key_info());
}
Bytes old_with_new(const Plan& plan = ca_plan("CN=Test Root")) {
  return Pki::get().certify(plan, Pki::get().other_key, Pki::get().root_key.public_key_info());
}

TEST(CacertsRollover, WantsTheThree) {
  const auto& old = Pki::get().root;
  const auto verdict = [](const std::vector<Bytes>& all) { return judge("cacerts-rollover", {}, cacerts(all)).worst; };
  EXPECT_EQ(verdict({new_with_new(), old, old_with_new(), new_with_old()}), Verdict::pass);
  EXPECT_EQ(verdict({old_with_new(), new_with_old(), old, new_with_new()}), Verdict::pass);
  EXPECT_EQ(verdict({new_with_new(), old, new_with_old()}), Verdict::warn);
  EXPECT_EQ(verdict({new_with_new(), old, old_with_new()}), Verdict::warn);
  EXPECT_EQ(verdict({new_with_new(), old_with_new(), new_with_old()}), Verdict::warn);
  EXPECT_EQ(verdict({old}), Verdict::warn);
  EXPECT_EQ(verdict({}), Verdict::fail);
  EXPECT_TRUE(judge("cacerts-rollover", {}, cacerts({old})).cites("INT-34"));
}

TEST(CacertsRollover, LooksAtTheValidityOfTheCrossCertificates) {
  const auto& old = Pki::get().root;
  const auto verdict = [&](const Bytes& owned, const Bytes& nwo) {
    return judge("cacerts-rollover", {}, cacerts({new_with_new(), old, owned, nwo})).worst;
  };
  Plan brief = ca_plan("CN=Test Root");
  brief.not_after = der::time(now + 10);
  EXPECT_EQ(verdict(old_with_new(brief), new_with_old()), Verdict::warn);
  EXPECT_EQ(verdict(old_with_new(), new_with_old(new_plan(now + 5000))), Verdict::warn);
}

TEST(CacertsNewest, EndsLast) {
  const auto& old = Pki::get().root;
  EXPECT_EQ(judge("cacerts-newest", {}, cacerts({old})).worst, Verdict::pass);
  EXPECT_EQ(judge("cacerts-newest", {}, cacerts({old, new_with_new()})).worst, Verdict::pass);
  EXPECT_EQ(judge("cacerts-newest", {}, cacerts({old, new_with_new(new_plan(now - 500, now + 50000))})).worst, Verdict::fail);
  EXPECT_EQ(judge("cacerts-newest", {}, cacerts({old_with_new()})).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("cacerts-newest", {}, answered(500)).worst, Verdict::fail);
}

TEST(CaProfile, IntermediatesFailAnchorsWarn) {
  const auto& pki = Pki::get();
  Plan root = ca_plan("CN=Test Root");
  root.extensions.push_back(codec::make_key_usage(codec::key_usage::key_cert_sign));
  const auto good = pki.certify(root, pki.root_key, pki.root_key.public_key_info());
  EXPECT_EQ(judge("ca-profile", {}, cacerts({good})).worst, Verdict::pass);
  EXPECT_EQ(judge("ca-profile", {}, cacerts({pki.root})).worst, Verdict::warn) << "no keyUsage";
  Plan below = ca_plan("CN=Below");
  below.issuer = "CN=Test Root";
  EXPECT_EQ(judge("ca-profile", {}, cacerts({good, pki.certify(below, pki.root_key, pki.device_key.public_key_info())})).worst,
            Verdict::fail);
  EXPECT_EQ(judge("ca-profile", {}, answered(404)).worst, Verdict::fail);
}

Exchange with_crl(const Bytes& crl) {
  auto response = est::ops::cacerts_response({Pki::get().root});
  response.body = est::to_bytes(codec::encode_base64(codec::encode_certs_only({Pki::get().root}, {crl})));
  return exchange(response);
}

TEST(CrlsInAnswer, ArePermittedByTheirProfile) {
  EXPECT_EQ(judge("crls-in-answer", {}, cacerts({Pki::get().root})).worst, Verdict::pass);
  const est::pki::Issuer issuer{*codec::parse_name("CN=Test Root"), &Pki::get().root_key, Bytes{1, 2}};
  const auto good = est::pki::issue_crl({1, now, now + 100, {{Bytes{5}, now}}}, issuer);
  ASSERT_TRUE(good.ok());
  const auto judged = judge("crls-in-answer", {}, with_crl(*good));
  EXPECT_EQ(judged.worst, Verdict::pass) << judged.told();
  const auto algorithm = codec::encode(codec::AlgorithmIdentifier{codec::oids::ecdsa_with_sha256, {}});
  const auto tbs = der::sequence({algorithm, codec::parse_name("CN=Test Root")->der, der::time(now)});
  const auto bare = judge("crls-in-answer", {}, with_crl(der::sequence({tbs, algorithm, der::bit_string(Bytes{0})})));
  EXPECT_EQ(bare.worst, Verdict::fail);
  EXPECT_NE(bare.told().find("no version 2, it has no nextUpdate, it has no authorityKeyIdentifier, it has no cRLNumber"),
            std::string::npos)
      << bare.told();
  EXPECT_EQ(judge("crls-in-answer", {}, answered(200)).worst, Verdict::inconclusive);
}

TEST(SameCertificates, ComparesSets) {
  const auto& pki = Pki::get();
  const Json rule{{"as", "first"}};
  EXPECT_EQ(judge("same-certificates", rule, {cacerts({pki.root, pki.other_root}, "first"), cacerts({pki.other_root, pki.root})}).worst,
            Verdict::pass);
  EXPECT_EQ(judge("same-certificates", rule, {cacerts({pki.root, pki.other_root}, "first"), cacerts({pki.root})}).worst, Verdict::fail);
  EXPECT_EQ(judge("same-certificates", rule, {cacerts({pki.root}, "first"), answered(403)}).worst, Verdict::fail);
  auto silent = answered(500);
  silent.name = "first";
  EXPECT_EQ(judge("same-certificates", rule, {silent, cacerts({pki.root})}).worst, Verdict::inconclusive);
}

}  // namespace
}  // namespace conformance::checks
