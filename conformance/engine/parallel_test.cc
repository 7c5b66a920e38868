#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "conformance/engine/runner.h"

namespace conformance::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A target that several sessions use at once. `behave` says how it answers a verb of a scenario; "dead" is a refused connection.
class Target final : public Driver {
 public:
  using Behave = std::function<std::string(const std::string& scenario, const std::string& verb, Target& target)>;
  explicit Target(Behave behave = [](const auto&, const auto&, Target&) { return std::string("200"); }) : behave_(std::move(behave)) {}

  std::unique_ptr<Session> begin(const Scenario& scenario) override { return std::make_unique<Visit>(*this, scenario.id); }
  Step liveness() const override { return {.verb = "probe"}; }

  std::atomic<bool> dead{false};
  std::atomic<int> inside{0}, most_inside{0};

  int count(const std::string& what) {
    const std::lock_guard lock(mutex_);
    return counts_[what];
  }

 private:
  class Visit final : public Session {
   public:
    Visit(Target& target, std::string scenario) : target_(target), scenario_(std::move(scenario)) {
      const int now = ++target_.inside;
      int most = target_.most_inside;
      while (now > most && !target_.most_inside.compare_exchange_weak(most, now)) {
      }
    }
    ~Visit() override { --target_.inside; }

    StepOutcome perform(const Step& step, const Evidence&, Exchange& exchange) override {
      {
        const std::lock_guard lock(target_.mutex_);
        ++target_.counts_[scenario_ + " " + step.verb];
        ++target_.counts_[step.verb];
      }
      const std::string answer = target_.dead ? "dead" : target_.behave_(scenario_, step.verb, target_);
      if (answer == "dead") exchange.failure = WireFailure{"connect", "refused", "connection refused", ""};
      if (answer == "cut") exchange.failure = WireFailure{"read", "closed", "closed", ""};
      exchange.facts["answer"] = answer;
      exchange.connection = 1;
      return {};
    }

   private:
    Target& target_;
    std::string scenario_;
  };

  Behave behave_;
  std::mutex mutex_;
  std::map<std::string, int> counts_;
};

std::vector<CheckResult> shared_answer_is(const CheckInput& input) {
  const std::string answer = input.exchange.facts.at("answer");
  if (answer == input.parameters.value("is", "200")) return {};
  return {{.verdict = Verdict::fail, .observed = "the target answered " + answer}};
}

Vocabulary shared_vocabulary() {
  Vocabulary words;
  for (const char* verb : {"enroll", "attack", "probe"}) words.add(VerbInfo{verb, "", {}, "answer", {}});
  words.add(CheckInfo{"answer", "", {}, shared_answer_is, "is"});
  return words;
}

Scenario positive(std::string id, std::vector<std::string> tags = {}) {
  Scenario scenario;
  scenario.id = std::move(id);
  scenario.tags = std::move(tags);
  scenario.steps = {{.verb = "attack", .name = "step-1"}};
  scenario.expect = {{.check = "answer", .of = "step-1", .text = "answer"}};
  return scenario;
}

Scenario negative(std::string id, std::vector<std::string> tags = {}) {
  Scenario scenario = positive(std::move(id), std::move(tags));
  scenario.mutation = "an attack";
  scenario.control = Step{.verb = "enroll", .name = "control"};
  return scenario;
}

std::vector<Scenario> many(std::size_t count, const std::function<Scenario(std::string)>& make) {
  std::vector<Scenario> scenarios;
  for (std::size_t i = 0; i < count; ++i) scenarios.push_back(make("S" + std::to_string(100 + i)));
  return scenarios;
}

RunOptions options(unsigned jobs) {
  RunOptions result;
  result.jobs = jobs;
  result.liveness_pause = est::Milliseconds(0);
  result.recovery = est::Milliseconds(0);
  return result;
}

