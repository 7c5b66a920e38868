// Runs against a frozen set: what is beside it is told, and does not count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/report/exchange_forms.h"
#include "conformance/report/html.h"
#include "conformance/report/markdown.h"
#include "conformance/report/results.h"

namespace conformance::report {
namespace {

using engine::ScenarioResult;
using engine::Verdict;
using ::testing::HasSubstr;

ScenarioResult scored_as(const std::string& id, Verdict verdict, const std::string& not_scored) {
  ScenarioResult result;
  result.id = id;
  result.title = "A title";
  result.role = "server";
  result.section = "RFC 7030 4.2";
  result.verdict = verdict;
  result.not_scored = not_scored;
  return result;
}

Results by_set() {
  Results results;
  results.set = ScoredBy{"EST-2026.1", std::string(64, 'b')};
  results.scenarios = {scored_as("A-1", Verdict::pass, ""), scored_as("A-2", Verdict::fail, "not part of EST-2026.1"),
                       scored_as("A-3", Verdict::inconclusive, "erratum of 2026-12-01: too hard")};
  return results;
}

TEST(Scored, WhatIsBesideTheSetDoesNotCount) {
  Results results = by_set();
  EXPECT_EQ(exit_code(results), 0);
  EXPECT_EQ(results.totals().at(Verdict::fail), 1U);
  EXPECT_EQ(results.scored().at(Verdict::fail), 0U);
  results.scenarios.push_back(scored_as("A-4", Verdict::fail, ""));
  EXPECT_EQ(exit_code(results), 1);
  results.scenarios.erase(results.scenarios.begin());
  results.scenarios.pop_back();
  EXPECT_EQ(exit_code(results), 4);  // nothing that counts
}

TEST(Scored, GoesThroughResultsJson) {
  const auto json = to_json(by_set());
  EXPECT_EQ(json["set"]["totals"]["pass"], 1);
  EXPECT_EQ(json["set"]["not_scored"], 2);
  const auto again = results_from_json(json);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(to_json(*again), json);
}

TEST(Scored, IsToldEverywhere) {
  const Results results = by_set();
  EXPECT_THAT(text_summary(results, {}, {}, {}), HasSubstr("not scored"));
  EXPECT_THAT(text_summary(results, {}, {}, {}), HasSubstr("1 scenarios: 1 PASS; 2 more are not scored"));
  const std::vector<engine::Scenario> no_scenarios;
  const engine::Catalogue no_catalogue;
  const std::string page = html_report({results, no_scenarios, no_catalogue});
  EXPECT_THAT(page, HasSubstr("<strong>2</strong> are not scored"));
  EXPECT_THAT(page, HasSubstr("<dt>Not scored</dt><dd>erratum of 2026-12-01: too hard</dd>"));
  EXPECT_THAT(page, HasSubstr("EST-2026.1"));
  EXPECT_THAT(tap(results), HasSubstr("DO not scored: not part of EST-2026.1"));
  EXPECT_THAT(sarif(results, no_scenarios), HasSubstr("not scored: not part of EST-2026.1"));
  EXPECT_THAT(markdown_summary(results, 10), HasSubstr("FAIL (not scored)"));
  EXPECT_THAT(junit_xml(results), HasSubstr("<skipped type=\"not scored\" message=\"FAIL, not scored: not part of EST-2026.1\""));
}

}  // namespace
}  // namespace conformance::report
