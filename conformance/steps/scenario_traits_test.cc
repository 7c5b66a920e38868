#include "conformance/steps/scenario_traits.h"

#include <gtest/gtest.h>

namespace conformance::steps {
namespace {

using engine::Json;
using engine::Scenario;
using engine::Step;

Scenario with(std::vector<Step> steps) {
  Scenario scenario;
  scenario.control = Step{.verb = "enroll", .name = "control"};
  scenario.steps = std::move(steps);
  return scenario;
}

TEST(ScenarioTraits, ARestartActsOnTheWholeTarget) {
  EXPECT_TRUE(acts_on_whole_target(with({{.verb = "operator", .parameters = Json{{"action", "restart"}}}})));
  EXPECT_FALSE(acts_on_whole_target(with({{.verb = "operator", .parameters = Json{{"action", "approve"}}}})));
  EXPECT_FALSE(acts_on_whole_target(with({{.verb = "enroll"}})));
}

TEST(ScenarioTraits, StepsThatStandAloneMayBorrowTheControl) {
  for (const Step& step : std::vector<Step>{{.verb = "enroll"},
                                            {.verb = "enroll", .parameters = Json{{"corrupt", "signature"}, {"certificate", "client"}}},
                                            {.verb = "raw", .parameters = Json{{"send", "x"}}},
                                            {.verb = "handshake", .parameters = Json{{"tls", "1.0"}}}}) {
    EXPECT_TRUE(control_may_be_shared(with({step}))) << step.verb << step.parameters;
  }
}

TEST(ScenarioTraits, StepsThatUseWhatItLeftMayNot) {
  for (const Step& step : std::vector<Step>{{.verb = "reenroll"},
                                            {.verb = "a-verb-of-tomorrow"},
                                            {.verb = "enroll", .parameters = Json{{"connection", "keep"}}},
                                            {.verb = "handshake", .parameters = Json{{"connection", "resume"}}},
                                            {.verb = "enroll", .parameters = Json{{"nonce", "replayed"}}},
                                            {.verb = "enroll", .parameters = Json{{"pop", "stale"}}},
                                            {.verb = "enroll", .parameters = Json{{"resend", "control"}}},
                                            {.verb = "enroll", .parameters = Json{{"key-of", "control"}}},
                                            {.verb = "enroll", .parameters = Json{{"certificate", "current"}}},
                                            {.verb = "enroll", .parameters = Json{{"certificate", "impostor"}}}}) {
    EXPECT_FALSE(control_may_be_shared(with({step}))) << step.verb << step.parameters;
  }
  Scenario judged = with({{.verb = "enroll"}});
  judged.expect = {{.check = "status", .of = "control"}};
  EXPECT_FALSE(control_may_be_shared(judged));
  judged.expect = {{.check = "other-than", .parameters = Json{{"than", "control"}}, .of = "step-1"}};
  EXPECT_FALSE(control_may_be_shared(judged));
  judged.expect.clear();
  judged.control.reset();
  EXPECT_FALSE(control_may_be_shared(judged));
}

}  // namespace
}  // namespace conformance::steps
