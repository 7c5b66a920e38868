// What a target shows to somebody who only looks: harmless requests that no server can answer with a certificate. From it `estspec probe`
// writes a profile, and a run reviews the claims of the one it was given.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conformance/engine/runner.h"
#include "conformance/report/results.h"
#include "conformance/target/profile.h"

namespace conformance::cli {

// One ability that can be seen.
struct Observation {
  std::string claim;
  std::optional<bool> present;  // nothing: it was looked at, but cannot be told
  std::string seen;             // a sentence part: what was observed
};

struct Look {
  std::vector<Observation> observations;
  std::vector<std::string> notes;  // what belongs to no claim: certificates of /cacerts, the server's own chain

  [[nodiscard]] const Observation* find(std::string_view claim) const;
};

// About a dozen connections, one after another. `run` says which probe works (INT-14) and whether the target's certificate is verified:
// `verified` false looks at a target whose trust anchor is not known yet.
[[nodiscard]] Look look_around(engine::Driver& driver, const engine::RunOptions& run, bool verified);

// Claims against what was seen; neither is a failure by itself.
[[nodiscard]] std::vector<report::ReviewFinding> review(const target::Profile& profile, const Look& look);

}  // namespace conformance::cli
