// What the taps on a session's TLS connections heard, made fit to be kept: a secret that opens one direction is told only where the
// redactor would leave that direction's content as it is, so that no capture says more than evidence.json.
//
// TLS 1.3 has a secret for each direction and one for each direction's handshake. The latter are told always: they open the certificates,
// and nothing that follows (RFC 8446 7.1). TLS 1.2 and below have one for both directions, and the sessions resumed from it have the same.
// No other secret (exporter, early data, RSA premaster) is ever told.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "conformance/engine/captured.h"
#include "conformance/steps/redact.h"
#include "est/net/tap.h"

namespace conformance::steps {

inline constexpr std::size_t most_taps = 100;

enum class TapRole { client, server };  // the suite's side of the connection

// A session's taps. One thread; the taps themselves may be used by others.
class Taps {
 public:
  void begin() { wanted_ = true; }
  [[nodiscard]] bool wanted() const noexcept { return wanted_; }
  // Null when none are wanted, or there are too many.
  [[nodiscard]] std::shared_ptr<est::net::Tap> make(std::string name);
  void keep(std::string name, std::shared_ptr<est::net::Tap> tap);
  [[nodiscard]] std::vector<engine::CapturedConnection> captured(TapRole role, const Redactor& redactor,
                                                                 std::chrono::steady_clock::time_point scenario_began) const;

 private:
  struct Named {
    std::string name;
    std::shared_ptr<est::net::Tap> tap;
  };
  bool wanted_ = false;
  bool complete_ = true;  // each connection has its tap
  std::vector<Named> taps_;
};

}  // namespace conformance::steps
