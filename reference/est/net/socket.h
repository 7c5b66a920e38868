// Inside est/net only: sockets that close themselves, waits with total deadlines, and the BIO between a socket and TLS.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/crypto/handle.h"
#include "est/net/address.h"
#include "est/net/client.h"
#include "est/net/tap.h"

namespace est::net {

// Owns a descriptor. Every socket of this folder is non-blocking and close-on-exec.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) noexcept : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      close();
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(); }

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  void close() noexcept;
  void reset() noexcept;  // closes with a TCP reset; what the kernel has not sent yet is lost

 private:
  int descriptor_ = -1;
};

// A socket address of either family.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);

  [[nodiscard]] sockaddr* get() noexcept;
  [[nodiscard]] const sockaddr* get() const noexcept;
  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
  void set_port(std::uint16_t port) noexcept;
  [[nodiscard]] Endpoint endpoint() const;  // numeric; IPv4 inside IPv6 is shown as IPv4
};

// Addresses of a name; a literal needs no look-up. An empty host means every local address when `passive`.
[[nodiscard]] Result<std::vector<SocketAddress>> look_up(const Endpoint& endpoint, bool passive);

// A connected, non-blocking TCP socket. The deadline covers the name look-up and all addresses together.
[[nodiscard]] std::variant<Socket, Failure> connect_tcp(const Endpoint& to, const Deadline& deadline);

// Waits until `events` (POLLIN, POLLOUT) or an error condition; false when the deadline came first.
[[nodiscard]] bool wait_for(int descriptor, short events, const Deadline& deadline);

// What a socket error of the peer's side means.
[[nodiscard]] Cause cause_of(int error) noexcept;
// "Connection refused", thread-safe.
[[nodiscard]] std::string error_text(int error);

// What passed between TLS and the socket. Sending uses MSG_NOSIGNAL, so a vanished peer never raises SIGPIPE.
// When the peer no longer takes data, what is sent is swallowed and the error kept here: the peer's alert or answer may still
// wait in the receive buffer, and TLS must go on reading to find it.
struct Wire {
  int descriptor = -1;
  int read_error = 0;   // errno of the failed read, 0 if none
  int write_error = 0;  // errno of the first failed write, 0 if none
  bool end_of_input = false;
  bool may_wait = false;         // the next receive may wait (let_receives_wait()), the one after it not
  std::size_t received = 0;      // octets, saturating nowhere: a connection does not live that long
  Tap* tap = nullptr;            // hears what passes, if there is one
  const SSL* replies = nullptr;  // of a server that replies to all it has read: its session ticket may be sent together with the reply
  std::array<Byte, 48> first{};  // the first octets received: says what a peer that is not TLS speaks
  [[nodiscard]] BytesView beginning() const noexcept;
  // The first octets are no TLS record: type 20 to 24, major version 3 (RFC 8446 5.1). False as long as too few are here.
  [[nodiscard]] bool not_tls() const noexcept;
  // Takes what has arrived into `first`, past TLS: to quote a peer that does not speak it.
  void read_past_tls() noexcept;
};

// From here on a receive without MSG_DONTWAIT waits for what it is to receive, this long at most. False: it does not, as before.
inline constexpr Milliseconds longest_receive{1000};
[[nodiscard]] bool let_receives_wait(int descriptor) noexcept;

// Gives `ssl` the wire as transport. `wire` must outlive it.
[[nodiscard]] Status attach(SSL& ssl, Wire& wire);

}  // namespace est::net
