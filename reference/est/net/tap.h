// Listens to one TLS connection of ours: the octets as they pass over the wire, the content inside TLS, and the secrets that lead from the
// one to the other. For test programs that keep evidence; a connection without a tap does nothing of this. It holds secrets of every kind,
// so nothing of it may be stored before it was judged.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/tls/key_log.h"

namespace est::net {

// One direction.
struct TappedSide {
  Bytes octets;              // records, as sent or received
  bool cut = false;          // there were more than Tap::most
  Bytes content;             // what was given to TLS to be sent, or came out of it
  bool content_cut = false;  // as `cut`
};

// Octets that passed at one time; none: the end of that direction (FIN or reset).
struct TappedPiece {
  std::chrono::steady_clock::time_point at;
  bool sent = false;
  std::size_t count = 0;
};

struct Tapped {
  std::string own, peer;  // addresses of the TCP connection: "127.0.0.1:49152"; empty when not known
  std::chrono::steady_clock::time_point began;
  TappedSide sent, received;
  std::vector<TappedPiece> pieces;  // in order
  std::string keys;                 // lines of the NSS key log
  std::size_t unread = 0;           // octets that had come and were left in the socket when the connection was closed
};

// Threads: any.
class Tap final : public tls::KeySink {
 public:
  static constexpr std::size_t most = std::size_t{256} << 10U;  // octets of each direction, wire and content apart

  // For the connection.
  void connected(std::string own, std::string peer);
  void octets(bool sent, BytesView data);
  void content(bool sent, BytesView data);
  void end(bool sent);
  void unread(std::size_t count);
  void key_line(std::string_view line) noexcept override;

  // What came so far.
  [[nodiscard]] Tapped tapped() const;

 private:
  mutable std::mutex mutex_;
  Tapped tapped_;
};

}  // namespace est::net
