#include "conformance/steps/stream.h"

#include <algorithm>
#include <array>
#include <thread>

namespace conformance::steps {
namespace {

using est::net::Cause;
using est::net::Failure;
using est::net::Stage;

constexpr std::size_t most_answer_octets = std::size_t{17} << 20U;  // a little above the parser's own bound on a body

Failure read_failure(Cause cause, std::string message) { return {Stage::read, cause, std::move(message), std::nullopt}; }

}  // namespace

std::optional<Failure> write_in_pieces(Stream& stream, est::BytesView octets, const Pieces& pieces, est::Deadline deadline) {
  if (pieces.pause <= est::Milliseconds::zero() || octets.empty()) return stream.write(octets, deadline);
  const std::size_t count = std::clamp<std::size_t>(pieces.count, 1, octets.size());
  const std::size_t step = (octets.size() + count - 1) / count;
  for (std::size_t at = 0; at < octets.size(); at += step) {
    if (at > 0) std::this_thread::sleep_for(std::min(pieces.pause, deadline.left()));
    if (auto failure = stream.write(octets.subspan(at, std::min(step, octets.size() - at)), deadline)) return failure;
  }
  return std::nullopt;
}

AnswerReader::AnswerReader(Stream& stream, std::string method, std::size_t answers)
    : stream_(stream), method_(std::move(method)), awaited_(std::max<std::size_t>(answers, 1)), parser_(method_) {}

void AnswerReader::take(est::BytesView octets) {
  est::append(raw_, octets);
  while (!octets.empty() && !complete()) {
    octets = octets.subspan(parser_.feed(octets));
    if (parser_.state() != est::http::ResponseParser::State::complete) return;
    if (++complete_ < awaited_) parser_ = est::http::ResponseParser(method_);
  }
}

AnswerReader::Stop AnswerReader::settle_closed() {
  parser_.end_of_input();
  if (parser_.state() == est::http::ResponseParser::State::complete && !complete()) ++complete_;
  return complete() ? Stop::complete : Stop::closed;
}

AnswerReader::Stop AnswerReader::read(est::Deadline deadline, const std::function<bool(const est::http::ObservedResponse&)>& enough) {
  std::array<est::Byte, 16384> buffer{};
  while (!complete()) {
    if (parser_.state() == est::http::ResponseParser::State::failed || raw_.size() > most_answer_octets) return Stop::failed;
    if (enough && enough(parser_.observed())) return Stop::enough;
    const auto outcome = stream_.read(buffer, deadline);
    if (outcome.failure && outcome.failure->cause == Cause::timeout) {
      failure_ = outcome.failure;
      return Stop::deadline;
    }
    if (outcome.failure) {
      failure_ = outcome.failure;
      // A reset or an alert ends the stream as a close does; whether the answer had come to its end is the parser's to say.
      return settle_closed();
    }
    if (outcome.count == 0) return settle_closed();
    take(est::BytesView(buffer).first(outcome.count));
  }
  return Stop::complete;
}

void AnswerReader::drain(est::Deadline deadline) {
  std::array<est::Byte, 16384> buffer{};
  while (!deadline.passed() && raw_.size() <= most_answer_octets) {
    const auto outcome = stream_.read(buffer, deadline);
    if (outcome.failure || outcome.count == 0) return;
    est::append(raw_, est::BytesView(buffer).first(outcome.count));
  }
}

std::optional<Failure> AnswerReader::failure() const {
  if (complete()) return std::nullopt;
  if (raw_.size() > most_answer_octets) return read_failure(Cause::protocol, "the answer is larger than 16 MiB");
  const bool failed = parser_.state() == est::http::ResponseParser::State::failed;
  // Truncation shows as a parser failure too; there the wire's own words say more.
  if (failure_) return failure_;
  if (raw_.empty()) return read_failure(Cause::closed, "the peer closed without an answer");
  if (stream_.peer_close() != est::net::PeerClose::open) return read_failure(Cause::closed, "the peer closed in the middle of its answer");
  if (failed) return read_failure(Cause::protocol, "the answer is no HTTP message: " + est::describe_first(parser_.observed().findings));
  return read_failure(Cause::protocol, "the answer is incomplete");
}

}  // namespace conformance::steps
