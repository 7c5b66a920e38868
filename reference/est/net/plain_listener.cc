#include "est/net/plain_listener.h"

#include <poll.h>

#include <array>
#include <optional>

#include "est/http/parser.h"
#include "est/net/listen.h"

namespace est::net {
namespace {

constexpr http::ParserLimits visitor_limits{.start_line = 1024, .head = 16384, .fields = 64, .body = 4096};

std::optional<http::Request> read_visitor(const Socket& visitor, const Deadline& deadline) {
  http::RequestParser parser(visitor_limits);
  std::array<Byte, 4096> buffer{};
  while (wait_for(visitor.get(), POLLIN, deadline)) {
    const ssize_t count = ::recv(visitor.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return std::nullopt;
    static_cast<void>(parser.feed(BytesView(buffer).first(static_cast<std::size_t>(count))));
    if (parser.state() == http::RequestParser::State::complete) return parser.take();
    if (parser.state() == http::RequestParser::State::refused) return std::nullopt;
  }
  return std::nullopt;
}

void write_visitor(const Socket& visitor, BytesView octets, const Deadline& deadline) {
  while (!octets.empty() && wait_for(visitor.get(), POLLOUT, deadline)) {
    const ssize_t sent = ::send(visitor.get(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    octets = octets.subspan(static_cast<std::size_t>(sent));
  }
  ::shutdown(visitor.get(), SHUT_WR);
}

}  // namespace

struct PlainListener::Impl {
  Socket socket;
  std::uint16_t port = 0;
};

PlainListener::PlainListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PlainListener::PlainListener(PlainListener&&) noexcept = default;
PlainListener& PlainListener::operator=(PlainListener&&) noexcept = default;
PlainListener::~PlainListener() = default;

Result<PlainListener> PlainListener::bind(const Endpoint& at) {
  Result<std::vector<Socket>> sockets = listen_on(at);
  if (!sockets) return sockets.error();
  auto impl = std::make_unique<Impl>();
  impl->socket = std::move(sockets->front());
  SocketAddress address;
  if (getsockname(impl->socket.get(), address.get(), &address.length) == 0) impl->port = address.endpoint().port;
  return PlainListener(std::move(impl));
}

std::uint16_t PlainListener::port() const noexcept { return impl_->port; }

void PlainListener::stop() noexcept { ::shutdown(impl_->socket.get(), SHUT_RDWR); }

int PlainListener::descriptor() const noexcept { return impl_->socket.get(); }

void PlainListener::serve(Deadline deadline, Milliseconds patience, const std::function<http::Response(const http::Request&)>& answer) {
  if (!wait_for(impl_->socket.get(), POLLIN, deadline)) return;
  const Socket visitor(::accept4(impl_->socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!visitor) return;
  const Deadline leaving = Deadline::after(patience);
  if (const auto request = read_visitor(visitor, leaving)) write_visitor(visitor, http::encode(answer(*request)), leaving);
}

}  // namespace est::net
