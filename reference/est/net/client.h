// The client's side of the wire, blocking with total deadlines, telling exactly what happened: the suite's own view of TCP and TLS.
// A connection belongs to one thread at a time. A vanished peer never raises SIGPIPE: sending uses MSG_NOSIGNAL.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/crypto/handle.h"
#include "est/net/address.h"
#include "est/net/proxy.h"
#include "est/net/tap.h"
#include "est/tls/context.h"
#include "est/tls/facts.h"

namespace est::net {

enum class Stage { resolve, connect, proxy, handshake, write, read };

// What ended it. `alert`: the peer sent a fatal one. `protocol`: the peer broke TLS, and the alert, if any, is the one we answered with.
// `untrusted`: our verification of its chain or name refused. `closed`: it ended the stream where that is no proper end.
enum class Cause { timeout, refused, unreachable, reset, closed, alert, not_tls, untrusted, protocol, local };
[[nodiscard]] std::string_view to_string(Stage stage) noexcept;
[[nodiscard]] std::string_view to_string(Cause cause) noexcept;

struct Failure {
  Stage stage = Stage::connect;
  Cause cause = Cause::local;  // `local` is our fault (no descriptors, bad configuration), never the peer's
  std::string message;         // one sentence
  std::optional<tls::Alert> alert;
};

// How the peer ended the stream, as far as reading went. `fin` lacks the close_notify that TLS wants (RFC 8446 6.1).
enum class PeerClose { open, close_notify, fin, reset };
[[nodiscard]] std::string_view to_string(PeerClose close) noexcept;

// How our side of the stream is ended: by close_notify and FIN, as it should be; by one of the two alone; or in the middle of a TLS record.
enum class OutputEnd { proper, notify_only, fin_only, cut_record };

struct ClientDeadlines {
  Milliseconds connect{5000};
  Milliseconds handshake{10000};
};

// How long the two parts of opening took.
struct OpeningTimes {
  std::chrono::nanoseconds connect{};  // a proxy's part and the name's resolution included
  std::chrono::nanoseconds handshake{};
};

struct ReadOutcome {
  std::size_t count = 0;  // octets placed; 0 with no failure means the peer closed, see peer_close()
  std::optional<Failure> failure;
};

class ClientConnection {
 public:
  ClientConnection(ClientConnection&&) noexcept;
  ClientConnection& operator=(ClientConnection&&) noexcept;
  ~ClientConnection();  // closes without waiting

  // TCP, then TLS. `resume` offers an earlier session. Under a verifying profile a chain or name that does not hold is `untrusted`,
  // on a resumed session too. `through`: the TCP connection goes there, and its opening counts as connecting. `tap`: hears all that passes
  // in TLS, and the secrets where the context allows it (tls/key_log.h).
  [[nodiscard]] static std::variant<ClientConnection, Failure> open(const Endpoint& to, const tls::ClientContext& context,
                                                                    const ClientDeadlines& deadlines, SSL_SESSION* resume = nullptr,
                                                                    const Proxy* through = nullptr, std::shared_ptr<Tap> tap = nullptr);

  [[nodiscard]] const OpeningTimes& opening_times() const noexcept;
  // After a renegotiation or post-handshake authentication, which read() and write() take part in, they are read anew.
  [[nodiscard]] const tls::Facts& facts() const noexcept;
  // Sends everything or fails within the deadline. A peer that answers and closes early is no failure until the data cannot be sent,
  // and then read() still gives its answer. If it left a fatal alert (TLS 1.3: the refusal of our certificate), that is the failure,
  // with stage `read`.
  [[nodiscard]] std::optional<Failure> write(BytesView data, Deadline deadline);
  // Blocks until at least one octet, the end, a failure or the deadline. An end or failure repeats itself; a timeout does not.
  [[nodiscard]] ReadOutcome read(std::span<Byte> into, Deadline deadline);
  [[nodiscard]] PeerClose peer_close() const noexcept;
  [[nodiscard]] const std::vector<tls::Alert>& alerts() const noexcept;  // sent and received, in order; close_notify included
  // True if the peer has closed or sent something unexpected while we were idle; never blocks.
  [[nodiscard]] bool readable_now();
  // TLS 1.2 and below: starts a new handshake and waits for its end. A peer that refuses (RFC 5746 5, alert no_renegotiation) is a
  // failure of stage `handshake` and cause `alert`, and the connection is of no more use.
  [[nodiscard]] std::optional<Failure> renegotiate(Deadline deadline);
  // TLS 1.3: the next data is sent under new keys, and the peer is asked to do the same (RFC 8446 4.6.3).
  [[nodiscard]] Status update_keys();
  // CertificateRequests so far, those after the handshake included; read() takes part in these.
  [[nodiscard]] unsigned certificate_requests() const noexcept;
  // Octets of early data that the session would permit on the next connection (TLS 1.3); 0: none.
  [[nodiscard]] std::uint32_t early_data_offered() const noexcept;
  void end_output(OutputEnd how = OutputEnd::proper);  // reading goes on
  // Sends close_notify and closes; with `abrupt` a TCP reset instead.
  void close(bool abrupt = false);
  // For resumption on a later connection; null when it cannot be resumed. On TLS 1.3 it exists only after application data was read.
  [[nodiscard]] crypto::SslSessionHandle session() const;
  [[nodiscard]] const std::string& peer_address() const noexcept;

 private:
  struct Impl;
  explicit ClientConnection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A TCP connection without TLS: for tests of what a listener does with silence, plain HTTP and garbage, and for what passes octets on. One
// thread may read while another writes.
class PlainConnection {
 public:
  PlainConnection(PlainConnection&&) noexcept;
  PlainConnection& operator=(PlainConnection&&) noexcept;
  ~PlainConnection();
  [[nodiscard]] static std::variant<PlainConnection, Failure> open(const Endpoint& to, Milliseconds within);
  [[nodiscard]] std::optional<Failure> write(BytesView data, Deadline deadline);
  [[nodiscard]] ReadOutcome read(std::span<Byte> into, Deadline deadline);
  void end_output();  // sends FIN; reading goes on
  [[nodiscard]] PeerClose peer_close() const noexcept;
  [[nodiscard]] std::string local_address() const;  // "127.0.0.1:40000": what the peer sees

 private:
  friend class PlainListener;
  struct Impl;
  explicit PlainConnection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace est::net
