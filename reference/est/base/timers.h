// Where a server's time goes: one histogram for each phase of its work. Off by default: without Timers no clock is read.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace est {

// accept: from the kernel's connection to one the event loop waits on. handshake: from there until TLS stands; failed ones are not in.
// parse: from the first octets of a request until all of it is here and framed, so a slow sender lengthens it. authenticate: of the client.
// issue: what an enroll operation does, its waiting for the disk included and for a worker left out. upstream: one question to another
// server, the waiting for a connection to it included. write: from a reply's being ready until the kernel has taken it.
enum class TimedPhase : std::uint8_t { accept, handshake, parse, authenticate, issue, upstream, write };
inline constexpr std::array all_timed_phases{TimedPhase::accept, TimedPhase::handshake, TimedPhase::parse, TimedPhase::authenticate,
                                             TimedPhase::issue,  TimedPhase::upstream,  TimedPhase::write};
[[nodiscard]] std::string_view to_string(TimedPhase phase) noexcept;

// Threads: any. What is read while others add may lack their latest, but its buckets always make up its count.
class Timers {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  // Upper bounds, inclusive; one more bucket takes what is longer.
  static constexpr std::array<std::chrono::microseconds, 19> bounds{
      {std::chrono::microseconds(10), std::chrono::microseconds(25), std::chrono::microseconds(50), std::chrono::microseconds(100),
       std::chrono::microseconds(250), std::chrono::microseconds(500), std::chrono::microseconds(1000), std::chrono::microseconds(2500),
       std::chrono::microseconds(5000), std::chrono::microseconds(10000), std::chrono::microseconds(25000),
       std::chrono::microseconds(50000), std::chrono::microseconds(100000), std::chrono::microseconds(250000),
       std::chrono::microseconds(500000), std::chrono::microseconds(1000000), std::chrono::microseconds(2500000),
       std::chrono::microseconds(5000000), std::chrono::microseconds(10000000)}};
  struct Histogram {
    std::array<std::uint64_t, bounds.size() + 1> counts{};  // of each bucket alone
    std::chrono::nanoseconds sum{0};
  };

  explicit Timers(Instant (*clock)() = std::chrono::steady_clock::now) : now_(clock) {}
  [[nodiscard]] Instant now() const { return now_(); }
  void add(TimedPhase phase, std::chrono::nanoseconds span) noexcept;
  [[nodiscard]] Histogram of(TimedPhase phase) const noexcept;

 private:
  struct Cell {
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts{};
    std::atomic<std::int64_t> nanoseconds{0};
  };
  Instant (*now_)();
  std::array<Cell, all_timed_phases.size()> cells_;
};

// Measures one phase from where it is made until stop(); what is never stopped is not counted. Does nothing without Timers, which must
// outlive it.
class Stopwatch {
 public:
  Stopwatch() = default;
  Stopwatch(Timers* timers, TimedPhase phase, std::chrono::nanoseconds before = {}) : timers_(timers), phase_(phase), before_(before) {
    if (timers_ != nullptr) began_ = timers_->now();
  }
  // So far, what was given at the beginning included.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const { return timers_ == nullptr ? before_ : before_ + (timers_->now() - began_); }
  void stop() {
    if (timers_ == nullptr) return;
    timers_->add(phase_, elapsed());
    timers_ = nullptr;
  }

 private:
  Timers* timers_ = nullptr;
  TimedPhase phase_ = TimedPhase::accept;
  std::chrono::nanoseconds before_{0};
  Timers::Instant began_;
};

}  // namespace est
