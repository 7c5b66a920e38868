#include "est/net/listen.h"

#include <netinet/tcp.h>

#include <cerrno>
#include <optional>

namespace est::net {
namespace {

constexpr int backlog = 1024;

// `error` becomes the errno of a failure.
Result<Socket> listen_at(const SocketAddress& address, int& error) {
  const auto failed = [&] {
    error = errno;
    return Error{"cannot listen on " + address.endpoint().to_string() + ": " + error_text(error)};
  };
  Socket socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return failed();
  const int on = 1;
  // A restart must not wait for the last run's connections to leave TIME_WAIT. IPv6 sockets leave IPv4 to its own.
  static_cast<void>(setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
  // Accepted sockets inherit it.
  static_cast<void>(setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
  if (address.family() == AF_INET6) static_cast<void>(setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
  if (::bind(socket.get(), address.get(), address.length) != 0 || ::listen(socket.get(), backlog) != 0) return failed();
  return socket;
}

std::uint16_t port_of(const Socket& socket) {
  SocketAddress address;
  if (getsockname(socket.get(), address.get(), &address.length) != 0) return 0;
  return address.endpoint().port;
}

// All addresses of one endpoint on one port; a family this machine does not have is left out as long as one is there.
// `error` becomes the errno of a failure.
Result<std::vector<Socket>> listen_on_all(std::vector<SocketAddress> addresses, std::uint16_t port, int& error) {
  std::vector<Socket> listeners;
  std::optional<Error> first_error;
  for (SocketAddress& address : addresses) {
    address.set_port(port);
    Result<Socket> socket = listen_at(address, error);
    if (!socket && error != EADDRNOTAVAIL && error != EAFNOSUPPORT) return socket.error();
    if (!socket) {
      if (!first_error) first_error = socket.error();
      continue;
    }
    if (port == 0) port = port_of(*socket);
    listeners.push_back(std::move(*socket));
  }
  if (listeners.empty()) return first_error ? *first_error : Error{"the name has no address to listen on"};
  return listeners;
}

}  // namespace

Result<std::vector<Socket>> listen_on(const Endpoint& wanted) {
  constexpr int most_tries = 8;
  const Result<std::vector<SocketAddress>> addresses = look_up({wanted.host == "*" ? "" : wanted.host, wanted.port}, true);
  if (!addresses) return addresses.error();
  for (int tries = 1;; ++tries) {
    int error = 0;
    Result<std::vector<Socket>> listeners = listen_on_all(*addresses, wanted.port, error);
    // The port that was free in one family may be taken in the other: then another one will do.
    if (listeners || wanted.port != 0 || error != EADDRINUSE || tries == most_tries) return listeners;
  }
}

}  // namespace est::net
