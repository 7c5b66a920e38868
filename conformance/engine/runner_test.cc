#include "conformance/engine/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>

namespace conformance::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A "target" whose answers are words queued in advance: "200", "403", "dead", "local", or what a verb comes to: "cannot", "fault", "throw".
class FakeDriver final : public Driver {
 public:
  explicit FakeDriver(std::deque<std::string> answers) : answers_(std::move(answers)) {}
  std::unique_ptr<Session> begin(const Scenario&) override { return std::make_unique<FakeSession>(*this); }
  Step liveness() const override { return {.verb = "probe"}; }
  std::vector<std::string> log;

 private:
  class FakeSession final : public Session {
   public:
    explicit FakeSession(FakeDriver& driver) : driver_(driver) {}
    StepOutcome perform(const Step& step, const Evidence&, Exchange& exchange) override {
      driver_.log.push_back(step.verb);
      std::string answer = "200";
      if (!driver_.answers_.empty()) {
        answer = driver_.answers_.front();
        driver_.answers_.pop_front();
      }
      if (answer == "throw") throw std::runtime_error("boom");
      if (answer == "cannot") return {StepOutcome::Kind::cannot, "there is no password; set ixit.password"};
      if (answer == "fault") return {StepOutcome::Kind::fault, "no descriptors left"};
      if (answer == "dead") exchange.failure = WireFailure{"connect", "refused", "connection refused", ""};
      if (answer == "local") exchange.failure = WireFailure{"connect", "local", "no socket", ""};
      exchange.facts["answer"] = answer;
      exchange.events.push_back({1, "http", "response-received", answer});
      return {};
    }
    void capture() override { captures_ = true; }
    std::vector<CapturedConnection> captured(std::chrono::steady_clock::time_point) override {
      EXPECT_TRUE(captures_);
      return {{.name = "connection 1"}};
    }

   private:
    FakeDriver& driver_;
    bool captures_ = false;
  };
  std::deque<std::string> answers_;
};

std::vector<CheckResult> answer_is(const CheckInput& input) {
  const std::string answer = input.exchange.facts.at("answer");
  const std::string wanted = input.parameters.value("is", "200");
  if (answer == wanted) return {};
  return {{.check = "", .exchange = "", .verdict = Verdict::fail, .observed = "the target answered " + answer, .expected = wanted}};
}

Vocabulary vocabulary() {
  Vocabulary words;
  const Parameter is{"is", ParameterType::text, {}, "", false};
  words.add(VerbInfo{"enroll", "", {}, "answer", Json{{"is", "200"}}});
  words.add(VerbInfo{"attack", "", {}, "", {}});
  words.add(VerbInfo{"probe", "", {}, "answer", {}});
  words.add(CheckInfo{"answer", "", {is}, answer_is, "is"});
  words.add(CheckInfo{
      "warns", "", {}, [](const CheckInput&) { return std::vector<CheckResult>{{.verdict = Verdict::warn, .observed = "odd"}}; }, ""});
  words.add(CheckInfo{"breaks", "", {}, [](const CheckInput&) -> std::vector<CheckResult> { throw std::runtime_error("bug"); }, ""});
  words.add_claim("pop", "");
  return words;
}

Scenario negative() {
  Scenario scenario;
  scenario.id = "EST-X-1";
  scenario.mutation = "a broken signature";
  scenario.control = Step{.verb = "enroll", .name = "control"};
  scenario.steps = {{.verb = "attack", .name = "step-1"}};
  scenario.expect = {{.check = "answer", .parameters = Json{{"is", "403"}}, .of = "step-1", .text = "answer: 403"}};
  return scenario;
}

Scenario positive() {
  Scenario scenario = negative();
  scenario.control.reset();
  scenario.mutation.clear();
  scenario.expect.front() = {.check = "answer", .parameters = Json{{"is", "200"}}, .of = "step-1", .text = "answer: 200"};
  return scenario;
}

RunOptions options() {
  RunOptions result;
  result.liveness_pause = est::Milliseconds(0);
  result.recovery = est::Milliseconds(0);
  return result;
}

RunOne run_with(const Scenario& scenario, std::deque<std::string> answers) {
  FakeDriver driver(std::move(answers));
  return run_one(scenario, vocabulary(), driver, options());
}

