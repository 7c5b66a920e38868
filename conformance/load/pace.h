// When the requests of a load begin.
//
// Closed loop: a client asks as soon as it is free. What a stall of the target costs those who would have come meanwhile is then invisible,
// because they do not come. Open loop: requests begin by the clock, whatever has become of the earlier ones, and their time counts from the
// moment they were due, also where no client was free.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "conformance/load/plan.h"

namespace conformance::load {

struct Due {
  std::uint64_t number = 0;
  std::chrono::steady_clock::time_point at;
  bool overslept = false;  // somebody waited for it and woke up late
  bool too_late = false;   // open loop: due longer ago than the plan's patience; it is not to be sent
};

// Threads: any.
class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds late{1};  // what begins later than this after its time began late

  // Requests begin from `begin` on and before `end`. `stopped` is asked while waiting, too.
  Pace(double rate, Time begin, Time end, std::chrono::nanoseconds patience, std::function<bool()> stopped);

  // Waits for the next one; nothing when no more begin.
  [[nodiscard]] std::optional<Due> next();

 private:
  [[nodiscard]] std::optional<Due> next_by_clock();

  double rate_;
  Time begin_, end_;
  std::chrono::nanoseconds patience_;
  std::function<bool()> stopped_;
  std::atomic<std::uint64_t> taken_{0};
};

}  // namespace conformance::load
