#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;
namespace der = est::codec::der;

Exchange anchors() { return exchange(est::ops::cacerts_response({Pki::get().root}), "anchors"); }

Judged judged(const Plan& plan) { return judge("fits-issuer", {{"cacerts", "anchors"}}, {anchors(), enrolled(Pki::get().device(plan))}); }

TEST(FitsIssuer, LooksAtNameIdentifierAndEnd) {
  EXPECT_EQ(judged({}).worst, Verdict::pass) << judged({}).told();
  Plan plan;
  plan.not_after = der::time(now + 200000);
  EXPECT_EQ(judged(plan).worst, Verdict::warn);
  plan = {};
  plan.issuer = "CN=test root";  // the same name, encoded otherwise
  EXPECT_EQ(judged(plan).worst, Verdict::fail);
  plan = {};
  plan.authority_key_identifier = false;
  plan.extensions = {{est::codec::oids::authority_key_identifier, false, der::sequence({der::context(0, Bytes{1, 2, 3}, false)})}};
  EXPECT_EQ(judged(plan).worst, Verdict::fail);
  plan.extensions.clear();
  EXPECT_EQ(judged(plan).worst, Verdict::pass) << "certificate-profile says what is missing";
}

TEST(FitsIssuer, NeedsBothSides) {
  const Json rule{{"cacerts", "anchors"}};
  EXPECT_EQ(judge("fits-issuer", rule, enrolled(Pki::get().device())).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("fits-issuer", rule, {anchors(), answered(400)}).worst, Verdict::inconclusive);
  auto others = anchors();
  others.response = est::http::encode(est::ops::cacerts_response({Pki::get().other_root}));
  EXPECT_EQ(judge("fits-issuer", rule, {others, enrolled(Pki::get().device())}).worst, Verdict::inconclusive);
}

}  // namespace
}  // namespace conformance::checks
