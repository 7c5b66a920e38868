// Inside est/net only: TLS over one socket, blocking with total deadlines, in either role.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "est/crypto/handle.h"
#include "est/net/client.h"
#include "est/net/socket.h"
#include "est/tls/facts.h"

namespace est::net {

// What one TLS call wants next.
enum class Next { done, wait_read, wait_write, end };
[[nodiscard]] Next next_after(SSL* ssl, int result);
[[nodiscard]] short events_of(Next next);

struct TlsStream {
  explicit TlsStream(bool of_server) : is_server(of_server) {}
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream() { forget(); }

  void take(Socket connected);
  // From here on it is told what passes; before begin().
  void tap_by(std::shared_ptr<Tap> listener);
  // Gives it TLS; alerts are recorded from here on. No octet is sent.
  [[nodiscard]] Status begin(crypto::SslHandle handle);
  // `to` names the peer in messages. `verify`: the peer's chain must hold.
  [[nodiscard]] std::optional<Failure> handshake(const std::string& to, bool verify, const Deadline& deadline);
  [[nodiscard]] Failure handshake_failure(const std::string& to, bool verify) const;

  // As ClientConnection's members of the same names.
  [[nodiscard]] std::optional<Failure> write(BytesView data, const Deadline& deadline);
  [[nodiscard]] ReadOutcome read(std::span<Byte> into, const Deadline& deadline);
  void end_output();
  void close(bool abrupt);

  [[nodiscard]] ReadOutcome end_of_reading();
  [[nodiscard]] ReadOutcome remember(ReadOutcome outcome);
  // A handshake that ended since the last look (renegotiation, post-handshake authentication) changes the facts.
  void note_progress();
  void forget();
  [[nodiscard]] const tls::Alert* fatal_alert(bool from_peer) const;
  // The peer is gone with a reset. One that comes after its FIN (EPIPE) is only the answer to what we sent too late.
  [[nodiscard]] bool was_reset() const;
  [[nodiscard]] bool was_closed() const;

  bool is_server;
  Socket socket;
  Wire wire;
  std::shared_ptr<Tap> tap;  // may be null; outlives `ssl`
  std::string address;
  std::vector<tls::Alert> alerts;
  crypto::SslHandle ssl;  // after what its callbacks use
  tls::Facts facts;
  unsigned handshakes = 0;                   // that the facts include
  const unsigned* handshakes_now = nullptr;  // in the care of `ssl`
  PeerClose peer_close = PeerClose::open;
  bool unanswered = false;           // something was written since the last read, which would find nothing before the peer has had it
  std::optional<ReadOutcome> ended;  // the end of reading, which repeats itself

 private:
  [[nodiscard]] bool await_answer(const Deadline& deadline);
  [[nodiscard]] Failure write_failure();
  [[nodiscard]] Failure silence() const;
  void tell_unread();

  std::size_t answers = 0;     // waited for
  bool receives_wait = false;  // let_receives_wait()
};

}  // namespace est::net
