// A staircase of rates, up to the knee: the last rate the target keeps up with.
#pragma once

#include <string>
#include <vector>

#include "conformance/load/run.h"

namespace conformance::load {

struct RampOptions {
  double factor = 1.5;  // each step's rate to that of the step before
  unsigned most_steps = 30;
  est::Milliseconds most_p99{1000};  // a step whose p99 is longer is beyond the knee
  double least_part = 0.95;          // so is one that gets fewer good answers than this part of what was offered
};

struct Ramp {
  std::vector<Result> steps;
  std::string why_ended;  // one sentence
  // The last step that was kept up with; nothing when the first one was too much.
  [[nodiscard]] const Result* knee() const;
  bool last_held = false;
};

// Why a step is beyond the knee; empty when it is not.
[[nodiscard]] std::string beyond(const Result& step, const RampOptions& options);

// Begins with plan.rate. `told` sees every step as it ends.
[[nodiscard]] est::Result<Ramp> climb(Plan plan, const RampOptions& options, const Watch& watch,
                                      const std::function<void(const Result&)>& told);

[[nodiscard]] engine::Json to_json(const Ramp& ramp);
[[nodiscard]] std::string to_text(const Ramp& ramp);

}  // namespace conformance::load
