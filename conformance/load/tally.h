// Samples added up. Not thread-safe: a run guards it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "conformance/engine/json.h"
#include "conformance/load/histogram.h"
#include "conformance/load/sample.h"

namespace conformance::load {

// One stretch of time, by when its requests were due.
struct Interval {
  std::uint64_t good = 0, failed = 0;
  Histogram whole;  // of the good ones
};

class Tally {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Tally() = default;
  // What was due before `begin` is not counted. Memory is bounded: `stretch` times most_intervals, then the last interval takes the rest.
  Tally(Time begin, std::chrono::seconds stretch) : begin_(begin), stretch_(stretch) {}
  static constexpr std::size_t most_intervals = 3600;

  void add(const Sample& sample);
  // As if both had been one run; intervals are put together by `shift`, how many intervals later the other began.
  void add(const Tally& other, std::size_t shift);

  [[nodiscard]] std::uint64_t requests() const noexcept;
  [[nodiscard]] std::uint64_t of(Outcome outcome) const noexcept { return outcomes.at(static_cast<std::size_t>(outcome)); }
  [[nodiscard]] std::uint64_t good() const noexcept { return of(Outcome::good); }
  [[nodiscard]] std::chrono::seconds stretch() const noexcept { return stretch_; }
  [[nodiscard]] Time last_end() const noexcept { return last_end_; }

  [[nodiscard]] engine::Json to_json() const;
  [[nodiscard]] static est::Result<Tally> from_json(const engine::Json& json);

  std::array<std::uint64_t, all_outcomes.size()> outcomes{};
  std::uint64_t late = 0, overslept = 0, examined = 0, exchanges = 0, connections = 0, resumed = 0;
  Histogram connect, handshake, first_byte, whole;  // of good requests; connect and handshake of those that made a connection
  std::map<std::string, Histogram> operations;      // `whole` by operation
  std::map<std::string, std::string> details;       // the first sentence for each outcome that is not good
  std::vector<Interval> series;

 private:
  void add_good(const Sample& sample);
  Interval& interval_of(const Sample& sample);

  Time begin_{}, last_end_{};
  std::chrono::seconds stretch_{1};
};

}  // namespace conformance::load
