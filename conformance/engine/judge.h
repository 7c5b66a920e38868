// From evidence to verdict: a pure function, so that stored evidence gives the same verdict on any machine.
#pragma once

#include "conformance/engine/vocabulary.h"

namespace conformance::engine {

struct JudgeOptions {
  bool strict = false;
  Json target = Json::object();  // the non-secret profile
};

// Whether an exchange did what its verb is for, by the verb's success check. Absent means yes; otherwise why not.
[[nodiscard]] std::optional<CheckResult> not_successful(const Exchange& exchange, const Evidence& evidence, const Vocabulary& vocabulary,
                                                        const JudgeOptions& options);

// Rules, later ones only make it worse:
//   `unclaimed` -> NOT APPLICABLE; `fault`, an exchange that failed for a `local` cause, a check that throws -> ERROR;
//   `cannot` -> INCONCLUSIVE;
//   a control that did not succeed -> INCONCLUSIVE, nothing else is judged;
//   every expectation is judged; one on an exchange that was not recorded or is incomplete is INCONCLUSIVE, never PASS;
//   a failed check is FAIL at level MUST and WARN at SHOULD and MAY;
//   the last liveness exchange not successful -> FAIL at any level; none recorded though there is a control -> INCONCLUSIVE.
[[nodiscard]] ScenarioResult judge(const Scenario& scenario, const Evidence& evidence, const Vocabulary& vocabulary,
                                   const JudgeOptions& options);

}  // namespace conformance::engine
