// The machinery of the matrix, with a role made up for it.
#include "conformance/selftest/matrix.h"

#include <gmock/gmock.h>

#include <mutex>

namespace conformance::selftest {
namespace {

using engine::Scenario;
using engine::ScenarioResult;
using engine::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Scenario scenario(const std::string& id, const std::vector<std::string>& tags = {}) {
  Scenario made;
  made.id = id;
  made.tags = tags;
  return made;
}

// What each fault does: scenario id -> verdict, PASS where nothing is said.
using Effects = std::map<std::string, Verdict>;

class MatrixTest : public testing::Test {
 protected:
  void fault(const Promised& promised, const Effects& effects) {
    role.faults.push_back(promised);
    effects_.push_back(effects);
  }
  Matrix run(const MatrixOptions& options = {}) {
    role.run = [this](std::optional<std::size_t> number, const std::vector<Scenario>& given,
                      unsigned) -> est::Result<std::vector<ScenarioResult>> {
      const std::lock_guard lock(mutex_);
      if (number == broken) return est::Error{"no port is free"};
      std::vector<ScenarioResult> results;
      for (const Scenario& one : given) results.push_back(result_of(one.id, number ? effects_.at(*number) : baseline));
      if (number) runs[role.faults.at(*number).id] = static_cast<int>(given.size());
      return results;
    };
    return run_matrix(role, scenarios, options);
  }
  static ScenarioResult result_of(const std::string& id, const Effects& effects) {
    ScenarioResult result;
    result.id = id;
    const auto found = effects.find(id);
    result.verdict = found == effects.end() ? Verdict::pass : found->second;
    return result;
  }

  std::vector<Scenario> scenarios{scenario("A-1"), scenario("A-2"), scenario("A-3", {"slow"})};
  Role role{"server", {}, {}};
  Effects baseline;
  std::optional<std::size_t> broken = 1000;
  std::map<std::string, int> runs;  // by fault: scenarios run

