// Inside est/net only: one connection of the server as a state machine that never blocks. It belongs to one loop thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "est/base/bytes.h"
#include "est/crypto/handle.h"
#include "est/http/parser.h"
#include "est/net/shared.h"
#include "est/net/socket.h"

namespace est::net {

// Each has its own total deadline.
enum class Phase { handshake, idle, head, body, certificate, errand, write, linger };
inline constexpr std::size_t phase_count = 8;
[[nodiscard]] std::string_view to_string(Phase phase) noexcept;

// The application's code is foreign here: what escapes it is logged, and a bare 500 is the reply.
[[nodiscard]] Reply reply_of(const Errand& errand, const Log& log);
void start(const Deferred& deferred, const HandOver& hand_over, const Log& log);

class Connection {
 public:
  // What the loop should do next: wait for the socket, come back soon (there is more to do, but others have a turn), wait for the reply of
  // an errand, or drop it.
  enum class Wish { read, write, again, reply, drop };

  Connection(std::uint64_t id, Socket socket, const SocketAddress& from, Shared& shared);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Gives it TLS. Call once, first.
  [[nodiscard]] Status begin();
  // Goes on as far as it can without blocking and without keeping the loop too long. `scratch` is the loop's buffer.
  [[nodiscard]] Wish advance(std::span<Byte> scratch);
  // The phase's deadline has passed.
  [[nodiscard]] Wish expire(std::span<Byte> scratch);
  // The server drains: goes on only with a request that has begun.
  [[nodiscard]] Wish wind_up(std::span<Byte> scratch);

  // What has to be done for Wish::reply: an errand or what is deferred; a Reply, without meaning, when it was taken already.
  [[nodiscard]] Begun take_work() { return std::exchange(work_, Reply{}); }
  // It is not done, for want of workers: the client is told to come later (503), and the connection closed.
  void turn_away();
  // Its reply. Nothing happens when none is waited for any more.
  void errand_done(Reply reply);

  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  // Changes whenever a phase begins, also when the same one begins again: the deadline starts anew.
  [[nodiscard]] std::uint64_t phase_number() const noexcept { return phase_number_; }
  [[nodiscard]] std::uint64_t id() const noexcept { return peer_.connection; }
  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }

 private:
  using Step = std::optional<Wish>;  // nothing: there is more to do at once

  Step step(std::span<Byte> scratch);
  Step shake_hands();
  Step fail_handshake();
  Step receive(std::span<Byte> scratch);
  Step await_certificate(std::span<Byte> scratch);
  [[nodiscard]] Step await_reply() const;
  Step fail_certificate();
  Step flush();
  Step finish();
  Step swallow(std::span<Byte> scratch);
  Wish wish_after(int result);
  Wish end_of_stream();

  void feed(BytesView data);
  void on_head();
  void on_request();
  void serve();
  [[nodiscard]] bool needs_certificate();
  void ask_for_certificate();
  void certificate_came();
  void refuse(const http::Refusal& refusal);
  void send(Reply reply, bool last);
  void enter(Phase phase) noexcept;
  void close_politely();
  [[nodiscard]] bool going_on() const;  // after this request
  void note(LogLevel level, std::string_view event, std::string detail) const;

  Shared& shared_;
  Socket socket_;
  Wire wire_;
  std::vector<tls::Alert> alerts_;
  crypto::SslHandle ssl_;  // after what its callbacks use
  tls::Facts facts_;
  Peer peer_;
  Phase phase_ = Phase::handshake;
  std::uint64_t phase_number_ = 0;
  Stopwatch watch_;  // of the handshake, then of each request's parsing and each reply's writing

  bool may_ask_ = false;                // the context asks late, and this connection has not been asked
  std::optional<unsigned> handshakes_;  // when the asking was sent
  std::optional<Bytes> unique_;         // tls-unique from the next request on

  http::RequestParser parser_;
  bool head_done_ = false;  // the application has seen the head
  Bytes pipelined_;         // read, but behind the request in hand
  std::size_t served_ = 0;
  Begun work_;        // not begun yet
  bool keep_ = true;  // the connection, after its reply

  Bytes out_;
  std::size_t sent_ = 0;
  std::optional<AfterReply> ending_;  // when set, the connection ends so once `out_` is sent
  std::size_t swallowed_ = 0;
};

}  // namespace est::net
