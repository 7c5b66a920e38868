#include "conformance/load/pace.h"

#include <thread>

namespace conformance::load {

using Clock = std::chrono::steady_clock;

namespace {

// An interrupted load ends soon, and ten thousand who wait for their turn cost little.
constexpr std::chrono::milliseconds longest_nap{1000};

}  // namespace

Pace::Pace(double rate, Time begin, Time end, std::chrono::nanoseconds patience, std::function<bool()> stopped)
    : rate_(rate), begin_(begin), end_(end), patience_(patience), stopped_(std::move(stopped)) {}

std::optional<Due> Pace::next() {
  if (rate_ > 0) return next_by_clock();
  std::this_thread::sleep_until(begin_);
  const Time now = Clock::now();
  if (now >= end_ || stopped_()) return std::nullopt;
  return Due{taken_++, now, false, false};
}

std::optional<Due> Pace::next_by_clock() {
  Due due;
  due.number = taken_++;
  due.at = begin_ + std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(due.number) * 1e9 / rate_));
  if (due.at >= end_) return std::nullopt;
  Time now = Clock::now();
  const bool waited = now < due.at;
  while (now < due.at && !stopped_()) {
    std::this_thread::sleep_until(std::min(due.at, now + longest_nap));
    now = Clock::now();
  }
  if (stopped_()) return std::nullopt;
  due.overslept = waited && now - due.at > late;
  due.too_late = now - due.at > patience_;
  return due;
}

}  // namespace conformance::load
