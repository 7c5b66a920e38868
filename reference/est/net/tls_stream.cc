#include "est/net/tls_stream.h"

#include <openssl/x509_vfy.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "est/base/text.h"

namespace est::net {

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

namespace {

std::string alert_text(const tls::Alert& alert) { return "the TLS alert " + alert.name(); }

std::string quoted_beginning(const Wire& wire) {
  const std::string_view all = as_text(wire.beginning());
  return "\"" + printable(all.substr(0, all.find_first_of("\r\n")), wire.first.size()) + "\"";
}

// The peer takes no more. If the reason is an alert that waits unread, it is the better answer; SSL_peek() leaves data where it is.
bool input_ends_with_alert(SSL* ssl) {
  Byte octet = 0;
  crypto::clear_errors();
  const int result = SSL_peek(ssl, &octet, 1);
  return result <= 0 && next_after(ssl, result) == Next::end;
}

}  // namespace

void TlsStream::take(Socket connected) {
  socket = std::move(connected);
  wire.descriptor = socket.get();
  SocketAddress peer;
  if (getpeername(socket.get(), peer.get(), &peer.length) == 0) address = peer.endpoint().to_string();
}

void TlsStream::tap_by(std::shared_ptr<Tap> listener) {
  tap = std::move(listener);
  wire.tap = tap.get();
  SocketAddress own;
  if (tap && getsockname(socket.get(), own.get(), &own.length) == 0) tap->connected(own.endpoint().to_string(), address);
}

Status TlsStream::begin(crypto::SslHandle handle) {
  ssl = std::move(handle);
  if (tap) tls::keep_keys(*ssl, *tap);
  if (!tap) SSL_set_read_ahead(ssl.get(), 1);  // half as many calls; but a tap is told exactly how far TLS has read
  handshakes_now = tls::record_alerts(ssl.get(), alerts);
  return attach(*ssl, wire);
}

// OpenSSL throws away the session of a connection that did not end with close_notify; TLS 1.1 and later need not (RFC 4346 7.2.1).
void TlsStream::forget() {
  if (tap && socket) tell_unread();
  if (ssl && SSL_is_init_finished(ssl.get()) == 1) SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  handshakes_now = nullptr;
  ssl.reset();
  socket.close();
  if (tap) tap->end(true);
}

// What TLS had taken out of its records, and what it had not even seen.
void TlsStream::tell_unread() {
  std::array<Byte, 16384> left{};
  while (ssl && SSL_pending(ssl.get()) > 0) {
    const int count = SSL_read(ssl.get(), left.data(), static_cast<int>(left.size()));
    if (count <= 0) break;
    tap->content(false, BytesView(left).first(static_cast<std::size_t>(count)));
  }
  int waiting = 0;
  if (::ioctl(socket.get(), FIONREAD, &waiting) == 0 && waiting > 0) tap->unread(static_cast<std::size_t>(waiting));
}

const tls::Alert* TlsStream::fatal_alert(bool from_peer) const {
  const auto found =
      std::find_if(alerts.begin(), alerts.end(), [&](const auto& alert) { return alert.fatal && alert.from_peer == from_peer; });
  return found == alerts.end() ? nullptr : &*found;
}

bool TlsStream::was_reset() const { return wire.read_error == ECONNRESET || (wire.end_of_input && wire.write_error == ECONNRESET); }
bool TlsStream::was_closed() const { return wire.end_of_input || wire.read_error == EPIPE; }

// The order matters: what the peer said outranks how the stream ended after it.
Failure TlsStream::handshake_failure(const std::string& to, bool verify) const {
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

std::optional<Failure> TlsStream::handshake(const std::string& to, bool verify, const Deadline& deadline) {
  for (;;) {
    crypto::clear_errors();
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

void TlsStream::note_progress() {
  if (handshakes_now == nullptr || *handshakes_now == handshakes) return;
  handshakes = *handshakes_now;
  facts = tls::facts_of(ssl.get(), is_server);
}

ReadOutcome TlsStream::remember(ReadOutcome outcome) {
  ended = outcome;
  return outcome;
}

// After SSL_read() or SSL_peek() said that no more will come: why.
ReadOutcome TlsStream::end_of_reading() {
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

// The socket takes no more: an alert that waits unread is the better answer.
Failure TlsStream::write_failure() {
  if (!ended && input_ends_with_alert(ssl.get())) {
    const ReadOutcome outcome = end_of_reading();
    if (outcome.failure && outcome.failure->alert) return *outcome.failure;
  }
  return {Stage::write, cause_of(wire.write_error), address + " takes no more data: " + error_text(wire.write_error), {}};
}

std::optional<Failure> TlsStream::write(BytesView data, const Deadline& deadline) {
  constexpr std::size_t most_at_once = 16384;
  if (!ssl) return Failure{Stage::write, Cause::local, "the connection is closed", {}};
  if (tap) tap->content(true, data);  // records may leave even where not all of it can be sent
  if (ended && ended->failure) return ended->failure;
  while (!data.empty()) {
    crypto::clear_errors();
    const int result = SSL_write(ssl.get(), data.data(), static_cast<int>(std::min(data.size(), most_at_once)));
    const Next next = next_after(ssl.get(), result);
    note_progress();
    if (wire.write_error != 0) return write_failure();
    if (next == Next::done) {
      data = data.subspan(static_cast<std::size_t>(result));
      unanswered = true;
      continue;
    }
    if (next == Next::end) {
      const ReadOutcome outcome = end_of_reading();
      return outcome.failure ? outcome.failure : Failure{Stage::write, Cause::closed, address + " has closed the connection", {}};
    }
    if (!wait_for(socket.get(), events_of(next), deadline))
      return Failure{Stage::write, Cause::timeout, address + " did not take the data in time", {}};
  }
  return std::nullopt;
}

Failure TlsStream::silence() const { return {Stage::read, Cause::timeout, address + " sent nothing in time", {}}; }

// True: the receive itself will wait, or what came first is there. A connection that is asked again and again is spared a call each time.
bool TlsStream::await_answer(const Deadline& deadline) {
  if (!is_server && ++answers == 2) receives_wait = let_receives_wait(socket.get());
  wire.may_wait = receives_wait && deadline.left() > longest_receive;
  return wire.may_wait || wait_for(socket.get(), POLLIN, deadline);
}

ReadOutcome TlsStream::read(std::span<Byte> into, const Deadline& deadline) {
  if (!ssl) return {0, Failure{Stage::read, Cause::local, "the connection is closed", {}}};
  if (ended) return *ended;
  const bool early = std::exchange(unanswered, false) && SSL_has_pending(ssl.get()) == 0;
  if (early && !await_answer(deadline)) return {0, silence()};
  const int room = static_cast<int>(std::min<std::size_t>(into.size(), 1U << 20U));
  for (;;) {
    crypto::clear_errors();
    const int result = SSL_read(ssl.get(), into.data(), room);
    wire.may_wait = false;
    const Next next = next_after(ssl.get(), result);
    note_progress();
    if (next == Next::done) {
      if (tap) tap->content(false, BytesView(into).first(static_cast<std::size_t>(result)));
      return {static_cast<std::size_t>(result), {}};
    }
    if (next == Next::end) return end_of_reading();
    if (!wait_for(socket.get(), events_of(next), deadline)) return {0, silence()};
  }
}

void TlsStream::end_output() {
  if (!ssl || (ended && ended->failure)) return;
  crypto::clear_errors();
  static_cast<void>(SSL_shutdown(ssl.get()));
  ::shutdown(socket.get(), SHUT_WR);
}

void TlsStream::close(bool abrupt) {
  if (tap && socket) tell_unread();
  if (abrupt) {
    socket.reset();
  } else if (ssl) {
    end_output();
    // Input left unread (session tickets, say) would turn our close into a reset and might destroy what we have just sent.
    std::array<Byte, 4096> scrap{};
    int rounds = 64;
    while (rounds-- > 0 && ::recv(socket.get(), scrap.data(), scrap.size(), MSG_DONTWAIT) > 0) continue;
  }
  forget();
}

}  // namespace est::net
