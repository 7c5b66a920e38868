// What became of one request.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "est/ops/operation.h"

namespace conformance::load {

// `wrong`: an answer that claims success and is none. `pending`: 202. `busy`: 503 and 429. `refused` and `fault`: other 4xx and 5xx.
// `dropped`: never sent, because nobody was free in time.
enum class Outcome { good, pending, refused, busy, fault, wrong, no_connection, no_handshake, broken, timeout, dropped };
inline constexpr std::array all_outcomes{Outcome::good,   Outcome::pending, Outcome::refused,       Outcome::busy,
                                         Outcome::fault,  Outcome::wrong,   Outcome::no_connection, Outcome::no_handshake,
                                         Outcome::broken, Outcome::timeout, Outcome::dropped};
[[nodiscard]] std::string_view to_string(Outcome outcome) noexcept;

struct Sample {
  using Time = std::chrono::steady_clock::time_point;
  est::ops::Operation operation = est::ops::Operation::cacerts;
  Outcome outcome = Outcome::dropped;
  Time scheduled;  // latency counts from here
  Time began, ended;
  bool overslept = false;  // it began late although its connection was free: the fault of the generator
  bool examined = false;
  bool resumed = false;
  unsigned exchanges = 0;                                      // requests sent, those for a challenge and for a 202 included
  std::optional<std::chrono::nanoseconds> connect, handshake;  // when a connection was made
  std::optional<std::chrono::nanoseconds> first_byte;          // from the (last) request's first octet to the answer's
  std::string detail;                                          // one sentence, when the outcome is not good
};

}  // namespace conformance::load
