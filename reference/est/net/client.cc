#include "est/net/client.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "est/base/text.h"
#include "est/net/socket.h"
#include "est/net/tunnel.h"

namespace est::net {

struct ClientConnection::Impl {
  Socket socket;
  Wire wire;
  std::string address;
  std::vector<tls::Alert> alerts;
  crypto::SslHandle ssl;  // after what its callbacks use
  tls::Facts facts;
  unsigned handshakes = 0;  // that the facts include
  PeerClose peer_close = PeerClose::open;
  std::optional<ReadOutcome> ended;  // the end of reading, which repeats itself

  ~Impl() { forget(); }

  // OpenSSL throws away the session of a connection that did not end with close_notify; TLS 1.1 and later need not (RFC 4346 7.2.1).
  void forget() {
    if (ssl && SSL_is_init_finished(ssl.get()) == 1) SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    ssl.reset();
    socket.close();
  }

  [[nodiscard]] std::optional<Failure> handshake(const std::string& to, bool verify, const Deadline& deadline);
  [[nodiscard]] Failure handshake_failure(const std::string& to, bool verify) const;
  [[nodiscard]] ReadOutcome end_of_reading();
  [[nodiscard]] ReadOutcome remember(ReadOutcome outcome);
  [[nodiscard]] Failure renegotiation_failure() const;
  void note_progress();

  [[nodiscard]] const tls::Alert* fatal_alert(bool from_peer) const {
    const auto found =
        std::find_if(alerts.begin(), alerts.end(), [&](const auto& alert) { return alert.fatal && alert.from_peer == from_peer; });
    return found == alerts.end() ? nullptr : &*found;
  }
  // The peer is gone with a reset. One that comes after its FIN (EPIPE) is only the answer to what we sent too late.
  [[nodiscard]] bool was_reset() const { return wire.read_error == ECONNRESET || (wire.end_of_input && wire.write_error == ECONNRESET); }
  [[nodiscard]] bool was_closed() const { return wire.end_of_input || wire.read_error == EPIPE; }
};

namespace {

// What one TLS call wants next.
enum class Next { done, wait_read, wait_write, end };

Next next_after(SSL* ssl, int result) {
  if (result > 0) return Next::done;
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
      return Next::wait_read;
    case SSL_ERROR_WANT_WRITE:
      return Next::wait_write;
    default:
      return Next::end;
  }
}

short events_of(Next next) { return next == Next::wait_write ? POLLOUT : POLLIN; }

std::string alert_text(const tls::Alert& alert) { return "the TLS alert " + alert.name(); }

Failure local_failure(Stage stage, const Error& error) { return {stage, Cause::local, error.message, {}}; }

std::string quoted_beginning(const Wire& wire) {
  const std::string_view all = as_text(wire.beginning());
  return "\"" + printable(all.substr(0, all.find_first_of("\r\n")), wire.first.size()) + "\"";
}

}  // namespace

// The order matters: what the peer said outranks how the stream ended after it.
Failure ClientConnection::Impl::handshake_failure(const std::string& to, bool verify) const {
  const auto failure = [](Cause cause, std::string message, const tls::Alert* alert = nullptr) {
    return Failure{Stage::handshake, cause, std::move(message), alert == nullptr ? std::nullopt : std::optional(*alert)};
  };
  const Error error = crypto::openssl_error("TLS handshake with " + to);
  if (wire.not_tls()) return failure(Cause::not_tls, to + " does not speak TLS; it sent " + quoted_beginning(wire));
  if (const tls::Alert* alert = fatal_alert(true))
    return failure(Cause::alert, to + " ended the handshake with " + alert_text(*alert), alert);
  const tls::Alert* ours = fatal_alert(false);
  const long verdict = SSL_get_verify_result(ssl.get());
  if (verify && ours != nullptr && verdict != X509_V_OK)
    return failure(Cause::untrusted, "the certificate of " + to + " is not trusted: " + X509_verify_cert_error_string(verdict), ours);
  if (ours != nullptr) return failure(wire.received == 0 ? Cause::local : Cause::protocol, error.message, ours);
  if (was_reset()) return failure(Cause::reset, to + " reset the connection during the handshake");
  if (was_closed() || !alerts.empty()) return failure(Cause::closed, to + " closed the connection during the handshake");
  if (wire.read_error != 0)
    return failure(cause_of(wire.read_error), "the connection to " + to + " broke during the handshake: " + error_text(wire.read_error));
  // Nothing came from the peer: our own configuration cannot make a ClientHello.
  return failure(wire.received == 0 ? Cause::local : Cause::protocol, error.message);
}

