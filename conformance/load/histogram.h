// Durations counted in buckets of constant relative width, as HDR histograms do it: whatever comes, a value read back is at most 1/256 (0.4
// %) too large, and two histograms add up to the histogram of both. Debian has no C or C++ library for this.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "conformance/engine/json.h"
#include "est/base/result.h"

namespace conformance::load {

class Histogram {
 public:
  using Nanoseconds = std::chrono::nanoseconds;
  static constexpr Nanoseconds most = std::chrono::hours(1);  // what is longer counts as this

  void add(Nanoseconds value);
  void add(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] Nanoseconds mean() const noexcept;
  [[nodiscard]] Nanoseconds largest() const noexcept { return largest_; }
  // The smallest value that at least `part` (0 to 1) of all values do not exceed; zero when there are none.
  [[nodiscard]] Nanoseconds quantile(double part) const;

  // {"unit":"ns","buckets-per-octave":256,"sum":..,"largest":..,"counts":[[bucket,count],..]}
  [[nodiscard]] engine::Json to_json() const;
  // Errors say what is wrong, not where the text came from.
  [[nodiscard]] static est::Result<Histogram> from_json(const engine::Json& json);

 private:
  std::vector<std::uint64_t> counts_;  // as long as the largest bucket in use wants it
  std::uint64_t count_ = 0;
  double sum_ = 0;  // nanoseconds
  Nanoseconds largest_{0};
};

}  // namespace conformance::load
