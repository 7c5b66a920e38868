#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/report/results.h"

namespace conformance::report {
namespace {

using engine::Deviation;
using engine::Verdict;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* today = "2026-06-15";

Deviation entry(std::string scenario, Verdict verdict = Verdict::fail, std::string expires = "2026-12-31") {
  return {std::move(scenario), verdict, "an old stack", "Jo Doe", std::move(expires), {"acme.yaml", 7}};
}

Results run(std::vector<std::pair<std::string, Verdict>> verdicts) {
  Results results;
  for (auto& [id, verdict] : verdicts) {
    engine::ScenarioResult& one = results.scenarios.emplace_back();
    one.id = id;
    one.verdict = verdict;
  }
  return results;
}

Results judged(Results results, std::vector<Deviation> deviations, bool everything = true) {
  apply_deviations(results, deviations, today, everything);
  return results;
}

TEST(Deviations, AKnownFailureIsKeptButDoesNotFailTheRun) {
  const Results results = judged(run({{"A", Verdict::fail}, {"B", Verdict::pass}}), {entry("A")});
  EXPECT_EQ(results.scenarios[0].verdict, Verdict::fail);
  ASSERT_TRUE(results.scenarios[0].deviation);
  EXPECT_EQ(results.scenarios[0].deviation->owner, "Jo Doe");
  EXPECT_THAT(results.stale, IsEmpty());
  EXPECT_EQ(exit_code(results), 0);
}

TEST(Deviations, AnotherFailureStillFails) {
  EXPECT_EQ(exit_code(judged(run({{"A", Verdict::fail}, {"B", Verdict::fail}}), {entry("A")})), 1);
  EXPECT_EQ(exit_code(judged(run({{"A", Verdict::inconclusive}, {"B", Verdict::pass}}), {entry("A", Verdict::inconclusive)})), 0);
}

TEST(Deviations, WhatDoesNotDescribeTheTargetIsStale) {
  struct Case {
    Verdict seen;
    Deviation listed;
    int code;
    const char* problem;
  };
  const std::vector<Case> cases{
      {Verdict::pass, entry("A"), 3, "the scenario passes"},
      {Verdict::warn, entry("A"), 3, "listed as FAIL, but it came to WARN"},
      {Verdict::fail, entry("A", Verdict::warn), 1, "listed as WARN, but it came to FAIL"},
      {Verdict::not_applicable, entry("A"), 3, "does not apply"},
      {Verdict::fail, entry("A", Verdict::fail, "2026-06-14"), 1, "it expired on 2026-06-14"},
      {Verdict::warn, entry("A", Verdict::warn, "2026-06-14"), 3, "it expired"},
      {Verdict::pass, entry("Z"), 3, "there is no such scenario"},
  };
  for (const auto& one : cases) {
    const Results results = judged(run({{"A", one.seen}, {"B", Verdict::pass}}), {one.listed});
    ASSERT_EQ(results.stale.size(), 1U) << one.problem;
    EXPECT_THAT(results.stale[0].problem, HasSubstr(one.problem));
    EXPECT_THAT(results.stale[0].problem, HasSubstr("[acme.yaml:7]"));
    EXPECT_FALSE(results.scenarios[0].deviation);
    EXPECT_EQ(exit_code(results), one.code) << one.problem;
  }
}

TEST(Deviations, TheLastDayCounts) {
  EXPECT_EQ(exit_code(judged(run({{"A", Verdict::fail}, {"B", Verdict::pass}}), {entry("A", Verdict::fail, today)})), 0);
}

TEST(Deviations, AnIdCoversItsMatrix) {
  const Results results = judged(run({{"A/1", Verdict::fail}, {"A/2", Verdict::pass}, {"AB", Verdict::pass}}), {entry("A")});
  EXPECT_TRUE(results.scenarios[0].deviation);
  EXPECT_FALSE(results.scenarios[1].deviation);
  EXPECT_EQ(exit_code(results), 0);
  EXPECT_EQ(exit_code(judged(run({{"A/1", Verdict::fail}, {"A/2", Verdict::fail}}), {entry("A/1")})), 1);
}

TEST(Deviations, WhatWasNotSelectedIsNotMissed) { EXPECT_THAT(judged(run({{"B", Verdict::pass}}), {entry("A")}, false).stale, IsEmpty()); }

TEST(Certificates, AsCommaSeparatedValues) {
  Results results;
  results.certificates = {{"0a", "CN=CA,O=Acme", "CN=a \"b\"\nc", 0, "EST-SE-001", "control"}};
  EXPECT_EQ(certificates_csv(results),
            "serial,issuer,subject,not_after,scenario,step\r\n"
            "\"0a\",\"CN=CA,O=Acme\",\"CN=a \"\"b\"\" c\",1970-01-01T00:00:00Z,\"EST-SE-001\",\"control\"\r\n");
}

}  // namespace
}  // namespace conformance::report
