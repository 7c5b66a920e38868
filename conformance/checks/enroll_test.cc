#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;

TEST(CertificateIssued, NeedsOne) {
  EXPECT_EQ(judge("certificate-issued", {}, enrolled(Pki::get().device())).worst, Verdict::pass);
  EXPECT_EQ(judge("certificate-issued", {}, answered(200)).worst, Verdict::fail);
  EXPECT_EQ(judge("certificate-issued", {}, answered(400)).worst, Verdict::fail);
  EXPECT_EQ(judge("certificate-issued", {}, answered(202)).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("certificate-issued", {}, answered(503)).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("certificate-issued", {}, failed("read", "timeout")).worst, Verdict::fail);
  EXPECT_EQ(judge("certificate-issued", {}, failed("connect", "local")).worst, Verdict::inconclusive);
}

TEST(OnlyIssuedCertificate, ByInt03) {
  const auto& pki = Pki::get();
  const auto device = pki.device();
  Plan cross = ca_plan("CN=Test Root");
  cross.issuer = "CN=Upper Root";
  const auto issuer = pki.certify(cross, pki.other_key, pki.root_key.public_key_info());
  EXPECT_EQ(judge("only-issued-certificate", {}, enrolled(device)).worst, Verdict::pass);
  EXPECT_EQ(judge("only-issued-certificate", {}, enrolled_with({device, issuer})).worst, Verdict::warn);
  EXPECT_EQ(judge("only-issued-certificate", {}, enrolled_with({device, issuer}), true).worst, Verdict::fail);
  EXPECT_EQ(judge("only-issued-certificate", {}, enrolled_with({device, pki.root})).worst, Verdict::fail);
  EXPECT_EQ(judge("only-issued-certificate", {}, enrolled_with({pki.other_root, device})).worst, Verdict::fail);
  EXPECT_EQ(judge("only-issued-certificate", {}, answered(400)).worst, Verdict::inconclusive);
  EXPECT_TRUE(judge("only-issued-certificate", {}, enrolled_with({device, issuer})).cites("INT-03"));
}

TEST(KeyMatches, ComparesWithTheRequest) {
  const auto& pki = Pki::get();
  EXPECT_EQ(judge("key-matches", {}, enrolled(pki.device())).worst, Verdict::pass);
  const auto foreign = pki.certify({}, pki.root_key, pki.other_key.public_key_info());
  EXPECT_EQ(judge("key-matches", {}, enrolled(foreign)).worst, Verdict::fail);
  auto unknown = enrolled(pki.device());
  unknown.artefacts.erase("spki");
  EXPECT_EQ(judge("key-matches", {}, unknown).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("key-matches", {{"or-none", true}}, answered(202)).worst, Verdict::pass);
  EXPECT_EQ(judge("key-matches", {{"or-none", true}}, enrolled(foreign)).worst, Verdict::fail);
  EXPECT_EQ(judge("key-matches", {}, answered(202)).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("key-matches", {}, failed("read", "timeout")).worst, Verdict::inconclusive);
}

TEST(KeyMatches, AnotherEncodingOfTheKeyCounts) {
  auto made = enrolled(Pki::get().device());
  made.artefacts["spki"] = est::to_bytes("another encoding");
  EXPECT_EQ(judge("key-matches", {}, made).worst, Verdict::fail);
  made.artefacts["csr"] = Pki::get().request();
  EXPECT_EQ(judge("key-matches", {}, made).worst, Verdict::pass);
}

TEST(ChainsTo, FollowsThePathAtTheTimeOfTheRun) {
  const auto& pki = Pki::get();
  const Json rule{{"cacerts", "anchors"}};
  const auto good = anchors({pki.root});
  EXPECT_EQ(judge("chains-to", rule, {good, enrolled(pki.device())}).worst, Verdict::pass);
  EXPECT_EQ(judge("chains-to", rule, {anchors({pki.other_root}), enrolled(pki.device())}).worst, Verdict::fail);
  Plan expired;
  expired.not_after = est::codec::der::time(now - 1);
  EXPECT_EQ(judge("chains-to", rule, {good, enrolled(pki.device(expired))}).worst, Verdict::fail);
  Plan fresh;
  fresh.not_before = est::codec::der::time(now + 30);  // issued while the scenario ran
  EXPECT_EQ(judge("chains-to", rule, {good, enrolled(pki.device(fresh))}).worst, Verdict::pass);
}

