// One scenario's exchanges as a capture that Wireshark and tshark open: the HTTP octets of the evidence inside TCP connections that are
// made up for them (loopback addresses, port 80), with the recorded times, a comment per exchange, and nothing that evidence does not hold.
// TLS is taken off, so no TLS secret is needed or told: secrets stay overwritten as in evidence.json.
#pragma once

#include "conformance/engine/evidence.h"

namespace conformance::report {

// pcapng (draft-ietf-opsawg-pcapng), little-endian, link type raw IP. Connections below HTTP, without octets, appear by their comments
// only.
[[nodiscard]] est::Bytes pcapng(const engine::Evidence& evidence);

}  // namespace conformance::report
