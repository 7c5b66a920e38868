#include "conformance/load/run.h"

#include <gmock/gmock.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include "conformance/load/chart.h"
#include "conformance/load/material.h"
#include "conformance/load/pace.h"
#include "conformance/load/target_test.h"

namespace conformance::load {
namespace {

using est::ops::Operation;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t enough = 60;

// Until the target has answered `enough` requests.
Result load_of(const LoadTarget& target, const Plan& plan, int process = 0) {
  Watch watch;
  watch.process = process;
  watch.stopped = [&] { return target.answered() >= enough; };
  auto result = run(plan, watch);
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

TEST(Load, CountsWhatIsGood) {
  const LoadTarget target;
  Plan plan = target.plan();
  plan.reuse = Reuse::keep_alive;
  plan.mix = *parse_mix("cacerts=1,enroll=3");
  const Result result = load_of(target, plan, ::getpid());
  const Tally& tally = result.tally;
  EXPECT_GE(tally.good(), enough - 4);  // what was tried before the clock started is not counted
  EXPECT_EQ(tally.requests(), tally.good()) << to_text(result);
  EXPECT_EQ(tally.whole.count(), tally.good());
  EXPECT_GT(tally.operations.at("simpleenroll").count(), tally.operations.at("cacerts").count());
  EXPECT_LE(tally.connections, plan.connections);
  EXPECT_GT(tally.examined, 0U);
  EXPECT_GT(result.good_per_second(), 0);
  ASSERT_TRUE(result.target_cpu);
  EXPECT_GT(*result.target_cpu, 0);
  EXPECT_THAT(to_text(result), HasSubstr("good ones per second of the target's CPU"));
}

TEST(Load, OneWrongAnswerMakesTheThroughputZero) {
  const LoadTarget target(Habit::wrong_key, 40);
  Plan plan = target.plan();
  plan.reuse = Reuse::keep_alive;
  plan.examine_every = 1000000;  // the cheap look sees it
  const Result result = load_of(target, plan);
  EXPECT_GT(result.tally.good(), 0U);
  EXPECT_GT(result.tally.of(Outcome::wrong), 0U);
  EXPECT_EQ(result.good_per_second(), 0);
  EXPECT_THAT(result.warnings(), testing::Contains(HasSubstr("wrong")));
}

TEST(Load, TellsBusyRefusedAndPendingApart) {
  for (const auto& [habit, outcome] :
       {std::pair{Habit::busy, Outcome::busy}, std::pair{Habit::refuses, Outcome::refused}, std::pair{Habit::pending, Outcome::pending}}) {
    const LoadTarget target(habit);
    Plan plan = target.plan();
    plan.reuse = Reuse::keep_alive;
    const Result result = load_of(target, plan);
    EXPECT_GT(result.tally.of(outcome), 0U) << to_text(result);
    EXPECT_EQ(result.tally.of(outcome) + result.tally.good(), result.tally.requests());
    EXPECT_EQ(result.tally.details.count(std::string(to_string(outcome))), 1U);
  }
}

TEST(Load, SendsTheFieldsItIsTold) {
  Plan plan;
  plan.fields = {{"X-Wanted", "yes"}};
  plan.pool = 1;
  const auto material = Material::make(plan);
  ASSERT_TRUE(material.ok());
  EXPECT_EQ(material->request(Operation::simpleenroll, material->applicant(0), {})->fields.get("X-Wanted"), "yes");
  EXPECT_FALSE(material->request(Operation::cacerts, nullptr, {})->fields.has("X-Wanted"));
}

TEST(Load, ComesBackAfterA202WhenTold) {
  const LoadTarget target(Habit::pending);
  Plan plan = target.plan();
  plan.follow_pending = true;
  const Result result = load_of(target, plan);
  EXPECT_EQ(result.tally.good(), result.tally.requests()) << to_text(result);
  EXPECT_GT(result.tally.exchanges, result.tally.requests());
}

TEST(Load, DigestAnswersAChallengeAndGoesOnWithItsNonce) {
  const LoadTarget target(Habit::sound, 0, est::http::Credentials{"user", "word"});
  Plan plan = target.plan();
  plan.scheme = Scheme::digest;
  plan.reuse = Reuse::keep_alive;
  const Result result = load_of(target, plan);
  EXPECT_EQ(result.tally.good(), result.tally.requests()) << to_text(result);
  EXPECT_EQ(result.tally.exchanges, result.tally.requests() + plan.connections);
}

TEST(Load, LinksRequestsToTheirConnections) {
  for (const auto version : {est::tls::Version::tls12, est::tls::Version::tls13}) {
    const LoadTarget target;
    Plan plan = target.plan();
    plan.link = true;
    plan.least = plan.most = version;
    const Result result = load_of(target, plan);
    EXPECT_EQ(result.tally.good(), result.tally.requests()) << to_text(result);
    EXPECT_EQ(target.linked(), target.answered());
  }
}

TEST(Load, ResumesSessions) {
  const LoadTarget target;
  Plan plan = target.plan();
  plan.reuse = Reuse::resumed;
  const Result result = load_of(target, plan);
  EXPECT_EQ(result.tally.connections, result.tally.requests());
  EXPECT_GE(result.tally.resumed + plan.connections, result.tally.connections) << to_text(result);
}

// The clock decides when requests are due, so those that were due during the stall have waited, although the one connection was not
// there to send them. 100 a second for 300 ms: at least the first 15 waited 100 ms or more.
TEST(Load, AStallCostsAllThatWereDueDuringIt) {
  const LoadTarget target(Habit::stalls, 10);
  Plan plan = target.plan();
  plan.reuse = Reuse::keep_alive;
  plan.mix = *parse_mix("cacerts");
  plan.connections = 1;
  plan.rate = 100;
  const Result result = load_of(target, plan);
  const double part_before = 1 - 15.0 / static_cast<double>(result.tally.good());
  EXPECT_GE(result.tally.whole.quantile(part_before), std::chrono::milliseconds(100)) << to_text(result);
  EXPECT_GT(result.tally.late, 10U);
}

TEST(Load, SaysBeforeTheClockStartsWhatCannotWork) {
  const LoadTarget target(Habit::refuses, 0);
  const auto refused = run(target.plan(), {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("HTTP status 400: not like this"));
  Plan renewal = target.plan();
  renewal.mix = *parse_mix("reenroll");
  EXPECT_THAT(run(renewal, {}).error().message, HasSubstr("--client-cert"));
  Watch nobody;
  nobody.process = 999999999;
  EXPECT_THAT(run(target.plan(), nobody).error().message, HasSubstr("--pid"));
}

TEST(LoadResult, SurvivesJsonAndAddsUp) {
  const LoadTarget target;
  Plan plan = target.plan();
  plan.reuse = Reuse::keep_alive;
  const Result result = load_of(target, plan);
  const auto again = result_from_json(*engine::parse_json(engine::print_json(to_json(result))));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_json(*again), to_json(result));
  Result later = *again;
  later.started += 2;
  const auto both = merge({later, result});
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->tally.good(), 2 * result.tally.good());
  EXPECT_EQ(both->tally.whole.count(), both->tally.good());
  EXPECT_EQ(both->generators, 2U);
  EXPECT_EQ(both->tally.series.size(), result.tally.series.size() + 2);
  EXPECT_THAT(chart_page(*both), HasSubstr("</svg>"));
  later.rate = 5;
  EXPECT_FALSE(merge({later, result}));
}

TEST(LoadResult, RefusesWhatIsNone) {
  for (const char* text : {"{}", "[]", R"({"kind":"estspec-load","version":2})", R"({"kind":"estspec-load","version":1})",
                           R"({"kind":"estspec-load","version":1,"started":1,"seconds":1,"rate":0,"generators":1,"cpu":{"processors":1,
                              "generator-seconds":0},"tally":{"outcomes":{"good":-1}}})"})
    EXPECT_FALSE(result_from_json(*engine::parse_json(text))) << text;
  EXPECT_FALSE(merge({}));
}

TEST(LoadPace, WhatIsDueTooLongAgoIsNotSent) {
  const auto now = std::chrono::steady_clock::now();
  Pace pace(10, now - std::chrono::seconds(5), now - std::chrono::seconds(4), std::chrono::seconds(1), [] { return false; });
  for (std::uint64_t i = 0; i < 10; ++i) {
    const auto due = pace.next();
    ASSERT_TRUE(due);
    EXPECT_EQ(due->number, i);
    EXPECT_TRUE(due->too_late);
    EXPECT_FALSE(due->overslept);
  }
  EXPECT_FALSE(pace.next());
}

TEST(LoadPlan, ReadsMixes) {
  const auto mix = parse_mix("cacerts=2,enroll,serverkeygen=1");
  ASSERT_TRUE(mix);
  ASSERT_EQ(mix->size(), 3U);
  EXPECT_EQ((*mix)[0].weight, 2U);
  EXPECT_EQ((*mix)[1].operation, Operation::simpleenroll);
  for (const char* bad : {"", "fullcmc", "cacerts=0", "cacerts=x", "cacerts=1001", "cacerts,,enroll"}) EXPECT_FALSE(parse_mix(bad)) << bad;
}

// What users copy into their cluster.
TEST(LoadJob, ParsesAndCallsTheProgram) {
  const YAML::Node job = YAML::LoadFile(ESTSPEC_SOURCE_DIR "/ci/load-job.yaml");
  EXPECT_EQ(job["kind"].as<std::string>(), "Job");
  const YAML::Node container = job["spec"]["template"]["spec"]["containers"][0];
  EXPECT_EQ(container["command"][0].as<std::string>(), "estspec");
  EXPECT_EQ(container["args"][0].as<std::string>(), "load");
}

TEST(LoadRamp, TheKneeIsTheLastStepThatHeld) {
  Result step;
  step.rate = 10;
  step.seconds = 1;
  Sample good;
  good.outcome = Outcome::good;
  good.ended = good.began = good.scheduled = std::chrono::steady_clock::now();
  step.tally = Tally(good.scheduled, std::chrono::seconds(1));
  for (int i = 0; i < 10; ++i) step.tally.add(good);
  EXPECT_THAT(beyond(step, {}), IsEmpty());
  Ramp ramp{{step, step}, "", true};
  EXPECT_EQ(ramp.knee(), &ramp.steps[1]);
  Sample failed = good;
  failed.outcome = Outcome::busy;
  ramp.steps[1].tally.add(failed);
  EXPECT_THAT(beyond(ramp.steps[1], {}), HasSubstr("only 10 of 11"));
  ramp.last_held = false;
  EXPECT_EQ(ramp.knee(), &ramp.steps[0]);
  EXPECT_THAT(to_text(ramp), HasSubstr("knee at 10.0"));
  EXPECT_THAT(chart_page(ramp), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace conformance::load