TEST(Runner, EverySessionIsCapturedOnDemand) {
  EXPECT_TRUE(run_with(negative(), {"200", "403", "200"}).evidence.captured.empty());
  FakeDriver driver({"200", "403", "200"});
  RunOptions capturing = options();
  capturing.captures = true;
  const RunOne one = run_one(negative(), vocabulary(), driver, capturing);
  ASSERT_EQ(one.evidence.captured.size(), 2U);
  EXPECT_EQ(one.evidence.captured[0].name, "connection 1");
  EXPECT_EQ(one.evidence.captured[1].name, "liveness, connection 1");
}

TEST(Runner, ControlStepsLiveness) {
  FakeDriver driver({"200", "403", "200"});
  const RunOne one = run_one(negative(), vocabulary(), driver, options());
  EXPECT_EQ(one.result.verdict, Verdict::pass) << one.result.cause;
  EXPECT_EQ(one.result.control, "passed");
  EXPECT_THAT(driver.log, ElementsAre("enroll", "attack", "probe"));
  ASSERT_EQ(one.evidence.exchanges.size(), 3U);
  EXPECT_EQ(one.evidence.exchanges[0].name, "control");
  EXPECT_EQ(one.evidence.exchanges[2].phase, Phase::liveness);
}

TEST(Runner, VerdictsOfANegativeScenario) {
  struct Case {
    std::deque<std::string> answers;
    Verdict verdict;
    const char* cause;
    std::size_t exchanges;
  };
  const std::vector<Case> cases{
      {{"200", "200", "200"}, Verdict::fail, "the target answered 200", 3},
      {{"500"}, Verdict::inconclusive, "the control, the same exchange without the mutation, did not succeed: the target answered 500", 1},
      {{"cannot"}, Verdict::inconclusive, "there is no password; set ixit.password", 1},
      {{"fault"}, Verdict::error, "no descriptors left", 1},
      {{"throw"}, Verdict::error, "control (enroll) failed on our side: boom", 1},
      {{"200", "throw"}, Verdict::error, "step-1 (attack) failed on our side: boom", 2},
      {{"200", "cannot"}, Verdict::inconclusive, "there is no password; set ixit.password", 3},
      {{"200", "403", "dead", "dead"}, Verdict::fail, "the target no longer answers after a broken signature: the target answered dead", 4},
      {{"200", "403", "dead", "200"}, Verdict::warn, "after a broken signature the target answered again only at the second probe", 4},
      {{"200", "403", "cannot", "cannot"}, Verdict::inconclusive, "there is no password; set ixit.password", 4},
      {{"200", "403", "local"}, Verdict::error, "liveness failed on our side: no socket", 4},
  };
  for (const auto& one : cases) {
    const RunOne ran = run_with(negative(), one.answers);
    EXPECT_EQ(ran.result.verdict, one.verdict) << one.cause;
    EXPECT_THAT(ran.result.cause, HasSubstr(one.cause));
    EXPECT_EQ(ran.evidence.exchanges.size(), one.exchanges) << one.cause;
    EXPECT_FALSE(ran.result.events.empty());
  }
}

TEST(Runner, AFailedControlIsRecordedAsSuch) {
  const RunOne one = run_with(negative(), {"500"});
  EXPECT_EQ(one.result.control, "failed: the target answered 500");
  EXPECT_EQ(one.result.checks.at(0).verdict, Verdict::inconclusive);
  EXPECT_NE(one.result.cure, "");
}

TEST(Runner, SteadilyWorse) {
  Scenario scenario = positive();
  scenario.expect.push_back({.check = "warns", .of = "step-1", .text = "warns"});
  EXPECT_EQ(run_with(scenario, {}).result.verdict, Verdict::warn);
  scenario.expect.push_back({.check = "answer", .parameters = Json{{"is", "1"}}, .of = "step-1"});
  EXPECT_EQ(run_with(scenario, {}).result.verdict, Verdict::fail);
  scenario.expect.push_back({.check = "answer", .of = "step-7", .text = "answer"});
  EXPECT_EQ(run_with(scenario, {}).result.verdict, Verdict::fail);
  scenario.expect.push_back({.check = "breaks", .of = "step-1"});
  const RunOne one = run_with(scenario, {});
  EXPECT_EQ(one.result.verdict, Verdict::error);
  EXPECT_EQ(one.result.cause, "the check 'breaks' failed itself: bug");
  EXPECT_EQ(one.result.checks.size(), 5U);
  EXPECT_EQ(one.result.checks.at(3).verdict, Verdict::inconclusive);
}