TEST(ChainsTo, IntermediatesAndAnchorsWithoutRoot) {
  const auto& pki = Pki::get();
  const Json rule{{"cacerts", "anchors"}};
  Plan plan = ca_plan("CN=Test Root");
  plan.issuer = "CN=Other Root";
  const auto intermediate = pki.certify(plan, pki.other_key, pki.root_key.public_key_info());
  EXPECT_EQ(judge("chains-to", rule, {anchors({intermediate, pki.other_root}), enrolled(pki.device())}).worst, Verdict::pass);
  EXPECT_EQ(judge("chains-to", rule, {anchors({intermediate}), enrolled(pki.device())}).worst, Verdict::pass);
}

TEST(ChainsTo, WithoutMaterialNothingIsSettled) {
  const Json rule{{"cacerts", "anchors"}};
  const auto device = enrolled(Pki::get().device());
  EXPECT_EQ(judge("chains-to", rule, device).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("chains-to", rule, {anchors({Pki::get().root}), answered(400)}).worst, Verdict::inconclusive);
  auto missing = answered(404);
  missing.name = "anchors";
  EXPECT_EQ(judge("chains-to", rule, {missing, device}).worst, Verdict::inconclusive);
}

TEST(Comparisons, SerialCertificateAndKey) {
  const auto& pki = Pki::get();
  Plan other;
  other.serial = {0x33};
  const auto first = enrolled(pki.device(), "first");
  const auto second = enrolled(pki.device(other), "second");
  const auto again = enrolled(pki.certify({}, pki.root_key, pki.other_key.public_key_info()), "again");
  auto repeated = first;
  repeated.name = "repeated";
  EXPECT_EQ(judge("serial-differs", {{"from", "first"}}, {first, second}).worst, Verdict::pass);
  EXPECT_EQ(judge("serial-differs", {{"from", "first"}}, {first, again}).worst, Verdict::fail);
  EXPECT_EQ(judge("same-certificate", {{"as", "first"}}, {first, repeated}).worst, Verdict::pass);
  EXPECT_EQ(judge("same-certificate", {{"as", "first"}}, {first, second}).worst, Verdict::fail);
  EXPECT_EQ(judge("same-certificate", {{"as", "first"}, {"or-none", true}}, {first, answered(202)}).worst, Verdict::pass);
  EXPECT_EQ(judge("same-certificate", {{"as", "first"}}, {first, answered(202)}).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("same-key", {{"as", "first"}}, {first, second}).worst, Verdict::pass);
  EXPECT_EQ(judge("same-key", {{"as", "first"}}, {first, again}).worst, Verdict::fail);
  EXPECT_EQ(judge("different-key", {{"as", "first"}}, {first, again}).worst, Verdict::pass);
  EXPECT_EQ(judge("different-key", {{"as", "first"}}, {first, second}).worst, Verdict::fail);
  EXPECT_EQ(judge("same-key", {{"as", "nowhere"}}, {first, second}).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("same-key", {{"as", "first"}}, {first, answered(400)}).worst, Verdict::inconclusive);
}

TEST(SerialDiffers, OrThereIsOneCertificateOnly) {
  const auto first = enrolled(Pki::get().device(), "first");
  auto refused = answered(409);
  refused.name = "first";
  const Json rule{{"from", "first"}, {"or-none", true}};
  EXPECT_EQ(judge("serial-differs", rule, {first, answered(409)}).worst, Verdict::pass);
  EXPECT_EQ(judge("serial-differs", rule, {refused, enrolled(Pki::get().device())}).worst, Verdict::pass);
  EXPECT_EQ(judge("serial-differs", rule, {first, enrolled(Pki::get().device())}).worst, Verdict::fail);
  EXPECT_EQ(judge("serial-differs", {{"from", "first"}}, {first, answered(409)}).worst, Verdict::inconclusive);
}

TEST(OneIssued, AnyOfThemWillDo) {
  auto bound = answered(400);
  bound.name = "bound";
  const auto unbound = enrolled(Pki::get().device(), "unbound");
  EXPECT_EQ(judge("one-issued", {{"among", {"bound", "unbound"}}}, {bound, unbound}).worst, Verdict::pass);
  EXPECT_EQ(judge("one-issued", {{"among", {"bound"}}}, {bound, unbound}).worst, Verdict::fail);
  EXPECT_EQ(judge("one-issued", {{"among", {"lost"}}}, {bound, unbound}).worst, Verdict::inconclusive);
}

}  // namespace
}  // namespace conformance::checks
