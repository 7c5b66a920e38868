// TCP without TLS.
#include <poll.h>

#include <cerrno>

#include "est/net/client.h"
#include "est/net/plain_listener.h"
#include "est/net/socket.h"

namespace est::net {

struct PlainConnection::Impl {
  Socket socket;
  PeerClose peer_close = PeerClose::open;
};

PlainConnection::PlainConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PlainConnection::PlainConnection(PlainConnection&&) noexcept = default;
PlainConnection& PlainConnection::operator=(PlainConnection&&) noexcept = default;
PlainConnection::~PlainConnection() = default;

std::variant<PlainConnection, Failure> PlainConnection::open(const Endpoint& to, Milliseconds within) {
  auto connected = connect_tcp(to, Deadline::after(within));
  if (auto* failure = std::get_if<Failure>(&connected)) return std::move(*failure);
  auto impl = std::make_unique<Impl>();
  impl->socket = std::get<Socket>(std::move(connected));
  return PlainConnection(std::move(impl));
}

std::optional<Failure> PlainConnection::write(BytesView data, Deadline deadline) {
  while (!data.empty()) {
    const ssize_t sent = ::send(impl_->socket.get(), data.data(), data.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      data = data.subspan(static_cast<std::size_t>(sent));
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return Failure{Stage::write, cause_of(errno), "the peer takes no more data: " + error_text(errno), {}};
    if (!wait_for(impl_->socket.get(), POLLOUT, deadline))
      return Failure{Stage::write, Cause::timeout, "the peer did not take the data in time", {}};
  }
  return std::nullopt;
}

ReadOutcome PlainConnection::read(std::span<Byte> into, Deadline deadline) {
  for (;;) {
    const ssize_t got = ::recv(impl_->socket.get(), into.data(), into.size(), 0);
    if (got > 0) return {static_cast<std::size_t>(got), {}};
    if (got == 0) {
      impl_->peer_close = PeerClose::fin;
      return {};
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      const int error = errno;
      if (error == ECONNRESET) impl_->peer_close = PeerClose::reset;
      return {0, Failure{Stage::read, cause_of(error), "reading failed: " + error_text(error), {}}};
    }
    if (!wait_for(impl_->socket.get(), POLLIN, deadline))
      return {0, Failure{Stage::read, Cause::timeout, "the peer sent nothing in time", {}}};
  }
}

void PlainConnection::end_output() { ::shutdown(impl_->socket.get(), SHUT_WR); }

PeerClose PlainConnection::peer_close() const noexcept { return impl_->peer_close; }

std::string PlainConnection::local_address() const {
  SocketAddress address;
  if (::getsockname(impl_->socket.get(), address.get(), &address.length) != 0) return {};
  return address.endpoint().to_string();
}

std::optional<PlainConnection> PlainListener::accept(Deadline deadline) {
  if (!wait_for(descriptor(), POLLIN, deadline)) return std::nullopt;
  Socket visitor(::accept4(descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!visitor) return std::nullopt;
  auto impl = std::make_unique<PlainConnection::Impl>();
  impl->socket = std::move(visitor);
  return PlainConnection(std::move(impl));
}

}  // namespace est::net
