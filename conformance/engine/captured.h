// The TLS connections of a scenario as they were on the wire, for a capture file. No verdict is derived from it, so it is no part of
// evidence.json, and no check may look at it. Secrets that must not be told are left out before anything gets in here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "est/base/bytes.h"

namespace conformance::engine {

struct CapturedPiece {
  std::int64_t at_us = 0;  // since the scenario began
  bool from_client = false;
  est::Bytes octets;  // empty: the end of this direction
};

struct CapturedConnection {
  std::string name;                   // "connection 2": its number in the exchanges
  std::string client, server;         // "127.0.0.1:49152"; empty when not known
  std::vector<CapturedPiece> pieces;  // in order
  std::string secrets;                // lines of the NSS key log
  std::vector<std::string> remarks;   // which secrets are withheld and why, and what was cut
};

}  // namespace conformance::engine
