#include "conformance/engine/witness.h"

#include <gtest/gtest.h>

#include <functional>

#include "conformance/engine/runner.h"

namespace conformance::engine {
namespace {

// A target that ends its idle connections when `ends` says so of a verb, the how-manieth it is counted from 1.
class MortalTarget final : public Driver {
 public:
  using Ends = std::function<bool(const std::string& verb, int count)>;
  explicit MortalTarget(Ends ends, std::string answer = "") : ends_(std::move(ends)), answer_(std::move(answer)) {}
  std::unique_ptr<Session> begin(const Scenario&) override { return std::make_unique<Talk>(*this); }
  Step liveness() const override { return {.verb = "probe"}; }
  std::unique_ptr<Witness> witness() override {
    ++witnesses;
    return std::make_unique<Idle>(*this);
  }
  int witnesses = 0;
  std::string failure_cause = "closed";

 private:
  struct Idle final : Witness {
    explicit Idle(const MortalTarget& target) : target_(target), life_(target.life_) {}
    bool ended() override { return target_.life_ != life_; }
    const MortalTarget& target_;
    int life_;
  };
  struct Talk final : Session {
    explicit Talk(MortalTarget& target) : target_(target) {}
    StepOutcome perform(const Step& step, const Evidence&, Exchange& exchange) override {
      if (target_.ends_(step.verb, ++target_.count_[step.verb])) ++target_.life_;
      if (step.verb != "attack") exchange.response = est::to_bytes("fine");
      if (step.verb == "attack" && target_.answer_.empty())
        exchange.failure = WireFailure{"read", target_.failure_cause, "nothing came", ""};
      if (step.verb == "attack") exchange.response = est::to_bytes(target_.answer_);
      return {};
    }
    MortalTarget& target_;
  };
  Ends ends_;
  std::string answer_;
  std::map<std::string, int> count_;
  int life_ = 0;
};

Vocabulary words() {
  Vocabulary all;
  all.add(CheckInfo{"anything", "", {}, [](const CheckInput&) { return std::vector<CheckResult>{}; }, ""});
  for (const char* verb : {"enroll", "attack", "probe"}) all.add(VerbInfo{verb, "", {}, "anything", {}});
  return all;
}

Scenario hostile() {
  Scenario scenario;
  scenario.id = "EST-X-1";
  scenario.tags = {"hostile"};
  scenario.mutation = "a hostile head";
  scenario.control = Step{.verb = "enroll", .name = "control"};
  scenario.steps = {{.verb = "attack", .name = "step-1"}};
  scenario.expect = {{.check = "anything", .of = "step-1", .text = "anything"}};
  return scenario;
}

RunOne run_against(MortalTarget& target) {
  RunOptions options;
  options.witnesses = true;
  return run_one(hostile(), words(), target, options);
}

TEST(Witness, AProcessThatDiesAndIsThereAgainIsBlamed) {
  MortalTarget target([](const std::string& verb, int) { return verb == "attack"; });
  const RunOne one = run_against(target);
  EXPECT_EQ(one.result.verdict, Verdict::fail);
  EXPECT_EQ(
      one.result.cause,
      "the target's other connections ended each time it got a hostile head, and not without it, as if its process had died of it and "
      "been started anew");
  ASSERT_EQ(one.evidence.witnesses.size(), 3U);
  EXPECT_EQ(one.evidence.witnesses[1].beside, "control");
  // Offline the same.
  EXPECT_EQ(judge(hostile(), *evidence_from_json(to_json(one.evidence)), words(), {}).verdict, Verdict::fail);
}

TEST(Witness, OneThatOutlivesTheStepsEndsTheMatter) {
  MortalTarget target([](const std::string&, int) { return false; });
  const RunOne one = run_against(target);
  EXPECT_EQ(one.result.verdict, Verdict::pass);
  EXPECT_EQ(target.witnesses, 1);
}

TEST(Witness, TargetsThatEndIdleConnectionsAreNotBlamed) {
  const std::vector<MortalTarget::Ends> legal{
      [](const std::string&, int) { return true; },                                       // room for one connection, the newest
      [](const std::string& verb, int count) { return verb == "attack" && count == 1; },  // once, whatever the reason
      [](const std::string& verb, int count) { return verb == "attack" || (verb == "enroll" && count == 3); },  // also without it
  };
  for (const auto& ends : legal) {
    MortalTarget target(ends);
    const RunOne one = run_against(target);
    EXPECT_EQ(one.result.verdict, Verdict::pass);
    EXPECT_GT(target.witnesses, 1);
  }
}

TEST(Witness, ATargetThatAnswersOrWaitsRaisesNoSuspicion) {
  const auto dies = [](const std::string& verb, int) { return verb == "attack"; };
  MortalTarget answers(dies, "400");
  EXPECT_EQ(run_against(answers).result.verdict, Verdict::pass);
  EXPECT_EQ(answers.witnesses, 1);
  MortalTarget waits(dies);
  waits.failure_cause = "timeout";
  EXPECT_EQ(run_against(waits).result.verdict, Verdict::pass);
  EXPECT_EQ(waits.witnesses, 1);
}

TEST(Witness, OnlyHostileScenariosWithAControlWantOne) {
  Scenario scenario = hostile();
  EXPECT_TRUE(wants_witness(scenario));
  scenario.control.reset();
  EXPECT_FALSE(wants_witness(scenario));
  scenario = hostile();
  scenario.tags = {"http"};
  EXPECT_FALSE(wants_witness(scenario));
}

}  // namespace
}  // namespace conformance::engine
