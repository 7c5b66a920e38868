// Inside est/net only: a TCP connection to a peer through a proxy.
#pragma once

#include <variant>

#include "est/base/clock.h"
#include "est/net/client.h"
#include "est/net/proxy.h"
#include "est/net/socket.h"

namespace est::net {

// The socket is at the first octet of what the peer says. The deadline covers everything. Failures that the proxy tells of have stage
// `proxy`; the message names the proxy and never a password.
[[nodiscard]] std::variant<Socket, Failure> connect_through(const Proxy& proxy, const Endpoint& to, const Deadline& deadline);

}  // namespace est::net
