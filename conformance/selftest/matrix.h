// The kill matrix of one role: every scenario against the clean reference and against every fault.
// It is green when the reference passes everything, every scenario is killed by a fault, every fault kills what it says, and
// nothing else is killed without an explanation.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/engine/runner.h"
#include "est/base/result.h"

namespace conformance::selftest {

// What a fault, whichever role it is of, is expected to do.
struct Promised {
  std::string id, sentence;
  std::vector<std::string> kills;  // scenarios that must not pass under it
  std::vector<std::string> also;   // further ones that may fail
  bool fatal = false;              // nothing can be learnt once it has shown: only `kills` run
};

// What is tested in the matrix: the reference in one role, sound or with one of its faults.
struct Role {
  std::string name;  // "server"
  std::vector<Promised> faults;
  // Scenarios against the sound reference (no number), `jobs` at a time, or against one with this fault of the list. An error: it could
  // not be started. Called from several threads at once.
  std::function<est::Result<std::vector<engine::ScenarioResult>>(std::optional<std::size_t> fault,
                                                                 const std::vector<engine::Scenario>& scenarios, unsigned jobs)>
      run;
};
template <class AnyFault>
[[nodiscard]] std::vector<Promised> promised_by(const std::vector<AnyFault>& faults) {
  std::vector<Promised> all;
  for (const AnyFault& fault : faults) all.push_back({fault.id, fault.sentence, fault.kills, fault.also, fault.fatal});
  return all;
}

struct FaultRow {
  std::string id, sentence;
  std::map<std::string, engine::Verdict> killed;  // scenario id -> FAIL or WARN
  bool promised = true;                           // some scenario that was run is in Promised::kills
  std::vector<std::string> survived;              // promised, yet not killed, with the verdict instead
  std::vector<std::string> unexplained;           // killed by FAIL, neither promised nor explained
  std::vector<std::string> again;                 // as promised only when looked at again
  std::string trouble;                            // the fault could not be run at all
};

struct Matrix {
  std::vector<engine::ScenarioResult> baseline;
  std::vector<FaultRow> faults;
  std::vector<std::string> unkilled;  // scenarios no fault makes fail
  bool complete = false;              // every fault was run, so that `unkilled` means something
  std::string trouble;                // the reference could not be started

  [[nodiscard]] std::vector<std::string> unclean() const;  // baseline scenarios that do not pass
  [[nodiscard]] bool green() const;
};

struct MatrixOptions {
  unsigned threads = 2;                           // faults at a time; the baseline runs as many scenarios, or four, at a time
  std::vector<std::string> only_faults;           // ids, or "FAULT-CMC-*"; empty: all (then `unkilled` is judged)
  bool selected = false;                          // the scenarios are a selection: promises about others are not judged
  bool promised_only = false;                     // run only the scenarios a fault promises to kill: quick, for sanitizers
  std::function<void(const FaultRow&)> finished;  // called from any of the threads, one at a time
};

// Whether `only_faults` names any fault of the role.
[[nodiscard]] bool any_fault_chosen(const Role& role, const MatrixOptions& options);
// Of a selection with `promised_only`, faults that promise nothing about it are not run: `faults` may be empty.
[[nodiscard]] Matrix run_matrix(const Role& role, const std::vector<engine::Scenario>& scenarios, const MatrixOptions& options);

[[nodiscard]] std::string to_text(const Matrix& matrix);
[[nodiscard]] engine::Json to_json(const Matrix& matrix);

}  // namespace conformance::selftest
