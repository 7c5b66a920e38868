// When to ask again (RFC 7030 4.2.3, RFC 9110 10.2.3).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "est/base/clock.h"
#include "est/http/message.h"

namespace client {

struct RetryPolicy {
  std::uint64_t limit = 300;         // seconds of waiting in all; 0: never wait
  std::uint64_t without = 60;        // seconds, where a 202 lacks the Retry-After it must have
  std::uint64_t keep_open = 5;       // seconds; for longer waits the connection is closed
  std::uint64_t least = 1;           // seconds; a server that says 0 is not hammered
  std::uint64_t most_rounds = 1000;  // however short the waits are
};

// Does the server want to be asked again? 202, and 503 or 429 with Retry-After. Both forms of Retry-After; a date is compared with the
// answer's Date if it has one, so that our clock need not be right, else with `now`. Seconds; nothing for other answers.
[[nodiscard]] std::optional<std::uint64_t> wanted_wait(const est::http::Response& response, const RetryPolicy& policy, est::UnixTime now);

// Waits the given time and returns true, or false when it was interrupted.
using Wait = std::function<bool(est::Milliseconds)>;
[[nodiscard]] bool wait_sleeping(est::Milliseconds span);

// What is left of the policy's limits during one operation.
class RetryBudget {
 public:
  explicit RetryBudget(const RetryPolicy& policy) : policy_(policy) {}
  // False, and nothing spent, when that is more than what is left.
  [[nodiscard]] bool spend(std::uint64_t seconds) noexcept;

 private:
  RetryPolicy policy_;
  std::uint64_t spent_ = 0;
  std::uint64_t rounds_ = 0;
};

}  // namespace client
