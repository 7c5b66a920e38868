// From evidence to verdict: a pure function, so that stored evidence gives the same verdict on any machine.
#pragma once

#include "conformance/engine/vocabulary.h"

namespace conformance::engine {

struct JudgeOptions {
  bool strict = false;
  Json target = Json::object();  // the non-secret profile
};

// Rules: `fault` -> ERROR; control present but its success check not passed -> INCONCLUSIVE; every expectation judged;
// liveness exchange recorded and not successful -> FAIL ("the target no longer answers after ..."); `cannot` -> INCONCLUSIVE.
// A check naming an exchange that was never recorded is INCONCLUSIVE, never PASS.
[[nodiscard]] ScenarioResult judge(const Scenario& scenario, const Evidence& evidence, const Vocabulary& vocabulary,
                                   const JudgeOptions& options);

}  // namespace conformance::engine
