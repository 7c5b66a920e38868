// Runs selected scenarios one after another (parallel runs come with --jobs): needs, control, steps, liveness, judge, store.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "conformance/engine/judge.h"
#include "conformance/engine/scenario.h"
#include "conformance/engine/vocabulary.h"

namespace conformance::engine {

struct RunOptions {
  std::set<std::string, std::less<>> claims;  // the ICS
  JudgeOptions judge;
  // Called after each scenario, in order, with the evidence as it would be stored (already through JSON).
  std::function<void(const Scenario&, const ScenarioResult&, const Evidence&)> finished;
  std::function<bool()> cancelled;  // asked between scenarios; true ends the run, the rest is INCONCLUSIVE
  const est::Clock* clock = nullptr;
};

[[nodiscard]] std::vector<ScenarioResult> run(const std::vector<Scenario>& scenarios, const Vocabulary& vocabulary, Driver& driver,
                                              const RunOptions& options);

// Runs one: what selftest and `run` share. The evidence is returned as judged.
struct RunOne {
  ScenarioResult result;
  Evidence evidence;
};
[[nodiscard]] RunOne run_one(const Scenario& scenario, const Vocabulary& vocabulary, Driver& driver, const RunOptions& options);

}  // namespace conformance::engine