std::vector<std::string> verdicts(const std::vector<ScenarioResult>& results) {
  std::vector<std::string> words;
  for (const auto& result : results) words.push_back(result.id + " " + std::string(to_string(result.verdict)));
  return words;
}

void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(3)); }

TEST(Parallel, EveryScenarioOnceAndResultsInOrder) {
  Target target([](const auto&, const auto&, Target&) {
    rest();
    return "200";
  });
  const auto scenarios = many(40, [](std::string id) { return negative(std::move(id)); });
  RunOptions run_options = options(4);
  std::vector<std::string> finished;
  run_options.finished = [&](const Scenario& scenario, const ScenarioResult&, const Evidence&) { finished.push_back(scenario.id); };
  const auto results = run(scenarios, shared_vocabulary(), target, run_options);
  ASSERT_EQ(results.size(), 40U);
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].id, scenarios[i].id);
    EXPECT_EQ(results[i].verdict, Verdict::pass) << results[i].cause;
  }
  EXPECT_EQ(finished.size(), 40U);
  EXPECT_EQ(target.count("attack"), 40);
  EXPECT_GT(target.most_inside, 1);
  EXPECT_LE(target.most_inside, 4);
}

TEST(Parallel, OneJobIsOneAfterAnother) {
  Target target;
  (void)run(many(5, [](std::string id) { return negative(std::move(id)); }), shared_vocabulary(), target, options(1));
  EXPECT_EQ(target.most_inside, 1);
}

TEST(Parallel, WhatNeedsTheTargetForItselfHasIt) {
  std::atomic<int> beside{0};
  Target target([&](const std::string& id, const auto&, Target& self) {
    rest();
    if (id.starts_with("X") && self.inside > 1) ++beside;
    return "200";
  });
  auto scenarios = many(12, [](std::string id) { return positive(std::move(id)); });
  scenarios.insert(scenarios.begin(), {positive("X1", {"hostile"}), positive("X2", {"exclusive"}), positive("X3")});
  RunOptions run_options = options(4);
  run_options.alone = [](const Scenario& scenario) { return scenario.id == "X3"; };
  const auto results = run(scenarios, shared_vocabulary(), target, run_options);
  EXPECT_EQ(beside, 0);
  EXPECT_EQ(results.front().id, "X1");
  EXPECT_EQ(target.count("attack"), 15);
}

TEST(Parallel, WaitingAndWorkingOverlap) {
  std::atomic<bool> together{false};
  Target target([&together](const std::string& id, const auto&, Target& self) {
    for (int i = 0; i < 200 && id.starts_with("W") && !together; ++i) {
      rest();
      if (self.inside > 1) together = true;
    }
    rest();
    return "200";
  });
  auto scenarios = many(30, [](std::string id) { return positive(std::move(id)); });
  for (const char* id : {"W1", "W2", "W3", "W4"}) scenarios.push_back(positive(id, {"slow"}));
  (void)run(scenarios, shared_vocabulary(), target, options(4));
  EXPECT_TRUE(together);
}

TEST(Parallel, AFailureBesideOthersIsTriedAgainAlone) {
  Target target([](const std::string& id, const auto&, Target& self) {
    bool beside = false;
    for (int i = 0; i < 200 && id == "S101" && !beside && self.count("S101 attack") == 1; ++i) {
      rest();
      beside = self.inside > 1;
    }
    if (id == "S102") return "500";
    rest();
    return beside ? "503" : "200";
  });
  RunOptions run_options = options(2);
  std::vector<std::string> notes;
  run_options.noted = [&](const std::string& sentence) { notes.push_back(sentence); };
  auto scenarios = many(8, [](std::string id) { return positive(std::move(id)); });
  const auto results = run(scenarios, shared_vocabulary(), target, run_options);
  EXPECT_EQ(results[1].verdict, Verdict::pass) << results[1].cause;
  EXPECT_EQ(results[2].verdict, Verdict::fail);
  EXPECT_EQ(target.count("S102 attack"), 2);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("S101 came to FAIL beside other scenarios and to PASS alone")));
}

