#include "est/base/timers.h"

#include <algorithm>

namespace est {

std::string_view to_string(TimedPhase phase) noexcept {
  switch (phase) {
    case TimedPhase::accept:
      return "accept";
    case TimedPhase::handshake:
      return "handshake";
    case TimedPhase::parse:
      return "parse";
    case TimedPhase::authenticate:
      return "authenticate";
    case TimedPhase::issue:
      return "issue";
    case TimedPhase::upstream:
      return "upstream";
    case TimedPhase::write:
      return "write";
  }
  return "unknown";
}

void Timers::add(TimedPhase phase, std::chrono::nanoseconds span) noexcept {
  Cell& cell = cells_.at(static_cast<std::size_t>(phase));
  const auto bucket = static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), span) - bounds.begin());
  cell.counts.at(bucket).fetch_add(1, std::memory_order_relaxed);
  cell.nanoseconds.fetch_add(span.count(), std::memory_order_relaxed);
}

Timers::Histogram Timers::of(TimedPhase phase) const noexcept {
  const Cell& cell = cells_.at(static_cast<std::size_t>(phase));
  Histogram read;
  for (std::size_t i = 0; i < read.counts.size(); ++i) read.counts.at(i) = cell.counts.at(i).load(std::memory_order_relaxed);
  read.sum = std::chrono::nanoseconds(cell.nanoseconds.load(std::memory_order_relaxed));
  return read;
}

}  // namespace est
