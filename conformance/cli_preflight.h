// One look at the target before a run: a wrong address or trust anchor is one clear message, not a hundred failures.
#pragma once

#include <optional>
#include <string>

#include "conformance/engine/runner.h"

namespace conformance::cli {

struct Preflight {
  std::string error;                     // why a run makes no sense, with the cure; empty if it does
  bool fault = false;                    // the error is ours, not the user's
  std::string note;                      // something odd that does not stop the run
  std::optional<engine::Step> liveness;  // the probe that worked, if it is not the driver's own
  bool liveness_works = true;
  bool certificate_demanded = false;  // nobody gets an answer without a client certificate, not even a refusal (INT-14)
};

// `probe` instead of the driver's own.
[[nodiscard]] Preflight look(engine::Driver& driver, const engine::Vocabulary& vocabulary, const engine::JudgeOptions& judge,
                             const std::string& url, const std::optional<engine::Step>& probe = std::nullopt);

// One enrollment with the profile's own credentials. A sentence when the target refuses them (401 or 403), since a run would then blame
// the target for what is most likely a typing mistake; nothing otherwise, whatever else is wrong with the answer.
[[nodiscard]] std::string refused_credentials(engine::Driver& driver, const engine::Vocabulary& vocabulary,
                                              const engine::JudgeOptions& judge, const std::string& url);

// Whether the target answers a second connection while the first is still open. `run` says which probe works.
[[nodiscard]] bool bears_company(engine::Driver& driver, const engine::Vocabulary& vocabulary, const engine::RunOptions& run);

// The sentence for one failed connection, or nothing when the failure does not forbid a run.
[[nodiscard]] std::string configuration_error(const engine::WireFailure& failure, const std::string& url);

}  // namespace conformance::cli