TEST(Parallel, WhoKillsTheTargetForAMomentIsFoundOutAlone) {
  Target target([](const std::string& id, const std::string& verb, Target& self) {
    rest();
    if (id == "S103" && verb == "attack") self.dead = true;  // each time; somebody starts it again below
    return "200";
  });
  RunOptions run_options = options(4);
  run_options.recovery = est::Milliseconds(5000);
  run_options.liveness_pause = est::Milliseconds(10);
  std::atomic<bool> over{false};
  std::thread operator_of_target([&] {
    while (!over) {
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
      target.dead = false;
    }
  });
  const auto results = run(many(12, [](std::string id) { return negative(std::move(id)); }), shared_vocabulary(), target, run_options);
  over = true;
  operator_of_target.join();
  for (const auto& result : results) {
    if (result.id == "S103") {
      EXPECT_NE(result.verdict, Verdict::pass);
    } else {
      EXPECT_EQ(result.verdict, Verdict::pass) << result.id << " " << result.cause;
    }
  }
}

TEST(Parallel, WhenItDiesForGoodAmongSeveralNobodyIsBlamedAlone) {
  Target target([](const std::string& id, const std::string& verb, Target& self) {
    if (id == "S101") {
      for (int i = 0; i < 1000 && !self.dead; ++i) rest();
    }
    if (id == "S100" && verb == "attack") {
      for (int i = 0; i < 1000 && self.inside < 2; ++i) rest();
      self.dead = true;
    }
    return "200";
  });
  const auto results = run(many(6, [](std::string id) { return negative(std::move(id)); }), shared_vocabulary(), target, options(2));
  for (const auto& result : results) {
    if (result.verdict == Verdict::pass) continue;
    EXPECT_EQ(result.verdict, Verdict::inconclusive) << result.id << " " << result.cause;
    EXPECT_THAT(result.cause, HasSubstr("the target stopped answering during S100 or S101"));
  }
  EXPECT_EQ(results.back().verdict, Verdict::inconclusive);
}

TEST(Parallel, AHostileScenarioAnswersForItself) {
  Target target([](const std::string& id, const std::string& verb, Target& self) {
    if (id == "H1" && verb == "attack") self.dead = true;
    return "200";
  });
  const auto results = run({negative("S100"), negative("S101"), negative("H1", {"hostile"}), negative("H2", {"hostile"})},
                           shared_vocabulary(), target, options(2));
  EXPECT_THAT(verdicts(results), ElementsAre("S100 PASS", "S101 PASS", "H1 FAIL", "H2 INCONCLUSIVE"));
  EXPECT_EQ(results[3].cause, "the target stopped answering during H1 and did not come back");
}

TEST(Parallel, StopsWhenCancelled) {
  Target target;
  RunOptions run_options = options(2);
  std::atomic<int> finished{0};
  run_options.finished = [&](const Scenario&, const ScenarioResult&, const Evidence&) { ++finished; };
  run_options.cancelled = [&] { return finished >= 3; };
  const auto results = run(many(20, [](std::string id) { return positive(std::move(id)); }), shared_vocabulary(), target, run_options);
  EXPECT_EQ(finished, 20);
  EXPECT_EQ(results.back().cause, "the run was interrupted before this scenario");
  EXPECT_LE(target.count("attack"), 6);
}

TEST(Parallel, ManyJobsFewScenarios) {
  Target target;
  EXPECT_THAT(run({}, shared_vocabulary(), target, options(8)), IsEmpty());
  EXPECT_THAT(verdicts(run({positive("S1")}, shared_vocabulary(), target, options(8))), ElementsAre("S1 PASS"));
}

TEST(Parallel, LooksWhetherSeveralAreServed) {
  Target all;
  EXPECT_TRUE(serves_several(all, shared_vocabulary(), options(4)));
  Target one_at_a_time([](const auto&, const auto&, Target& self) { return self.inside > 1 ? "dead" : "200"; });
  EXPECT_FALSE(serves_several(one_at_a_time, shared_vocabulary(), options(4)));
}