 private:
  std::vector<Effects> effects_;
  std::mutex mutex_;
};

TEST_F(MatrixTest, IsFullWhenEveryScenarioIsKilledAsPromised) {
  fault({"F-1", "one", {"A-1"}, {}}, {{"A-1", Verdict::fail}});
  fault({"F-2", "two", {"A-2", "A-3"}, {}}, {{"A-2", Verdict::warn}, {"A-3", Verdict::fail}});
  const Matrix matrix = run();
  EXPECT_TRUE(matrix.green());
  EXPECT_THAT(to_text(matrix),
              HasSubstr("3 scenarios, 3 pass on the reference, 3 killed; 2 faults, 2 caught as promised: the matrix is full"));
}

TEST_F(MatrixTest, ASlowScenarioRunsWhereItIsPromisedOnly) {
  fault({"F-1", "one", {"A-1"}, {}}, {{"A-1", Verdict::fail}});
  fault({"F-2", "two", {"A-2", "A-3"}, {}}, {{"A-2", Verdict::fail}, {"A-3", Verdict::fail}});
  static_cast<void>(run());
  EXPECT_EQ(runs["F-1"], 2);
  EXPECT_EQ(runs["F-2"], 3);
}

TEST_F(MatrixTest, APromiseThatIsNotKeptIsAHole) {
  fault({"F-1", "one", {"A-1", "A-9"}, {"A-*"}}, {{"A-2", Verdict::fail}, {"A-1", Verdict::inconclusive}});
  const Matrix matrix = run();
  EXPECT_FALSE(matrix.green());
  ASSERT_THAT(matrix.faults, SizeIs(1));
  EXPECT_THAT(matrix.faults.front().survived, ElementsAre("A-1 (INCONCLUSIVE)", "A-9 (there is no such scenario)"));
  EXPECT_THAT(matrix.faults.front().unexplained, IsEmpty());
  EXPECT_THAT(matrix.unkilled, ElementsAre("A-1", "A-3"));
}

TEST(MatrixLooks, WhatIsNotAsPromisedIsLookedAtAgainByItself) {
  const std::vector<Scenario> scenarios{scenario("A-1"), scenario("A-2"), scenario("A-3")};
  std::vector<std::size_t> looks;  // how many scenarios each was at
  const auto run = [&](std::optional<std::size_t> fault, const std::vector<Scenario>& given,
                       unsigned) -> est::Result<std::vector<ScenarioResult>> {
    if (fault) looks.push_back(given.size());
    std::vector<ScenarioResult> results;
    for (const Scenario& one : given) {
      ScenarioResult result;
      result.id = one.id;
      // A promise kept at the second look, and a neighbour that fails at the first alone.
      const bool first = looks.size() == 1;
      const bool fails = fault && (one.id == "A-3" || (one.id == "A-1" && !first) || (one.id == "A-2" && first));
      result.verdict = fails ? Verdict::fail : Verdict::pass;
      results.push_back(result);
    }
    return results;
  };
  const Matrix matrix = run_matrix({"server", {{"F-1", "one", {"A-1", "A-3"}, {}}}, run}, scenarios, {});
  EXPECT_THAT(looks, ElementsAre(3, 2));
  EXPECT_THAT(matrix.faults.front().survived, IsEmpty());
  EXPECT_THAT(matrix.faults.front().unexplained, IsEmpty());
  EXPECT_THAT(matrix.unkilled, ElementsAre("A-2"));
  EXPECT_THAT(matrix.faults.front().again, ElementsAre("A-1", "A-2"));
  EXPECT_THAT(to_text(matrix), HasSubstr("as promised only when looked at again: A-1, A-2"));
}

TEST_F(MatrixTest, AFailNobodyExplainsIsAHole) {
  fault({"F-1", "one", {"A-1"}, {}}, {{"A-1", Verdict::fail}, {"A-2", Verdict::fail}});
  fault({"F-2", "two", {"A-3"}, {}}, {{"A-3", Verdict::fail}, {"A-2", Verdict::warn}});
  const Matrix matrix = run();
  EXPECT_FALSE(matrix.green());
  EXPECT_THAT(matrix.faults.at(0).unexplained, ElementsAre("A-2"));
  EXPECT_THAT(matrix.faults.at(1).unexplained, IsEmpty()) << "a warning is no FAIL";
}

TEST_F(MatrixTest, AReferenceThatDoesNotPassIsAHole) {
  scenarios = {scenario("A-1")};
  fault({"F-1", "one", {"A-1"}, {}}, {{"A-1", Verdict::fail}});
  baseline = {{"A-1", Verdict::not_applicable}};
  EXPECT_THAT(run().unclean(), SizeIs(1));
  EXPECT_FALSE(run().green());
}

TEST_F(MatrixTest, ARoleThatCannotBeStartedIsTold) {
  fault({"F-1", "one", {"A-1"}, {}}, {});
  broken = 0;
  EXPECT_EQ(run().faults.front().trouble, "no port is free");
  broken = std::nullopt;
  EXPECT_EQ(run().trouble, "no port is free");
  EXPECT_THAT(to_text(run()), HasSubstr("the reference could not be started: no port is free"));
}

TEST_F(MatrixTest, SingleFaultsAreChosenByIdOrBeginning) {
  fault({"F-A-1", "one", {"A-1"}, {}}, {{"A-1", Verdict::fail}});
  fault({"F-B-1", "two", {"A-2"}, {}}, {{"A-2", Verdict::fail}});
  MatrixOptions options;
  options.only_faults = {"F-B*"};
  EXPECT_TRUE(any_fault_chosen(role, options));
  const Matrix matrix = run(options);
  ASSERT_THAT(matrix.faults, SizeIs(1));
  EXPECT_TRUE(matrix.green()) << "what no fault kills is not judged";
  options.only_faults = {"F-C*"};
  EXPECT_FALSE(any_fault_chosen(role, options));
}

TEST_F(MatrixTest, QuickRunsPromisesOnly) {
  scenarios = {scenario("A-1"), scenario("A-2")};
  fault({"F-1", "one", {"A-1"}, {}}, {{"A-1", Verdict::fail}});
  fault({"F-2", "two", {"A-2"}, {}}, {{"A-2", Verdict::fail}});
  MatrixOptions options;
  options.promised_only = true;
  EXPECT_TRUE(run(options).green());
  EXPECT_EQ(runs["F-1"], 1);
  // Of a selection, faults that promise nothing about it are left out.
  scenarios.pop_back();
  options.selected = true;
  EXPECT_THAT(run(options).faults, SizeIs(1));
}

}  // namespace
}  // namespace conformance::selftest
