#include "est/net/client.h"

#include <poll.h>

#include <array>

#include "est/net/socket.h"
#include "est/net/tls_stream.h"
#include "est/net/tunnel.h"

namespace est::net {

struct ClientConnection::Impl : TlsStream {
  Impl() : TlsStream(false) {}
  [[nodiscard]] Failure renegotiation_failure() const;
  OpeningTimes times;
};

namespace {

Failure local_failure(Stage stage, const Error& error) { return {stage, Cause::local, error.message, {}}; }

}  // namespace

ClientConnection::ClientConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClientConnection::ClientConnection(ClientConnection&&) noexcept = default;
ClientConnection& ClientConnection::operator=(ClientConnection&&) noexcept = default;
ClientConnection::~ClientConnection() = default;

std::variant<ClientConnection, Failure> ClientConnection::open(const Endpoint& to, const tls::ClientContext& context,
                                                               const ClientDeadlines& deadlines, SSL_SESSION* resume, const Proxy* through,
                                                               std::shared_ptr<Tap> tap) {
  const auto began = std::chrono::steady_clock::now();
  const Deadline connecting = Deadline::after(deadlines.connect);
  auto connected = through == nullptr ? connect_tcp(to, connecting) : connect_through(*through, to, connecting);
  if (auto* failure = std::get_if<Failure>(&connected)) return std::move(*failure);
  auto impl = std::make_unique<Impl>();
  impl->take(std::get<Socket>(std::move(connected)));
  if (tap) impl->tap_by(std::move(tap));
  const auto stands = std::chrono::steady_clock::now();
  Result<crypto::SslHandle> ssl = tls::new_connection(context);
  if (!ssl) return local_failure(Stage::handshake, ssl.error());
  if (Status status = impl->begin(std::move(*ssl)); !status) return local_failure(Stage::handshake, status.error());
  if (resume != nullptr && SSL_set_session(impl->ssl.get(), resume) != 1)
    return local_failure(Stage::handshake, crypto::openssl_error("the session cannot be offered"));
  auto failure = impl->handshake(to.to_string(), context.profile().verify, Deadline::after(deadlines.handshake));
  if (failure) return std::move(*failure);
  impl->times = {stands - began, std::chrono::steady_clock::now() - stands};
  return ClientConnection(std::move(impl));
}

const OpeningTimes& ClientConnection::opening_times() const noexcept { return impl_->times; }

const tls::Facts& ClientConnection::facts() const noexcept { return impl_->facts; }
PeerClose ClientConnection::peer_close() const noexcept { return impl_->peer_close; }
const std::vector<tls::Alert>& ClientConnection::alerts() const noexcept { return impl_->alerts; }
const std::string& ClientConnection::peer_address() const noexcept { return impl_->address; }

std::optional<Failure> ClientConnection::write(BytesView data, Deadline deadline) { return impl_->write(data, deadline); }
ReadOutcome ClientConnection::read(std::span<Byte> into, Deadline deadline) { return impl_->read(into, deadline); }

void ClientConnection::close(bool abrupt) {
  if (impl_->ssl) impl_->close(abrupt);
}

Failure ClientConnection::Impl::renegotiation_failure() const {
  constexpr int no_renegotiation = 100;
  for (const tls::Alert& alert : alerts) {
    if (alert.from_peer && alert.description == no_renegotiation)
      return {Stage::handshake, Cause::alert, address + " refused the renegotiation with the TLS alert " + alert.name(), alert};
  }
  return handshake_failure(address, true);
}

std::optional<Failure> ClientConnection::renegotiate(Deadline deadline) {
  Impl& self = *impl_;
  if (!self.ssl || self.ended) return Failure{Stage::handshake, Cause::closed, "the connection is closed", {}};
  crypto::clear_errors();
  if (SSL_renegotiate(self.ssl.get()) != 1) return local_failure(Stage::handshake, crypto::openssl_error("cannot renegotiate"));
  for (;;) {
    crypto::clear_errors();
    const Next next = next_after(self.ssl.get(), SSL_do_handshake(self.ssl.get()));
    if (next == Next::done) break;
    if (next == Next::end) return self.remember({0, self.renegotiation_failure()}).failure;
    if (!wait_for(self.socket.get(), events_of(next), deadline))
      return Failure{Stage::handshake, Cause::timeout, self.address + " did not finish the renegotiation in time", {}};
  }
  self.note_progress();
  return std::nullopt;
}

Status ClientConnection::update_keys() {
  crypto::clear_errors();
  if (!impl_->ssl || SSL_key_update(impl_->ssl.get(), SSL_KEY_UPDATE_REQUESTED) != 1) return crypto::openssl_error("cannot update keys");
  return {};
}

unsigned ClientConnection::certificate_requests() const noexcept { return impl_->ssl ? tls::certificate_requests_of(impl_->ssl.get()) : 0; }

std::uint32_t ClientConnection::early_data_offered() const noexcept {
  const SSL_SESSION* session = impl_->ssl ? SSL_get0_session(impl_->ssl.get()) : nullptr;
  return session == nullptr ? 0 : SSL_SESSION_get_max_early_data(session);
}

// TLS 1.3 session tickets and the like are taken in silently; they are no news.
bool ClientConnection::readable_now() {
  Impl& self = *impl_;
  if (!self.ssl || self.ended) return true;
  Byte octet = 0;
  crypto::clear_errors();
  const int result = SSL_peek(self.ssl.get(), &octet, 1);
  const Next next = next_after(self.ssl.get(), result);
  self.note_progress();
  if (next == Next::end) static_cast<void>(self.end_of_reading());
  return next == Next::done || next == Next::end;
}

namespace {

// The head of a record of application data (RFC 8446 5.1), and less of it than the head says.
void send_half_a_record(int socket, Tap* tap) {
  constexpr std::array<Byte, 21> octets{0x17, 0x03, 0x03, 0x00, 0x40};
  const ssize_t sent = ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (tap != nullptr && sent > 0) tap->octets(true, BytesView(octets).first(static_cast<std::size_t>(sent)));
}

}  // namespace

void ClientConnection::end_output(OutputEnd how) {
  if (!impl_->ssl || (impl_->ended && impl_->ended->failure)) return;
  const int socket = impl_->socket.get();
  if (how == OutputEnd::proper || how == OutputEnd::notify_only) {
    crypto::clear_errors();
    static_cast<void>(SSL_shutdown(impl_->ssl.get()));
  }
  if (how == OutputEnd::cut_record) send_half_a_record(socket, impl_->tap.get());
  if (how != OutputEnd::notify_only) ::shutdown(socket, SHUT_WR);
}

crypto::SslSessionHandle ClientConnection::session() const {
  if (!impl_->ssl) return nullptr;
  crypto::SslSessionHandle session(SSL_get1_session(impl_->ssl.get()));
  if (session && SSL_SESSION_is_resumable(session.get()) != 1) session.reset();
  return session;
}

}  // namespace est::net