// --- shared controls

RunOptions sharing(SharedControls& shared, unsigned jobs = 1) {
  RunOptions result = options(jobs);
  result.shared = &shared;
  result.may_share_control = [](const Scenario& scenario) { return scenario.id != "OWN"; };
  return result;
}

TEST(SharedControls, OneControlServesThoseThatMayShareIt) {
  Target target;
  SharedControls shared;
  auto scenarios = many(6, [](std::string id) { return negative(std::move(id)); });
  scenarios.push_back(negative("OWN"));
  scenarios.push_back(negative("OTHER"));
  scenarios.back().control->parameters = {{"label", "other"}};
  RunOptions run_options = sharing(shared);
  std::vector<std::string> lenders;
  run_options.finished = [&](const Scenario& scenario, const ScenarioResult& result, const Evidence& evidence) {
    EXPECT_EQ(result.control, "passed");
    const auto& facts = evidence.last(Phase::control)->facts;
    lenders.push_back(facts.contains("shared-from") ? facts.at("shared-from") : "own");
    if (lenders.back() != "own") {
      EXPECT_FALSE(facts.at("shared-made-at").empty());
      EXPECT_EQ(evidence.last(Phase::control)->connection, 0);
    }
    EXPECT_EQ(judge(scenario, evidence, shared_vocabulary(), {}).verdict, result.verdict);
  };
  (void)run(scenarios, shared_vocabulary(), target, run_options);
  EXPECT_THAT(lenders, ElementsAre("own", "S100", "S100", "S100", "S100", "S100", "own", "own"));
  EXPECT_EQ(target.count("enroll"), 3);
}

TEST(SharedControls, AFailureIsJudgedWithAControlOfItsOwn) {
  Target target([](const std::string& id, const std::string& verb, Target&) {
    if (id == "S101" && verb == "attack") return "500";
    return id == "S102" && verb != "probe" ? "500" : "200";  // what S102 asks is refused, its control too
  });
  SharedControls shared;
  const auto results = run(many(3, [](std::string id) { return negative(std::move(id)); }), shared_vocabulary(), target, sharing(shared));
  EXPECT_THAT(verdicts(results), ElementsAre("S100 PASS", "S101 FAIL", "S102 INCONCLUSIVE"));
  EXPECT_EQ(target.count("S101 enroll"), 1);
}

TEST(SharedControls, ATargetThatFallsSilentIsNotAskedForAnother) {
  Target target([](const std::string& id, const std::string& verb, Target& self) {
    if (id != "S101" || verb != "attack") return "200";
    self.dead = true;
    return "cut";
  });
  SharedControls shared;
  const auto results = run(many(2, [](std::string id) { return negative(std::move(id)); }), shared_vocabulary(), target, sharing(shared));
  EXPECT_THAT(verdicts(results), ElementsAre("S100 PASS", "S101 FAIL"));
}

TEST(SharedControls, GoneWhenOldOrAfterASilentProbe) {
  const Step control{.verb = "enroll"};
  const Exchange exchange{.name = "control", .verb = "enroll", .connection = 3};
  SharedControls stale(est::Milliseconds(-1));
  stale.keep("S1", control, exchange, 0);
  EXPECT_FALSE(stale.find(control));
  SharedControls shared;
  shared.keep("S1", control, exchange, 0);
  ASSERT_TRUE(shared.find(control));
  EXPECT_EQ(shared.find(control)->facts.at("shared-made-at"), "1970-01-01T00:00:00Z");
  EXPECT_FALSE(shared.find({.verb = "enroll", .parameters = Json{{"key", "rsa-2048"}}}));
  shared.forget();
  EXPECT_FALSE(shared.find(control));
}

}  // namespace
}  // namespace conformance::engine
