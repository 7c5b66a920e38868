// Wall time and monotonic deadlines, injectable so that no test depends on the hour.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace est {

using Milliseconds = std::chrono::milliseconds;
using UnixTime = std::int64_t;  // seconds since 1970-01-01T00:00:00Z

// Threads: implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual UnixTime now() const = 0;
};

[[nodiscard]] const Clock& system_clock();

// A fixed or hand-moved clock for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixTime at) : at_(at) {}
  [[nodiscard]] UnixTime now() const override { return at_; }
  void set(UnixTime at) { at_ = at; }

 private:
  UnixTime at_;
};

// "2026-11-20T20:21:56Z"
[[nodiscard]] std::string iso8601(UnixTime time);

// A total deadline: every wait in the project asks one how much is left.
class Deadline {
 public:
  [[nodiscard]] static Deadline after(Milliseconds span) { return Deadline(std::chrono::steady_clock::now() + span); }
  [[nodiscard]] Milliseconds left() const;  // never negative
  [[nodiscard]] bool passed() const { return left() <= Milliseconds::zero(); }
  [[nodiscard]] std::chrono::steady_clock::time_point at() const { return at_; }
  [[nodiscard]] static Deadline earlier(const Deadline& a, const Deadline& b) { return a.at_ < b.at_ ? a : b; }

 private:
  explicit Deadline(std::chrono::steady_clock::time_point at) : at_(at) {}
  std::chrono::steady_clock::time_point at_;
};

}  // namespace est
