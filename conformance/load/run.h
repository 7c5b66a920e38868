// Carries out a plan.
#pragma once

#include <functional>
#include <optional>

#include "conformance/load/plan.h"
#include "conformance/load/result.h"

namespace conformance::load {

struct Watch {
  int process = 0;  // the target's, on this machine; 0: unknown
  std::function<bool()> stopped = [] { return false; };
  // About once a second, with the time since the first counted request and what is counted by then.
  std::function<void(std::chrono::seconds, const Tally&)> tick = [](std::chrono::seconds, const Tally&) {};
};

// Before the clock starts one request of each kind is made and its answer examined: what fails there is the error. Errors also: keys or
// contexts that cannot be made, a process that does not exist. A target that fails later is part of the result.
[[nodiscard]] est::Result<Result> run(const Plan& plan, const Watch& watch);

}  // namespace conformance::load
