// The model all report writers render: what results.json holds (schema: conformance/report/results.schema.json).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/engine/catalogue.h"
#include "conformance/engine/deviation.h"
#include "conformance/engine/evidence.h"
#include "conformance/engine/obtained.h"
#include "conformance/engine/scenario.h"
#include "conformance/engine/verdict.h"
#include "est/base/result.h"

namespace conformance::report {

// An entry of the list of known deviations that does not describe the target any more.
struct StaleDeviation {
  std::string scenario, problem;
};

// A claim at odds with what a look at the target showed; no failure by itself.
struct ReviewFinding {
  std::string claim;
  bool claimed = false;  // claimed and not there, else there and not claimed
  std::string seen;
};
[[nodiscard]] std::string sentence_of(const ReviewFinding& finding);

// The frozen set a run is scored by.
struct ScoredBy {
  std::string name;    // "EST-2026.1"
  std::string digest;  // SHA-256, as the set's file says
};

struct Results {
  int format = 1;
  std::string suite_version;
  std::string scenario_set;                      // e.g. "built-in"
  std::string digest;                            // SHA-256 over the scenario documents
  std::optional<ScoredBy> set;                   // else everything that ran counts
  engine::Json target = engine::Json::object();  // public profile
  bool strict = false;
  bool certify = false;  // everything ran, every claim was answered, no deviation was excused
  est::UnixTime started = 0;
  double seconds = 0;
  std::string command;  // how to repeat the run, without secrets
  std::vector<engine::ScenarioResult> scenarios;
  std::vector<StaleDeviation> stale;
  std::vector<ReviewFinding> review;
  std::vector<engine::ObtainedCertificate> certificates;  // all the target issued in this run

  [[nodiscard]] std::map<engine::Verdict, std::size_t> totals() const;  // every verdict has an entry
  [[nodiscard]] std::map<engine::Verdict, std::size_t> scored() const;  // the same of what counts
};

// 0 conformant; 1 at least one FAIL; 5 no FAIL but an ERROR; 3 neither but a stale deviation; 2 none of these but INCONCLUSIVE; 4 nothing
// run (all NOT APPLICABLE counts as that). Known deviations are neither FAIL nor INCONCLUSIVE here; what is not scored does not count.
[[nodiscard]] int exit_code(const Results& results);

// The same in words: "NOT CONFORMANT".
[[nodiscard]] std::string conclusion(const Results& results);

[[nodiscard]] engine::Json to_json(const Results& results);
[[nodiscard]] est::Result<Results> results_from_json(const engine::Json& json);  // never throws on hostile input

// Comma-separated values with a heading: serial, issuer, subject, not_after, scenario, step; RFC 4180.
[[nodiscard]] std::string certificates_csv(const Results& results);

// Marks the results that `deviations` cover and lists the entries that do not hold (any more): a scenario that passes or comes to another
// verdict, one that was not run though `everything` was selected, and whatever expired before `today` (YYYY-MM-DD).
void apply_deviations(Results& results, const std::vector<engine::Deviation>& deviations, const std::string& today, bool everything);

// JUnit as the Jenkins xunit plugin reads it (report/junit.xsd): FAIL is a failure; ERROR an error; INCONCLUSIVE an error of type
// "inconclusive", since nothing was shown; NOT APPLICABLE is skipped and says why, as are known deviations; WARN passes and tells what it
// saw in system-out.
[[nodiscard]] std::string junit_xml(const Results& results);

struct TextOptions {
  bool colour = false;           // follows NO_COLOR and isatty in the caller
  std::string folder;            // where the results are, for the paths in the text
  std::size_t width = 110;       // columns
  std::size_t most_events = 12;  // per finding; all are in results.json
};

// The summary for a terminal; findings worded as docs demand, the worst last, next to the prompt. `scenarios` and `catalogue` give the
// texts (why, mutation, requirements' wording) that results.json does not repeat.
[[nodiscard]] std::string text_summary(const Results& results, const std::vector<engine::Scenario>& scenarios,
                                       const engine::Catalogue& catalogue, const TextOptions& options);

// One finding alone, as in the summary.
[[nodiscard]] std::string text_finding(const Results& results, const engine::ScenarioResult& finding,
                                       const std::vector<engine::Scenario>& scenarios, const engine::Catalogue& catalogue,
                                       const TextOptions& options);

}  // namespace conformance::report
