#include "conformance/checks/samples_test.h"

namespace conformance::checks {
namespace {

using namespace samples;

TEST(SubjectAsRequested, IsTheCasToDecide) {
  const auto& pki = Pki::get();
  EXPECT_EQ(judge("subject-as-requested", {}, enrolled(pki.device())).worst, Verdict::pass);
  const auto other = enrolled(pki.device(with_names("CN=somebody", {})));
  EXPECT_EQ(judge("subject-as-requested", {}, other).worst, Verdict::warn);
  EXPECT_EQ(judge("subject-as-requested", {{"otherwise", "fail"}}, other).worst, Verdict::fail);
  EXPECT_EQ(judge("subject-as-requested", {{"otherwise", "inconclusive"}}, other).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("subject-as-requested", {}, answered(400)).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("subject-as-requested", {}, failed("read", "timeout")).worst, Verdict::fail);
}

TEST(SanAsRequested, EveryNameMustBeThere) {
  const auto& pki = Pki::get();
  const auto asked = [&](const Plan& plan) {
    auto made = enrolled(pki.device(plan));
    made.artefacts["san"] = est::codec::encode_general_names({*est::codec::parse_general_name("DNS:a.example")});
    return made;
  };
  EXPECT_EQ(judge("san-as-requested", {}, asked(with_names("CN=a", {"DNS:A.example", "IP:192.0.2.1"}))).worst, Verdict::pass);
  EXPECT_EQ(judge("san-as-requested", {}, asked(with_names("CN=a", {}))).worst, Verdict::warn);
  EXPECT_EQ(judge("san-as-requested", {{"otherwise", "fail"}}, asked(with_names("CN=a", {"DNS:b.example"}))).worst, Verdict::fail);
  EXPECT_EQ(judge("san-as-requested", {}, enrolled(pki.device())).worst, Verdict::inconclusive);
}

TEST(NamesKept, ComparesWithTheOldCertificate) {
  const auto& pki = Pki::get();
  const auto old = enrolled(pki.device(with_names("CN=a", {"DNS:a.example"})), "first");
  const Json rule{{"old", "first"}};
  EXPECT_EQ(judge("names-kept", rule, {old, enrolled(pki.device(with_names("CN=a", {"DNS:a.example"})))}).worst, Verdict::pass);
  EXPECT_EQ(judge("names-kept", rule, {old, enrolled(pki.device(with_names("CN=a", {})))}).worst, Verdict::warn);
  EXPECT_EQ(judge("names-kept", {{"old", "first"}, {"otherwise", "fail"}}, {old, enrolled(pki.device())}).worst, Verdict::fail);
  EXPECT_EQ(judge("names-kept", {}, enrolled(pki.device())).worst, Verdict::inconclusive);
  auto shown = enrolled(pki.device());
  shown.artefacts["client-certificate"] = pki.device();
  EXPECT_EQ(judge("names-kept", {}, shown).worst, Verdict::pass);
}

TEST(ChangedNames, ByInt22) {
  const auto& pki = Pki::get();
  const auto old = enrolled(pki.device(with_names("CN=a", {})), "first");
  const Json rule{{"old", "first"}};
  const auto changed = enrolled(pki.device(with_names("CN=b", {})));
  EXPECT_EQ(judge("changed-names", rule, {old, answered(400)}).worst, Verdict::pass);
  EXPECT_EQ(judge("changed-names", rule, {old, answered(500)}).worst, Verdict::warn);
  EXPECT_EQ(judge("changed-names", rule, {old, answered(202)}).worst, Verdict::inconclusive);
  EXPECT_EQ(judge("changed-names", rule, {old, answered(200)}).worst, Verdict::fail);
  EXPECT_EQ(judge("changed-names", rule, {old, enrolled(pki.device(with_names("CN=A", {})))}).worst, Verdict::warn);
  EXPECT_EQ(judge("changed-names", rule, {old, changed}).worst, Verdict::fail);
  EXPECT_EQ(judge("changed-names", {{"old", "first"}, {"policy-allows", true}}, {old, changed}).worst, Verdict::warn);
  EXPECT_EQ(judge("changed-names", rule, {old, failed("read", "timeout")}).worst, Verdict::fail);
  EXPECT_TRUE(judge("changed-names", rule, {old, changed}).cites("INT-22"));
}

}  // namespace
}  // namespace conformance::checks
