#include "est/net/accepted.h"

#include <poll.h>

#include <atomic>
#include <cerrno>

#include "est/net/listen.h"
#include "est/net/tls_stream.h"

namespace est::net {

struct AcceptedConnection::Impl : TlsStream {
  Impl() : TlsStream(true) {}
  void peek(const Deadline& deadline);
  Bytes beginning;
};

namespace {

constexpr std::size_t record_header = 5;
constexpr std::size_t longest_record = 16384 + record_header;

// RFC 8446 5.1: whether more octets of the first record are to come.
bool wants_more(BytesView octets) {
  const bool tls = octets.empty() || octets[0] == 22;
  if (!tls || octets.size() >= longest_record) return false;
  return octets.size() < record_header || octets.size() < record_header + octets[3] * std::size_t{256} + octets[4];
}

}  // namespace

// Looks at the first record and leaves it where it is.
void AcceptedConnection::Impl::peek(const Deadline& deadline) {
  beginning.resize(longest_record);
  std::size_t seen = 0;
  while (wants_more(BytesView(beginning).first(seen)) && wait_for(socket.get(), POLLIN, deadline)) {
    const ssize_t got = ::recv(socket.get(), beginning.data(), beginning.size(), MSG_PEEK);
    if (got <= 0) break;
    // What is there already wakes every wait, so the rest is waited for by the clock; a peer that has closed sends no more.
    if (static_cast<std::size_t>(got) == seen && wait_for(socket.get(), POLLRDHUP, Deadline::after(Milliseconds(1)))) break;
    seen = static_cast<std::size_t>(got);
  }
  beginning.resize(seen);
}

AcceptedConnection::AcceptedConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AcceptedConnection::AcceptedConnection(AcceptedConnection&&) noexcept = default;
AcceptedConnection& AcceptedConnection::operator=(AcceptedConnection&&) noexcept = default;
AcceptedConnection::~AcceptedConnection() = default;

std::optional<Failure> AcceptedConnection::handshake(const tls::ServerContext& context, Deadline deadline) {
  impl_->peek(deadline);
  Result<crypto::SslHandle> ssl = tls::new_connection(context);
  if (!ssl) return Failure{Stage::handshake, Cause::local, ssl.error().message, {}};
  if (Status status = impl_->begin(std::move(*ssl)); !status) return Failure{Stage::handshake, Cause::local, status.error().message, {}};
  auto failure = impl_->handshake("the client", false, deadline);
  if (failure && failure->cause == Cause::local) failure->cause = Cause::protocol;
  return failure;
}

void AcceptedConnection::tap_by(std::shared_ptr<Tap> tap) { impl_->tap_by(std::move(tap)); }

const tls::Facts& AcceptedConnection::facts() const noexcept { return impl_->facts; }
const std::vector<tls::Alert>& AcceptedConnection::alerts() const noexcept { return impl_->alerts; }
const std::string& AcceptedConnection::peer_address() const noexcept { return impl_->address; }
const Bytes& AcceptedConnection::beginning() const noexcept { return impl_->beginning; }
PeerClose AcceptedConnection::peer_close() const noexcept { return impl_->peer_close; }

std::optional<Failure> AcceptedConnection::write(BytesView data, Deadline deadline) { return impl_->write(data, deadline); }
ReadOutcome AcceptedConnection::read(std::span<Byte> into, Deadline deadline) { return impl_->read(into, deadline); }
void AcceptedConnection::end_output() { impl_->end_output(); }
void AcceptedConnection::close(bool abrupt) { impl_->close(abrupt); }
void AcceptedConnection::end_without_notice() { ::shutdown(impl_->socket.get(), SHUT_WR); }
void AcceptedConnection::write_past_tls(BytesView data) {
  static_cast<void>(::send(impl_->socket.get(), data.data(), data.size(), MSG_NOSIGNAL));
}
void AcceptedConnection::interrupt() noexcept { ::shutdown(impl_->socket.get(), SHUT_RDWR); }

bool AcceptedConnection::ask_for_certificate(const tls::ServerContext& context, Deadline deadline) {
  TlsStream& self = *impl_;
  if (!context.asks_late() || !self.ssl || !tls::ask_for_client_certificate(self.ssl.get())) return false;
  crypto::clear_errors();
  if (next_after(self.ssl.get(), SSL_do_handshake(self.ssl.get())) != Next::done) return false;
  const unsigned before = tls::handshakes_of(self.ssl.get());  // OpenSSL counts the asking as one
  Byte octet = 0;
  while (tls::handshakes_of(self.ssl.get()) == before) {
    crypto::clear_errors();
    const Next next = next_after(self.ssl.get(), SSL_peek(self.ssl.get(), &octet, 1));
    if (tls::handshakes_of(self.ssl.get()) != before) break;
    if (next == Next::done || next == Next::end) return false;
    if (!wait_for(self.socket.get(), events_of(next), deadline)) return false;
  }
  tls::asking_is_over(self.ssl.get());
  self.note_progress();
  return true;
}

// --- Listener

struct Listener::Impl {
  std::vector<Socket> sockets;
  std::uint16_t port = 0;
  std::atomic<bool> stopped{false};
};

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;
Listener::~Listener() = default;

Result<Listener> Listener::bind(const Endpoint& at) {
  auto impl = std::make_unique<Impl>();
  Result<std::vector<Socket>> sockets = listen_on(at);
  if (!sockets) return sockets.error();
  impl->sockets = std::move(*sockets);
  SocketAddress address;
  if (getsockname(impl->sockets.front().get(), address.get(), &address.length) == 0) impl->port = address.endpoint().port;
  return Listener(std::move(impl));
}

std::uint16_t Listener::port() const noexcept { return impl_->port; }

void Listener::stop() noexcept {
  impl_->stopped = true;
  for (const Socket& socket : impl_->sockets) ::shutdown(socket.get(), SHUT_RDWR);
}

bool Listener::wait(Deadline deadline) const {
  std::vector<pollfd> waiting;
  for (const Socket& socket : impl_->sockets) waiting.push_back({socket.get(), POLLIN, 0});
  for (;;) {
    if (impl_->stopped) return false;
    const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(deadline.left().count()));
    if (ready > 0) return !impl_->stopped;
    if (deadline.passed() || (ready < 0 && errno != EINTR)) return false;
  }
}

std::optional<AcceptedConnection> Listener::accept(Deadline deadline) {
  while (wait(deadline)) {
    for (const Socket& socket : impl_->sockets) {
      const int descriptor = ::accept4(socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) continue;
      auto impl = std::make_unique<AcceptedConnection::Impl>();
      impl->take(Socket(descriptor));
      return AcceptedConnection(std::move(impl));
    }
  }
  return std::nullopt;
}

}  // namespace est::net
