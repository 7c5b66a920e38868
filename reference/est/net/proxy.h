// Reaching a peer through somebody else's machine: HTTP CONNECT (RFC 9110 9.3.6) with Basic or Digest, and SOCKS5 (RFC 1928) with user and
// password (RFC 1929). The proxy resolves names; literal addresses are passed on as they are. TLS runs inside, between us and the peer.
#pragma once

#include <optional>
#include <string_view>

#include "est/base/result.h"
#include "est/http/auth.h"
#include "est/net/address.h"

namespace est::net {

struct Proxy {
  enum class Kind { http_connect, socks5 };
  Kind kind = Kind::http_connect;
  Endpoint at;
  std::optional<http::Credentials> credentials;  // secret; shown to the proxy only, and only when it asks
};

// "http://host:port" or "socks5://host:port" ("socks5h" means the same); no credentials in it.
[[nodiscard]] Result<Proxy> parse_proxy(std::string_view url);

}  // namespace est::net
