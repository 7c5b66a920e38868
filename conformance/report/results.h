// The model all report writers render: what results.json holds (schema: conformance/report/results.schema.json).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conformance/engine/evidence.h"
#include "conformance/engine/scenario.h"
#include "conformance/engine/verdict.h"
#include "est/base/result.h"

namespace conformance::report {

struct Results {
  int format = 1;
  std::string suite_version;
  std::string scenario_set;                      // e.g. "built-in"
  std::string digest;                            // SHA-256 over the scenario documents
  engine::Json target = engine::Json::object();  // public profile
  bool strict = false;
  est::UnixTime started = 0;
  double seconds = 0;
  std::string command;  // how to repeat the run, without secrets
  std::vector<engine::ScenarioResult> scenarios;

  [[nodiscard]] std::map<engine::Verdict, std::size_t> totals() const;
};

// 0 conformant; 1 at least one FAIL; 2 no FAIL but INCONCLUSIVE; 4 nothing run; 5 an ERROR.
[[nodiscard]] int exit_code(const Results& results);

[[nodiscard]] engine::Json to_json(const Results& results);
[[nodiscard]] est::Result<Results> results_from_json(const engine::Json& json);
[[nodiscard]] std::string junit_xml(const Results& results);
// The summary for a terminal; findings worded as docs demand. `colour` follows NO_COLOR and isatty in the caller.
// `scenarios` gives the texts (why, mutation, requirements' wording) that results.json does not repeat.
[[nodiscard]] std::string text_summary(const Results& results, const std::vector<engine::Scenario>& scenarios, bool colour);

}  // namespace conformance::report
