// The server's side of the wire, blocking with total deadlines, for programs that must decide about every octet they send: the suite's
// scripted servers. Who serves many clients at once uses server.h.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/net/address.h"
#include "est/net/client.h"
#include "est/tls/context.h"
#include "est/tls/facts.h"

namespace est::net {

// One connection that a client opened. It belongs to one thread at a time, interrupt() excepted.
class AcceptedConnection {
 public:
  AcceptedConnection(AcceptedConnection&&) noexcept;
  AcceptedConnection& operator=(AcceptedConnection&&) noexcept;
  ~AcceptedConnection();  // closes without waiting

  // Hears what passes in TLS, and the secrets where the context allows it (tls/key_log.h). Before handshake().
  void tap_by(std::shared_ptr<Tap> tap);
  // Call once, first. A client that ends it is a failure of stage `handshake`; the alert, if it sent one, is in there. What the client
  // did not get right is never `local`.
  [[nodiscard]] std::optional<Failure> handshake(const tls::ServerContext& context, Deadline deadline);
  [[nodiscard]] const tls::Facts& facts() const noexcept;  // read anew when a handshake ends
  [[nodiscard]] const std::vector<tls::Alert>& alerts() const noexcept;
  [[nodiscard]] const std::string& peer_address() const noexcept;
  // The first octets that came: the record with the ClientHello, or what a client that does not speak TLS said. At most 16 KiB and 5.
  [[nodiscard]] const Bytes& beginning() const noexcept;

  // As ClientConnection's members of the same names.
  [[nodiscard]] std::optional<Failure> write(BytesView data, Deadline deadline);
  [[nodiscard]] ReadOutcome read(std::span<Byte> into, Deadline deadline);
  [[nodiscard]] PeerClose peer_close() const noexcept;
  void end_output();
  void close(bool abrupt = false);
  void end_without_notice();  // FIN and no close_notify; reading goes on
  // Octets that are no TLS, for a client that waits for a handshake. Gives up where they do not fit the socket's buffer.
  void write_past_tls(BytesView data);

  // Asks for the client's certificate by renegotiation or post-handshake authentication, and waits for the answer. False: it cannot be
  // asked, or did not answer in time; facts() tell whether a certificate came.
  [[nodiscard]] bool ask_for_certificate(const tls::ServerContext& context, Deadline deadline);

  // Any thread: whoever waits on this connection sees it end. The connection must not be closed, moved or destroyed meanwhile.
  void interrupt() noexcept;

 private:
  friend class Listener;
  struct Impl;
  explicit AcceptedConnection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Listening sockets on every address of one name.
class Listener {
 public:
  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) noexcept;
  ~Listener();

  // Port 0 picks a free one.
  [[nodiscard]] static Result<Listener> bind(const Endpoint& at);
  [[nodiscard]] std::uint16_t port() const noexcept;
  // Whether a client waits to be accepted; waits for one until the deadline. After stop(), false at once.
  [[nodiscard]] bool wait(Deadline deadline) const;
  // Nothing when no client came in time, or after stop().
  [[nodiscard]] std::optional<AcceptedConnection> accept(Deadline deadline);
  // Any thread: accept() returns at once and for ever.
  void stop() noexcept;

 private:
  struct Impl;
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace est::net
