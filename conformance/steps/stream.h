// TLS and plain connections seen alike, and the reading of an HTTP answer from either.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/http/parser.h"
#include "est/net/client.h"

namespace conformance::steps {

// One thread.
class Stream {
 public:
  virtual ~Stream() = default;
  [[nodiscard]] virtual std::optional<est::net::Failure> write(est::BytesView data, est::Deadline deadline) = 0;
  [[nodiscard]] virtual est::net::ReadOutcome read(std::span<est::Byte> into, est::Deadline deadline) = 0;
  [[nodiscard]] virtual est::net::PeerClose peer_close() const = 0;
};

// Borrows either kind of connection.
template <class Connection>
class StreamOf final : public Stream {
 public:
  explicit StreamOf(Connection& connection) : connection_(connection) {}
  [[nodiscard]] std::optional<est::net::Failure> write(est::BytesView data, est::Deadline deadline) override {
    return connection_.write(data, deadline);
  }
  [[nodiscard]] est::net::ReadOutcome read(std::span<est::Byte> into, est::Deadline deadline) override {
    return connection_.read(into, deadline);
  }
  [[nodiscard]] est::net::PeerClose peer_close() const override { return connection_.peer_close(); }

 private:
  Connection& connection_;
};

// Octets sent in several pieces; the last may be shorter. A pause of 0: all at once.
struct Pieces {
  est::Milliseconds pause{0};
  std::size_t count = 6;  // more than there are octets: each octet is a piece
};
[[nodiscard]] std::optional<est::net::Failure> write_in_pieces(Stream& stream, est::BytesView octets, const Pieces& pieces,
                                                               est::Deadline deadline);

// Reads answers, keeping every octet. An answer larger than 16 MiB, or one that never ends, is cut off.
class AnswerReader {
 public:
  // `method` of the request decides whether a body follows. `answers`: how many final responses are awaited, one after another.
  AnswerReader(Stream& stream, std::string method, std::size_t answers = 1);

  enum class Stop { enough, complete, closed, failed, deadline };
  // Reads until all answers are complete, `enough` is content with what is there so far, the peer closes, or the deadline passes.
  Stop read(est::Deadline deadline, const std::function<bool(const est::http::ObservedResponse&)>& enough = {});
  // After the answer: takes what else comes until the peer closes or the deadline passes.
  void drain(est::Deadline deadline);

  [[nodiscard]] const est::Bytes& raw() const noexcept { return raw_; }
  // The answer that came last, complete or under way.
  [[nodiscard]] const est::http::ObservedResponse& observed() const noexcept { return parser_.observed(); }
  [[nodiscard]] bool complete() const noexcept { return complete_ == awaited_; }
  [[nodiscard]] bool keep_alive() const noexcept { return complete() && parser_.keep_alive(); }
  // Why there is no (complete) answer, in the words of the wire; nothing when complete().
  [[nodiscard]] std::optional<est::net::Failure> failure() const;

 private:
  void take(est::BytesView octets);
  Stop settle_closed();

  Stream& stream_;
  std::string method_;
  std::size_t awaited_;
  std::size_t complete_ = 0;
  est::http::ResponseParser parser_;
  est::Bytes raw_;
  std::optional<est::net::Failure> failure_;
};

}  // namespace conformance::steps
