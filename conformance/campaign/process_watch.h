// The target's process, where it runs on this machine: whether it is the same as before, and what it uses (Linux, /proc).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/campaign/judge.h"

namespace conformance::campaign {

struct Usage {
  std::uint64_t started = 0;   // when the process began: another value is another process
  std::uint64_t resident = 0;  // octets
  std::size_t descriptors = 0, threads = 0;
};
// Nothing when there is no such process, or it is a zombie.
[[nodiscard]] std::optional<Usage> usage_of(int process);

// Samples through a campaign. Threads: one at a time.
class ProcessWatch {
 public:
  // A number, or a file in which the last word of the last line is the number. Read anew for each sample. Empty: nobody is watched.
  explicit ProcessWatch(std::string where) : where_(std::move(where)) {}

  [[nodiscard]] bool watches() const noexcept { return !where_.empty(); }
  // Why nothing can be watched; empty when it can.
  [[nodiscard]] std::string problem() const;
  void sample();
  // Whether the process of the last look has ended since.
  [[nodiscard]] bool ended();
  // After a restart on purpose: samples begin anew.
  void begin_anew() { samples_.clear(), started_ = 0; }
  // Growth that goes on through the whole campaign.
  [[nodiscard]] std::vector<Problem> growth() const;

 private:
  [[nodiscard]] std::optional<Usage> look() const;
  std::string where_;
  std::vector<Usage> samples_;
  std::uint64_t started_ = 0;
};

// What grew by more than `least` after the first quarter of the samples and in each of the three others; 0 when it did not.
[[nodiscard]] std::uint64_t steady_growth(const std::vector<std::uint64_t>& values, std::uint64_t least);

}  // namespace conformance::campaign
