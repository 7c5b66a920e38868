// The outcome of a load: as JSON that can be merged, and as text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conformance/engine/json.h"
#include "conformance/load/plan.h"
#include "conformance/load/tally.h"

namespace conformance::load {

struct Result {
  engine::Json plan;         // as told, without secrets
  std::int64_t started = 0;  // UnixTime of the first counted request
  double seconds = 0;        // from then to the last answer
  double rate = 0;           // offered; 0: closed loop
  unsigned generators = 1;   // how many were merged
  Tally tally;
  double own_cpu = 0;  // seconds, of all generators
  std::optional<double> target_cpu;
  unsigned processors = 1;  // of one generator

  // Zero as soon as one answer was wrong: what came out is then not known to be worth anything.
  [[nodiscard]] double good_per_second() const;
  // What a reader must know before believing the numbers.
  [[nodiscard]] std::vector<std::string> warnings() const;
};

[[nodiscard]] engine::Json describe(const Plan& plan);

[[nodiscard]] engine::Json to_json(const Result& result);
[[nodiscard]] est::Result<Result> result_from_json(const engine::Json& json);
// One result of several that were made at the same time. Errors: none, intervals of different length, open and closed
// loops.
[[nodiscard]] est::Result<Result> merge(const std::vector<Result>& results);
[[nodiscard]] std::string to_text(const Result& result);

// "1.25 ms"
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds value);

}  // namespace conformance::load
