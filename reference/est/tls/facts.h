// What a TLS connection turned out to be: the facts that authentication, proof of possession and evidence rest on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"

namespace est::tls {

enum class Version { unknown, tls10, tls11, tls12, tls13 };
[[nodiscard]] std::string_view to_string(Version version) noexcept;           // "TLS 1.2"
[[nodiscard]] std::optional<Version> version_by_name(std::string_view name);  // "1.2", "TLS 1.2", "tls12"

struct Alert {
  bool fatal = true;
  int description = 0;  // RFC 8446 6
  bool from_peer = true;
  [[nodiscard]] std::string name() const;  // "handshake_failure"
  bool operator==(const Alert&) const = default;
};

struct Facts {
  Version version = Version::unknown;
  std::string suite;  // IANA name, e.g. "TLS_AES_128_GCM_SHA256"
  std::string group;  // key exchange group, if known
  bool resumed = false;
  bool secure_renegotiation = false;  // RFC 5746; always true on TLS 1.3
  std::string server_name;            // SNI
  std::string alpn;
  std::vector<Bytes> peer_chain;  // DER, leaf first; empty when the peer showed no certificate
  // Clients: the outcome of chain and name verification, recorded whether or not the profile insists on it; repeated on a resumed
  // session, because the session may have been made under other anchors or another name. Servers: always false, the application judges.
  bool peer_verified = false;
  std::string verify_error;  // why not; empty when verified, and on servers
  // RFC 5929 3: first Finished of the latest handshake; on a resumed session the server's. Empty on TLS 1.3, where it is undefined.
  Bytes tls_unique;
  // RFC 9266: 32 octets of EXPORTER-Channel-Binding. Present on TLS 1.3, and on TLS 1.2 with extended master secret.
  Bytes tls_exporter;

  [[nodiscard]] const Bytes* peer_certificate() const noexcept { return peer_chain.empty() ? nullptr : &peer_chain.front(); }
};

}  // namespace est::tls