std::optional<Failure> ClientConnection::Impl::handshake(const std::string& to, bool verify, const Deadline& deadline) {
  for (;;) {
    ERR_clear_error();
    const Next next = next_after(ssl.get(), SSL_do_handshake(ssl.get()));
    if (next == Next::done) break;
    // OpenSSL waits for a whole record header; the first octet may tell already.
    if (wire.not_tls()) wire.read_past_tls();
    if (next == Next::end || wire.not_tls()) return handshake_failure(to, verify);
    if (!wait_for(socket.get(), events_of(next), deadline))
      return Failure{Stage::handshake, Cause::timeout, to + " did not finish the TLS handshake in time", {}};
  }
  note_progress();
  if (!verify || facts.peer_verified) return std::nullopt;
  return Failure{Stage::handshake, Cause::untrusted, "the certificate of " + to + " is not trusted: " + facts.verify_error, {}};
}

// A handshake that ended since the last look (renegotiation, post-handshake authentication) changes the facts.
void ClientConnection::Impl::note_progress() {
  const unsigned now = tls::handshakes_of(ssl.get());
  if (now == handshakes) return;
  handshakes = now;
  facts = tls::facts_of(ssl.get(), false);
}

ReadOutcome ClientConnection::Impl::remember(ReadOutcome outcome) {
  ended = outcome;
  return outcome;
}

