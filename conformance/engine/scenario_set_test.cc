#include "conformance/engine/scenario_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace conformance::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// 64 digits that differ with the text; no cryptography is at stake here.
std::string stand_in_digest(std::string_view text) {
  std::uint64_t sum = 14695981039346656037U;
  for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211U;
  std::string digits;
  for (int i = 0; i < 64; ++i) digits += "0123456789abcdef"[(sum >> (4U * (static_cast<unsigned>(i) % 16U))) & 15U];
  return digits;
}

Scenario scenario_called(const std::string& id) {
  Scenario scenario;
  scenario.id = id;
  scenario.title = "A title";
  scenario.requirements = {"R1"};
  scenario.steps = {{.verb = "enroll", .name = "step-1"}};
  scenario.place = {"scenarios/a.yaml", 7};
  return scenario;
}

class FrozenSet : public ::testing::Test {
 protected:
  FrozenSet() : scenarios_{scenario_called("A-1/x"), scenario_called("A-1/y"), scenario_called("A-2")} {
    catalogue_.requirements.push_back({.id = "R1", .level = "MUST"});
    file_ = set_file(freeze("SET-1", "2026-11-26", scenarios_, catalogue_, stand_in_digest));
  }

  // The set as read from its file, with these errata.
  ScenarioSet load(const std::string& errata = "[]") {
    problems_.clear();
    auto sets = load_sets({{"sets/1.yaml", file_}, {"sets/1.errata.yaml", "errata-of: SET-1\nerrata: " + errata + "\n"}}, problems_);
    return sets.empty() ? ScenarioSet() : std::move(sets.front());
  }

  Problems lint_with(const std::string& errata = "[]") { return lint(load(errata), scenarios_, catalogue_, stand_in_digest); }

  std::vector<Scenario> scenarios_;
  Catalogue catalogue_;
  std::string file_;
  Problems problems_;
};

constexpr const char* disabled = "[{scenario: A-1, date: 2026-12-01, reason: the check is too hard}]";

TEST_F(FrozenSet, IsReadAsItWasWritten) {
  const ScenarioSet set = load();
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(set.members.size(), 3U);
  EXPECT_EQ(set.frozen, "2026-11-26");
  EXPECT_THAT(lint_with(), IsEmpty());
}

TEST_F(FrozenSet, ScoresItsMembersOnly) {
  const ScenarioSet set = load(disabled);
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_EQ(set.not_scored("A-2"), "");
  EXPECT_EQ(set.not_scored("A-3"), "not part of SET-1");
  EXPECT_EQ(set.not_scored("A-1/z"), "not part of SET-1");
  EXPECT_EQ(set.not_scored("A-1/x"), "erratum of 2026-12-01: the check is too hard");
}

TEST_F(FrozenSet, TellsWhatWasChangedInSilence) {
  scenarios_[2].steps[0].parameters["key"] = "rsa-2048";
  EXPECT_THAT(lint_with(), ElementsAre(HasSubstr("scenarios/a.yaml:7: SET-1: A-2 was changed since it was frozen")));
  scenarios_[2].revision = 2;
  EXPECT_THAT(lint_with(), ElementsAre(HasSubstr("A-2 has revision 2, the set has 1; take it out of the score by an erratum")));
  EXPECT_THAT(lint_with("[{scenario: A-2, date: 2026-12-01, reason: another key}]"), IsEmpty());
}

TEST_F(FrozenSet, AnErratumExcusesNoChangeInSilence) {
  scenarios_[2].level = Level::should;
  EXPECT_THAT(lint_with("[{scenario: A-2, date: 2026-12-01, reason: softer}]"), ElementsAre(HasSubstr("was changed since it was frozen")));
}

TEST_F(FrozenSet, MindsTheLevelOfRequirements) {
  catalogue_.requirements[0].level = "SHOULD";
  EXPECT_EQ(lint_with().size(), 3U);
}

TEST_F(FrozenSet, LetsReasonsAndTagsBeMended) {
  scenarios_[0].why = "Because.";
  scenarios_[0].tags = {"slow"};
  EXPECT_THAT(lint_with(), IsEmpty());
}

TEST_F(FrozenSet, TellsWhatIsGone) {
  scenarios_.erase(scenarios_.begin());
  EXPECT_THAT(lint_with(), ElementsAre(HasSubstr("sets/1.yaml:6: SET-1: A-1/x is gone")));
  EXPECT_THAT(lint_with(disabled), IsEmpty());
}

TEST_F(FrozenSet, TellsThatItsOwnFileWasChanged) {
  file_.replace(file_.find(" MUST "), 6, " MAY ");
  EXPECT_THAT(lint_with(), ElementsAre(HasSubstr("the file was changed")));
}

TEST_F(FrozenSet, ErrataCanDoNothingElse) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"[{scenario: A-9, date: 2026-12-01, reason: new}]", "'A-9' is not in SET-1"},
      {"[{scenario: A-2, date: 2026-11-25, reason: early}]", "no day since the set was frozen"},
      {"[{scenario: A-2, date: 2026-12-01}]", "'reason' is missing"},
      {"[{scenario: A-2, date: 2026-12-01, reason: a, level: MAY}]", "unknown key 'level'"},
      {"[{scenario: A-2, date: 2026-12-01, reason: a}, {scenario: A-2, date: 2026-12-01, reason: b}]", "a second erratum"},
      {"[A-2]", "must be a map"},
      {"A-2", "must be a list"}};
  for (const auto& [errata, problem] : cases) {
    (void)load(errata);
    EXPECT_THAT(problems_, ElementsAre(HasSubstr(problem))) << errata;
  }
}

TEST_F(FrozenSet, IsStrictAboutItsFile) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"frozen: 2026-11-26", "frozen: yesterday"}, {" 1 MUST ", " one MUST "}, {" 1 MUST ", " 1 PERHAPS "}, {"set: SET-1", "set: ../x"}};
  const std::string good = file_;
  for (const auto& [line, instead] : cases) {
    file_ = good;
    file_.replace(file_.find(line), line.size(), instead);
    Problems problems;
    (void)load_sets({{"sets/1.yaml", file_}}, problems);
    EXPECT_EQ(problems.size(), 1U) << instead;
  }
}

}  // namespace
}  // namespace conformance::engine