TEST(Runner, ALevelBelowMustOnlyWarns) {
  Scenario scenario = positive();
  scenario.level = Level::should;
  EXPECT_EQ(run_with(scenario, {"500"}).result.verdict, Verdict::warn);
  scenario = negative();
  scenario.level = Level::may;
  EXPECT_EQ(run_with(scenario, {"200", "403", "dead", "dead"}).result.verdict, Verdict::fail);
}

TEST(Runner, UnclaimedIsNotApplicable) {
  Scenario scenario = positive();
  scenario.needs = *Expression::parse("pop");
  FakeDriver driver({});
  const RunOne one = run_one(scenario, vocabulary(), driver, options());
  EXPECT_EQ(one.result.verdict, Verdict::not_applicable);
  EXPECT_THAT(one.result.cause, HasSubstr("'pop'"));
  EXPECT_TRUE(driver.log.empty());
  RunOptions claiming = options();
  claiming.claims = {"pop"};
  EXPECT_EQ(run_one(scenario, vocabulary(), driver, claiming).result.verdict, Verdict::pass);
}

TEST(Runner, StoredEvidenceGivesTheSameVerdict) {
  for (const std::deque<std::string>& answers :
       std::vector<std::deque<std::string>>{{}, {"200", "403"}, {"500"}, {"200", "cannot"}, {"throw"}}) {
    const RunOne one = run_with(negative(), answers);
    const auto stored = evidence_from_json(to_json(one.evidence));
    ASSERT_TRUE(stored.ok());
    const ScenarioResult again = judge(negative(), *stored, vocabulary(), {});
    EXPECT_EQ(again.verdict, one.result.verdict);
    EXPECT_EQ(again.cause, one.result.cause);
  }
}

std::vector<std::string> causes_of_three(std::deque<std::string> answers, RunOptions run_options) {
  Scenario second = positive(), third = positive();
  second.id = "EST-X-2";
  third.id = "EST-X-3";
  third.needs = *Expression::parse("pop");
  FakeDriver driver(std::move(answers));
  std::vector<std::string> causes;
  for (const auto& result : run({negative(), second, third}, vocabulary(), driver, run_options)) causes.push_back(result.cause);
  return causes;
}

TEST(Runner, GivesUpWhenTheTargetIsGone) {
  const auto causes = causes_of_three({"200", "403", "dead", "dead", "dead", "dead"}, options());
  EXPECT_THAT(causes, ElementsAre(HasSubstr("the target no longer answers"),
                                  "the target stopped answering during EST-X-1 and did not come back", HasSubstr("needs 'pop'")));
}

TEST(Runner, GoesOnWhenTheTargetComesBack) {
  EXPECT_THAT(causes_of_three({"200", "403", "dead", "dead", "200", "200"}, options()),
              ElementsAre(HasSubstr("the target no longer answers"), "", HasSubstr("needs 'pop'")));
}

TEST(Runner, StopsWhenCancelled) {
  RunOptions cancelling = options();
  int finished = 0;
  cancelling.finished = [&](const Scenario&, const ScenarioResult&, const Evidence&) { ++finished; };
  cancelling.cancelled = [&] { return finished == 1; };
  EXPECT_THAT(causes_of_three({"200", "403", "200"}, cancelling),
              ElementsAre("", "the run was interrupted before this scenario", HasSubstr("needs 'pop'")));
}

TEST(Runner, WithoutALivenessProbeThatWorksNothingIsBlamed) {
  RunOptions blind = options();
  blind.liveness_works = false;
  FakeDriver driver({"200", "403"});
  const RunOne one = run_one(negative(), vocabulary(), driver, blind);
  EXPECT_EQ(one.result.verdict, Verdict::inconclusive);
  EXPECT_THAT(driver.log, ElementsAre("enroll", "attack"));
  blind.liveness_works = true;
  blind.liveness = Step{.verb = "enroll"};
  EXPECT_EQ(run_one(negative(), vocabulary(), driver, blind).result.verdict, Verdict::fail);
  EXPECT_EQ(driver.log.back(), "enroll");
}

TEST(Runner, ProbesWithoutAScenario) {
  FakeDriver driver({"dead"});
  const Evidence evidence = probe(driver, vocabulary());
  ASSERT_EQ(evidence.exchanges.size(), 1U);
  EXPECT_EQ(evidence.exchanges[0].failure->cause, "refused");
}

}  // namespace
}  // namespace conformance::engine
