#include "conformance/report/exchange_forms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/engine/json.h"

namespace conformance::report {
namespace {

using engine::Verdict;
using ::testing::HasSubstr;
using ::testing::Not;

engine::ScenarioResult one(const std::string& id, Verdict verdict, const std::string& cause) {
  engine::ScenarioResult result;
  result.id = id;
  result.title = "A title # with a hash";
  result.verdict = verdict;
  result.cause = cause;
  result.requirements = {"R7030-1"};
  return result;
}

Results of_every_kind() {
  Results results;
  results.scenarios = {one("EST-A", Verdict::pass, ""),
                       one("EST-B", Verdict::fail, "It answered 200\nnot ok 99"),
                       one("EST-C", Verdict::warn, "odd"),
                       one("EST-D", Verdict::inconclusive, "nothing to see"),
                       one("EST-E", Verdict::not_applicable, "no fullcmc"),
                       one("EST-F", Verdict::error, "our fault"),
                       one("EST-G", Verdict::fail, "known")};
  results.scenarios.back().deviation = engine::KnownDeviation{"mended in 2.0", "Ada", "2027-01-01"};
  return results;
}

TEST(Tap, TellsEveryVerdict) {
  const std::string text = tap(of_every_kind());
  EXPECT_THAT(text, HasSubstr("TAP version 14\n1..7\nok 1 - EST-A A title \\# with a hash\nnot ok 2 - EST-B"));
  EXPECT_THAT(text, HasSubstr("\nok 3 - EST-C"));
  EXPECT_THAT(text, HasSubstr("\nnot ok 4 - EST-D"));
  EXPECT_THAT(text, HasSubstr("\nok 5 - EST-E A title \\# with a hash # SKIP no fullcmc\n"));
  EXPECT_THAT(text, HasSubstr("\nnot ok 6 - EST-F"));
  EXPECT_THAT(text, HasSubstr("# TO"
                              "DO known until 2027-01-01: mended in 2.0\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nnot ok 99")));
}

TEST(Sarif, HoldsWhatWasFound) {
  const auto json = engine::parse_json(sarif(of_every_kind(), {}));
  ASSERT_TRUE(json.ok()) << json.error().message;
  const engine::Json& run = (*json)["runs"][0];
  ASSERT_EQ(run["results"].size(), 4U);
  EXPECT_EQ(run["results"][0]["level"], "error");
  EXPECT_EQ(run["results"][1]["level"], "warning");
  EXPECT_EQ(run["results"][2]["kind"], "open");
  EXPECT_EQ(run["results"][2]["level"], "none");
  EXPECT_EQ(run["results"][3]["suppressions"][0]["justification"], "mended in 2.0");
  EXPECT_EQ(run["tool"]["driver"]["rules"].size(), 4U);
  EXPECT_EQ(run["invocations"][0]["executionSuccessful"], false);
  EXPECT_THAT(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].get<std::string>(), HasSubstr("EST-F"));
}

}  // namespace
}  // namespace conformance::report
