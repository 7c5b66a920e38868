#include "conformance/report/compare.h"

#include <gmock/gmock.h>

namespace conformance::report {
namespace {

using engine::Verdict;
using testing::IsEmpty;

Results run_of(std::initializer_list<std::pair<const char*, Verdict>> scenarios) {
  Results results;
  results.target = {{"name", "Acme"}, {"version", "1"}, {"claims", {"simpleenroll"}}};
  for (const auto& [id, verdict] : scenarios) {
    engine::ScenarioResult result;
    result.id = id;
    result.verdict = verdict;
    results.scenarios.push_back(std::move(result));
  }
  return results;
}

TEST(Compare, TellsBetterWorseNewAndGone) {
  const auto before = run_of({{"A", Verdict::pass}, {"B", Verdict::fail}, {"C", Verdict::pass}, {"D", Verdict::not_applicable}});
  const auto after = run_of({{"A", Verdict::fail}, {"B", Verdict::warn}, {"D", Verdict::pass}, {"E", Verdict::pass}});
  std::vector<std::string> told;
  for (const auto& change : compare(before, after)) told.push_back(std::string(to_string(change.kind)) + " " + change.scenario);
  EXPECT_THAT(told, testing::ElementsAre("worse A", "better B", "changed D", "new E", "gone C"));
}

TEST(Compare, AnotherCauseIsAChange) {
  auto before = run_of({{"A", Verdict::fail}});
  auto after = before;
  EXPECT_THAT(compare(before, after), IsEmpty());
  after.scenarios.front().cause = "It answered 500.";
  ASSERT_EQ(compare(before, after).size(), 1U);
  EXPECT_EQ(compare(before, after).front().kind, Change::Kind::other);
}

TEST(Compare, SaysWhatElseIsNotTheSame) {
  auto before = run_of({});
  auto after = before;
  EXPECT_THAT(other_conditions(before, after), IsEmpty());
  after.target["version"] = "2";
  after.strict = true;
  after.digest = "ff";
  const auto sentences = other_conditions(before, after);
  ASSERT_EQ(sentences.size(), 3U);
  EXPECT_EQ(sentences.front(), "version: 1 before, 2 now");
}

TEST(Compare, SaysThatTheSetIsAnother) {
  auto before = run_of({{"A", Verdict::fail}});
  auto after = before;
  before.set = ScoredBy{"EST-2026.1", "aa"};
  after.set = ScoredBy{"EST-2026.1", "bb"};
  EXPECT_THAT(other_conditions(before, after), testing::ElementsAre("digest of EST-2026.1: aa before, bb now"));
  before.set.reset();
  after.certify = true;
  EXPECT_THAT(other_conditions(before, after),
              testing::ElementsAre("scored by: none before, EST-2026.1 now", "for certification now, and not before"));
  after.scenarios.front().not_scored = "it is later than EST-2026.1";
  ASSERT_EQ(compare(before, after).size(), 1U);
  EXPECT_EQ(compare(before, after).front().after, "FAIL (not scored)");
}

}  // namespace
}  // namespace conformance::report
