// One scenario's TLS connections as a capture with the secrets that open them (Decryption Secrets Blocks): Wireshark and tshark show it
// decrypted, as far as the secrets are told. What is withheld, and why, is said in the comments; capture.pcapng (pcapng.h) has the HTTP of
// those directions, without their secrets.
#pragma once

#include "conformance/engine/evidence.h"

namespace conformance::report {

// The records are as they passed; the TCP connections around them are made up, with the addresses and ports there were (RFC 5737's where
// they are not known, or not IPv4). Without a TLS connection the file holds no packet.
[[nodiscard]] est::Bytes tls_pcapng(const engine::Evidence& evidence);

// The same remarks as lines of text, connection by connection; empty when there are none.
[[nodiscard]] std::string tls_remarks(const engine::Evidence& evidence);

}  // namespace conformance::report