// After SSL_read() or SSL_peek() said that no more will come: why.
ReadOutcome ClientConnection::Impl::end_of_reading() {
  const Error error = crypto::openssl_error("reading from " + address);
  const auto failed = [&](Cause cause, std::string message, const tls::Alert* alert = nullptr) {
    return remember({0, Failure{Stage::read, cause, std::move(message), alert == nullptr ? std::nullopt : std::optional(*alert)}});
  };
  const tls::Alert* alert = fatal_alert(true);
  if (was_reset()) peer_close = PeerClose::reset;
  if (alert != nullptr) return failed(Cause::alert, address + " sent " + alert_text(*alert), alert);
  if (const tls::Alert* ours = fatal_alert(false)) return failed(Cause::protocol, error.message, ours);
  if ((SSL_get_shutdown(ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0) {
    peer_close = PeerClose::close_notify;
    return remember({});
  }
  if (was_reset()) return failed(Cause::reset, address + " reset the connection");
  if (was_closed()) {
    peer_close = PeerClose::fin;
    return remember({});
  }
  if (wire.read_error != 0)
    return failed(cause_of(wire.read_error), "the connection to " + address + " broke: " + error_text(wire.read_error));
  return failed(Cause::protocol, error.message);
}

ClientConnection::ClientConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClientConnection::ClientConnection(ClientConnection&&) noexcept = default;
ClientConnection& ClientConnection::operator=(ClientConnection&&) noexcept = default;
ClientConnection::~ClientConnection() = default;

std::variant<ClientConnection, Failure> ClientConnection::open(const Endpoint& to, const tls::ClientContext& context,
                                                               const ClientDeadlines& deadlines, SSL_SESSION* resume,
                                                               const Proxy* through) {
  const Deadline connecting = Deadline::after(deadlines.connect);
  auto connected = through == nullptr ? connect_tcp(to, connecting) : connect_through(*through, to, connecting);
  if (auto* failure = std::get_if<Failure>(&connected)) return std::move(*failure);
  auto impl = std::make_unique<Impl>();
  impl->socket = std::get<Socket>(std::move(connected));
  impl->wire.descriptor = impl->socket.get();
  SocketAddress peer;
  if (getpeername(impl->socket.get(), peer.get(), &peer.length) == 0) impl->address = peer.endpoint().to_string();
  Result<crypto::SslHandle> ssl = tls::new_connection(context);
  if (!ssl) return local_failure(Stage::handshake, ssl.error());
  impl->ssl = std::move(*ssl);
  if (Status status = attach(*impl->ssl, impl->wire); !status) return local_failure(Stage::handshake, status.error());
  tls::record_alerts(impl->ssl.get(), impl->alerts);
  if (resume != nullptr && SSL_set_session(impl->ssl.get(), resume) != 1)
    return local_failure(Stage::handshake, crypto::openssl_error("the session cannot be offered"));
  auto failure = impl->handshake(to.to_string(), context.profile().verify, Deadline::after(deadlines.handshake));
  if (failure) return std::move(*failure);
  return ClientConnection(std::move(impl));
}

const tls::Facts& ClientConnection::facts() const noexcept { return impl_->facts; }
PeerClose ClientConnection::peer_close() const noexcept { return impl_->peer_close; }
const std::vector<tls::Alert>& ClientConnection::alerts() const noexcept { return impl_->alerts; }
const std::string& ClientConnection::peer_address() const noexcept { return impl_->address; }

namespace {

// The peer takes no more. If the reason is an alert that waits unread, it is the better answer; SSL_peek() leaves data where it is.
bool input_ends_with_alert(SSL* ssl) {
  Byte octet = 0;
  ERR_clear_error();
  const int result = SSL_peek(ssl, &octet, 1);
  return result <= 0 && next_after(ssl, result) == Next::end;
}

}  // namespace

std::optional<Failure> ClientConnection::write(BytesView data, Deadline deadline) {
  constexpr std::size_t most_at_once = 16384;
  Impl& self = *impl_;
  const auto failed = [&](Cause cause, const std::string& message) { return Failure{Stage::write, cause, message, {}}; };
  if (!self.ssl) return failed(Cause::local, "the connection is closed");
  if (self.ended && self.ended->failure) return self.ended->failure;
  while (!data.empty()) {
    ERR_clear_error();
    const int result = SSL_write(self.ssl.get(), data.data(), static_cast<int>(std::min(data.size(), most_at_once)));
    const Next next = next_after(self.ssl.get(), result);
    self.note_progress();
    if (self.wire.write_error != 0) {
      if (!self.ended && input_ends_with_alert(self.ssl.get())) {
        const ReadOutcome outcome = self.end_of_reading();
        if (outcome.failure && outcome.failure->alert) return outcome.failure;
      }
      return failed(cause_of(self.wire.write_error), self.address + " takes no more data: " + error_text(self.wire.write_error));
    }
    if (next == Next::done) {
      data = data.subspan(static_cast<std::size_t>(result));
      continue;
    }
    if (next == Next::end) {
      const ReadOutcome outcome = self.end_of_reading();
      return outcome.failure ? outcome.failure : failed(Cause::closed, self.address + " has closed the connection");
    }
    if (!wait_for(self.socket.get(), events_of(next), deadline))
      return failed(Cause::timeout, self.address + " did not take the data in time");
  }
  return std::nullopt;
}

ReadOutcome ClientConnection::read(std::span<Byte> into, Deadline deadline) {
  Impl& self = *impl_;
  if (!self.ssl) return {0, Failure{Stage::read, Cause::local, "the connection is closed", {}}};
  if (self.ended) return *self.ended;
  const int room = static_cast<int>(std::min<std::size_t>(into.size(), 1U << 20U));
  for (;;) {
    ERR_clear_error();
    const int result = SSL_read(self.ssl.get(), into.data(), room);
    const Next next = next_after(self.ssl.get(), result);
    self.note_progress();
    if (next == Next::done) return {static_cast<std::size_t>(result), {}};
    if (next == Next::end) return self.end_of_reading();
    if (!wait_for(self.socket.get(), events_of(next), deadline))
      return {0, Failure{Stage::read, Cause::timeout, self.address + " sent nothing in time", {}}};
  }
}

Failure ClientConnection::Impl::renegotiation_failure() const {
  constexpr int no_renegotiation = 100;
  for (const tls::Alert& alert : alerts) {
    if (alert.from_peer && alert.description == no_renegotiation)
      return {Stage::handshake, Cause::alert, address + " refused the renegotiation with " + alert_text(alert), alert};
  }
  return handshake_failure(address, true);
}

std::optional<Failure> ClientConnection::renegotiate(Deadline deadline) {
  Impl& self = *impl_;
  if (!self.ssl || self.ended) return Failure{Stage::handshake, Cause::closed, "the connection is closed", {}};
  ERR_clear_error();
  if (SSL_renegotiate(self.ssl.get()) != 1) return local_failure(Stage::handshake, crypto::openssl_error("cannot renegotiate"));
  for (;;) {
    ERR_clear_error();
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
  ERR_clear_error();
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
  ERR_clear_error();
  const int result = SSL_peek(self.ssl.get(), &octet, 1);
  const Next next = next_after(self.ssl.get(), result);
  self.note_progress();
  if (next == Next::end) static_cast<void>(self.end_of_reading());
  return next == Next::done || next == Next::end;
}

namespace {

// The head of a record of application data (RFC 8446 5.1), and less of it than the head says.
void send_half_a_record(int socket) {
  constexpr std::array<Byte, 21> octets{0x17, 0x03, 0x03, 0x00, 0x40};
  static_cast<void>(::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL));
}

}  // namespace

void ClientConnection::end_output(OutputEnd how) {
  if (!impl_->ssl || (impl_->ended && impl_->ended->failure)) return;
  const int socket = impl_->socket.get();
  if (how == OutputEnd::proper || how == OutputEnd::notify_only) {
    ERR_clear_error();
    static_cast<void>(SSL_shutdown(impl_->ssl.get()));
  }
  if (how == OutputEnd::cut_record) send_half_a_record(socket);
  if (how != OutputEnd::notify_only) ::shutdown(socket, SHUT_WR);
}

void ClientConnection::close(bool abrupt) {
  Impl& self = *impl_;
  if (!self.ssl) return;
  if (abrupt) {
    self.socket.reset();
  } else {
    end_output();
    // Input left unread (session tickets, say) would turn our close into a reset and might destroy what we have just sent.
    std::array<Byte, 4096> scrap{};
    int rounds = 64;
    while (rounds-- > 0 && ::recv(self.socket.get(), scrap.data(), scrap.size(), 0) > 0) continue;
  }
  self.forget();
}

crypto::SslSessionHandle ClientConnection::session() const {
  if (!impl_->ssl) return nullptr;
  crypto::SslSessionHandle session(SSL_get1_session(impl_->ssl.get()));
  if (session && SSL_SESSION_is_resumable(session.get()) != 1) session.reset();
  return session;
}

}  // namespace est::net
