// Inside est/net only: listening sockets.
#pragma once

#include <vector>

#include "est/net/socket.h"

namespace est::net {

// Every address of `wanted.host` on one port; port 0 picks a free one. An empty host or "*" means every address of this machine.
[[nodiscard]] Result<std::vector<Socket>> listen_on(const Endpoint& wanted);

}  // namespace est::net
