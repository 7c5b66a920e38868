#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;

Bytes cross_certificate() {
  const auto& pki = Pki::get();
  Plan plan = ca_plan("CN=Test Root");
  plan.issuer = "CN=Other Root";
  return pki.certify(plan, pki.other_key, pki.root_key.public_key_info());
}

TEST(CacertsRoot, MustBeSelfSignedAndCurrent) {
  const auto& pki = Pki::get();
  EXPECT_EQ(judge("cacerts-root", {}, anchors({pki.root})).worst, Verdict::pass);
  const auto without = judge("cacerts-root", {}, anchors({cross_certificate()}));
  EXPECT_EQ(without.worst, Verdict::fail);
  EXPECT_TRUE(without.cites("INT-33"));
  Plan old = ca_plan("CN=Test Root");
  old.not_after = est::codec::der::time(now - 1);
  const auto expired = pki.certify(old, pki.root_key, pki.root_key.public_key_info());
  EXPECT_EQ(judge("cacerts-root", {}, anchors({expired})).worst, Verdict::fail);
  EXPECT_EQ(judge("cacerts-root", {}, anchors({expired, pki.root})).worst, Verdict::pass);
}

TEST(CacertsRoot, SelfIssuedIsNotSelfSigned) {
  const auto& pki = Pki::get();
  const auto new_with_old = pki.certify(ca_plan("CN=Test Root"), pki.other_key, pki.root_key.public_key_info());
  EXPECT_EQ(judge("cacerts-root", {}, anchors({new_with_old})).worst, Verdict::fail);
}

TEST(CacertsRoot, OddAnchors) {
  const auto& pki = Pki::get();
  Plan plan = ca_plan("CN=Test Root");
  plan.extensions.clear();
  EXPECT_EQ(judge("cacerts-root", {}, anchors({pki.certify(plan, pki.root_key, pki.root_key.public_key_info())})).worst, Verdict::warn);
  Evidence evidence;
  evidence.started = now;
  evidence.exchanges = {anchors({cross_certificate()})};
  EXPECT_EQ(judge_in(evidence, "cacerts-root", Json::object(), false, {{"claims", {"intermediate-trust-anchor"}}}).worst, Verdict::warn);
  EXPECT_EQ(judge("cacerts-root", {}, answered(200)).worst, Verdict::fail);
  EXPECT_EQ(judge("cacerts-root", {}, answered(401)).worst, Verdict::fail);
  EXPECT_EQ(judge("cacerts-root", {}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(CacertsChain, CompletesThePath) {
  const auto& pki = Pki::get();
  const auto device = enrolled(pki.device(), "device");
  const Json rule{{"issued", "device"}};
  EXPECT_EQ(judge("cacerts-chain", rule, {device, anchors({pki.root})}).worst, Verdict::pass);
  EXPECT_EQ(judge("cacerts-chain", rule, {device, anchors({cross_certificate(), pki.other_root})}).worst, Verdict::pass);
  EXPECT_EQ(judge("cacerts-chain", rule, {device, anchors({pki.other_root})}).worst, Verdict::fail);
  EXPECT_EQ(judge("cacerts-chain", rule, {device, answered(500)}).worst, Verdict::fail);
  EXPECT_EQ(judge("cacerts-chain", rule, anchors({pki.root})).worst, Verdict::inconclusive);
}

TEST(CacertsConsistent, HoldsOnlyItsOwnCas) {
  const auto& pki = Pki::get();
  EXPECT_EQ(judge("cacerts-consistent", {}, anchors({pki.root})).worst, Verdict::pass);
  EXPECT_EQ(judge("cacerts-consistent", {}, anchors({cross_certificate(), pki.other_root})).worst, Verdict::pass);
  EXPECT_EQ(judge("cacerts-consistent", {}, anchors({pki.root, pki.device()})).worst, Verdict::warn);
  EXPECT_EQ(judge("cacerts-consistent", {}, anchors({pki.root, cross_certificate()})).worst, Verdict::warn);
  EXPECT_EQ(judge("cacerts-consistent", {}, answered(200)).worst, Verdict::fail);
}

}  // namespace
}  // namespace conformance::checks
