// Runs selected scenarios, one after another or several at a time: needs, control, steps, liveness, judge, store.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "conformance/engine/judge.h"
#include "conformance/engine/scenario.h"
#include "conformance/engine/shared_controls.h"
#include "conformance/engine/vocabulary.h"

namespace conformance::engine {

struct RunOptions {
  std::set<std::string, std::less<>> claims;  // the ICS
  JudgeOptions judge;
  // Scenarios at a time. 1 is strictly one after another, in order.
  unsigned jobs = 1;
  // With several jobs: scenarios that need the target for themselves. They run after the others, one by one.
  std::function<bool(const Scenario&)> alone;
  // Borrowed controls; null: every scenario makes its own. `may_share_control` says of which scenarios the steps do not depend on theirs.
  SharedControls* shared = nullptr;
  std::function<bool(const Scenario&)> may_share_control;
  // These three are called from any of the threads, one at a time.
  std::function<void(const Scenario&)> started;
  // Called once for each scenario, as it ends, with the evidence as it would be stored (already through JSON). In order when jobs is 1.
  std::function<void(const Scenario&, const ScenarioResult&, const Evidence&)> finished;
  std::function<void(const std::string&)> noted;  // a sentence about the run as a whole
  std::function<bool()> cancelled;                // asked between scenarios; true ends the run, the rest is INCONCLUSIVE
  const est::Clock* clock = nullptr;              // system clock if null
  // Instead of the driver's own liveness step, for a target that answers that one never (INT-14: a certificate demanded of everyone).
  std::optional<Step> liveness;
  // False when no probe ever succeeded: then nothing is probed, and what depends on it is INCONCLUSIVE instead of a false FAIL.
  bool liveness_works = true;
  bool captures = false;  // whether Evidence::captured is wanted
  // Whether hostile scenarios have a witness (engine/witness.h). A target that serves one connection at a time bears none.
  bool witnesses = false;
  // A liveness probe that fails is repeated once after this long, so that a target which restarts or limits rates is not called dead.
  est::Milliseconds liveness_pause{1000};
  // How long a target that stopped answering may take to come back before the rest of the run is given up.
  est::Milliseconds recovery{10000};
};

// The driver's liveness step alone: to see before a run that the target can be reached at all. `evidence.exchanges` has one entry, unless
// `cannot` or `fault` say why there is none.
[[nodiscard]] Evidence probe(Driver& driver, const Vocabulary& vocabulary, const RunOptions& options = {});
// Whether the probe's exchange did what its verb is for.
[[nodiscard]] bool probe_succeeded(const Evidence& evidence, const Vocabulary& vocabulary, const JudgeOptions& options);

// A scenario during or after which the target stops answering keeps its own verdict; when the target does not come back, the rest is
// INCONCLUSIVE and names that scenario. Results are in the order of `scenarios`.
//
// With several jobs nothing is blamed on a target for what may be the work of a neighbour: whatever does not pass beside others is run
// again alone, and that verdict counts. When the target stops answering for good while several are in flight, those that saw it are
// INCONCLUSIVE and named together.
[[nodiscard]] std::vector<ScenarioResult> run(const std::vector<Scenario>& scenarios, const Vocabulary& vocabulary, Driver& driver,
                                              const RunOptions& options);

// Whether the rest of a run may have several connections at a time: asks once more while the first connection is still open.
[[nodiscard]] bool serves_several(Driver& driver, const Vocabulary& vocabulary, const RunOptions& options);

// Runs one: what selftest and `run` share. The evidence is returned as judged. One that does not pass with a borrowed control is run again
// with its own.
struct RunOne {
  ScenarioResult result;
  Evidence evidence;
};
[[nodiscard]] RunOne run_one(const Scenario& scenario, const Vocabulary& vocabulary, Driver& driver, const RunOptions& options);

}  // namespace conformance::engine
