// Verbs below HTTP: the handshake alone, octets of the script's own inside TLS, and TCP without TLS.
#include <algorithm>
#include <array>
#include <functional>
#include <thread>

#include "conformance/steps/context.h"
#include "conformance/steps/hostile_octets.h"
#include "conformance/steps/stream.h"
#include "conformance/steps/template_text.h"
#include "est/base/text.h"
#include "est/codec/base64.h"

namespace conformance::steps {
namespace {

using est::net::Cause;
using est::net::Failure;

constexpr std::int64_t usual_raw_time = 5000;
constexpr std::int64_t usual_watch = 300;
constexpr std::size_t most_raw_octets = std::size_t{64} << 20U;
constexpr std::int64_t usual_linger = 300;
// So that the peer reads what was sent before it sees the end; both at once it may take for a connection that was lost.
constexpr est::Milliseconds half_close_pause{100};

// What `send`, `send-hex` and `repeat` make together.
Maybe<est::Bytes> octets_to_send(const Doing& doing) {
  const auto& profile = doing.context.profile;
  auto label = label_of(doing);
  if (!label) return label.outcome();
  std::string text = doing.parameters.text("send");
  std::string basic;
  if (text.find("{basic}") != std::string::npos) {
    if (!profile.password) return cannot("the profile has no user and password; add access.password");
    basic = est::codec::encode_base64(est::as_bytes(profile.password->user + ":" + profile.password->password));
  }
  for (const auto& [mark, value] :
       {std::pair<std::string, std::string>{"{host}", host_field(doing)}, {"{est}", est_prefix(*label)}, {"{basic}", basic}}) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size())) text.replace(at, mark.size(), value);
  }
  auto expanded = expand_times(text, most_raw_octets);
  if (!expanded) return fault("'send': " + expanded.error().message);
  text = *std::move(expanded);
  const auto times = static_cast<std::size_t>(std::clamp<std::int64_t>(doing.parameters.number("repeat", 1), 0, 1'000'000));
  if (text.size() * times > most_raw_octets) return fault("'send' times 'repeat' is more than 64 MiB");
  est::Bytes octets;
  for (std::size_t i = 0; i < times; ++i) est::append(octets, text);
  const auto binary = octets_of_hex(doing.parameters.text("send-hex"));
  if (!binary) return fault("'send-hex' is not hexadecimal");
  est::append(octets, *binary);
  if (const auto name = doing.parameters.maybe_text("octets"))
    est::append(octets, make_hostile_octets(*name, {host_field(doing), est_prefix(*label)}));
  return octets;
}

// The method the octets begin with, so that a HEAD's answer is read without a body.
std::string method_in(est::BytesView octets) {
  const auto text = est::as_text(octets);
  const auto end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  return end == 0 || end == std::string_view::npos ? "GET" : std::string(text.substr(0, end));
}

est::Deadline raw_deadline(const Doing& doing) {
  const std::int64_t longest = std::max<std::int64_t>(doing.context.profile.limits.longest_wait_seconds * 1000, usual_raw_time);
  return est::Deadline::after(est::Milliseconds(std::clamp<std::int64_t>(doing.parameters.number("within", usual_raw_time), 1, longest)));
}

std::optional<Failure> send(const Doing& doing, Stream& stream, est::BytesView octets, est::Deadline deadline) {
  if (auto failure = write_in_pieces(stream, octets, pieces_of(doing.parameters), deadline)) return failure;
  doing.recorder.event("suite", "octets-sent", std::to_string(octets.size()));
  return std::nullopt;
}

// Sends, then reads as many answers as are awaited.
void send_and_read(const Doing& doing, Stream& stream, est::BytesView octets, est::Deadline deadline,
                   const std::function<void()>& end_output = {}) {
  const auto answers = static_cast<std::size_t>(std::clamp<std::int64_t>(doing.parameters.number("answers", 1), 1, 1000));
  AnswerReader reader(stream, method_in(octets), answers);
  const auto write_failure = send(doing, stream, octets, deadline);
  if (end_output) end_output();
  reader.read(deadline);
  if (reader.complete()) {
    doing.recorder.event("http", "response-received", std::to_string(reader.observed().message.status));
    const auto linger = std::max<std::int64_t>(0, doing.parameters.number("linger", usual_linger));
    reader.drain(est::Deadline::earlier(deadline, est::Deadline::after(est::Milliseconds(linger))));
  } else {
    auto failure = reader.failure();
    if (write_failure && (!failure || !failure->alert)) failure = write_failure;
    if (failure) doing.recorder.failure(*failure);
  }
  doing.recorder.response(reader.raw());
}

// One repetition after another, each when the one before it has been answered.
void take_turns(const Doing& doing, Stream& stream, est::BytesView octets, est::Deadline deadline) {
  const auto turns = static_cast<std::size_t>(std::clamp<std::int64_t>(doing.parameters.number("repeat", 1), 1, 1000));
  const std::size_t step = octets.size() / turns;
  est::Bytes answers;
  for (std::size_t turn = 0; turn < turns; ++turn) {
    AnswerReader reader(stream, method_in(octets));
    const auto write_failure = stream.write(octets.subspan(turn * step, step), deadline);
    reader.read(deadline);
    est::append(answers, reader.raw());
    if (reader.keep_alive()) continue;
    auto failure = reader.failure();
    if (write_failure && (!failure || !failure->alert)) failure = write_failure;
    if (failure && !reader.complete()) doing.recorder.failure(*failure);
    break;
  }
  doing.recorder.response(answers);
}

void end_our_side(const Doing& doing, Line& line, const std::string& how) {
  using est::net::OutputEnd;
  if (how == "none") return;
  if (how == "half") std::this_thread::sleep_for(half_close_pause);
  line.connection.end_output(how == "half-tls"     ? OutputEnd::notify_only
                             : how == "half-tcp"   ? OutputEnd::fin_only
                             : how == "cut-record" ? OutputEnd::cut_record
                                                   : OutputEnd::proper);
  doing.recorder.event("suite", "side-closed", how);
}

// Looks for what comes after a handshake unasked: on TLS 1.3 the verdict on the client's certificate.
void watch(const Doing& doing, Line& line, est::Milliseconds span) {
  if (span <= est::Milliseconds::zero()) return;
  std::array<est::Byte, 1024> buffer{};
  const auto outcome = line.connection.read(buffer, est::Deadline::after(span));
  if (outcome.failure && outcome.failure->cause == Cause::timeout) return;
  line.spent = true;
  if (outcome.failure) return doing.recorder.failure(*outcome.failure);
  if (outcome.count > 0) return doing.recorder.event("tls", "data-received", std::to_string(outcome.count) + " octets nobody asked for");
  doing.recorder.failure({est::net::Stage::read, Cause::closed, "the peer closed right after the handshake", std::nullopt});
}

// A connection for `handshake` and `raw`; null when the failure is recorded or `outcome` says more.
Line* connect(Doing& doing, est::Deadline deadline, engine::StepOutcome& outcome) {
  auto presentation = presentation_of(doing, Usual::none);
  if (!presentation) {
    outcome = presentation.outcome();
    return nullptr;
  }
  auto options = open_options(doing, *presentation);
  if (!options) {
    outcome = options.outcome();
    return nullptr;
  }
  doing.context.run.wait_for_turn();
  outcome = doing.context.wire.open(*options, deadline, doing.recorder);
  return recorded_so_far(outcome) ? doing.context.wire.current() : nullptr;
}

}  // namespace

engine::StepOutcome perform_handshake(Doing& doing) {
  engine::StepOutcome outcome;
  Line* line = connect(doing, est::Deadline::after(time_for(doing)), outcome);
  if (line == nullptr) return outcome;
  watch(doing, *line,
        std::min(time_for(doing), est::Milliseconds(std::max<std::int64_t>(0, doing.parameters.number("watch", usual_watch)))));
  doing.context.wire.tell_alerts(doing.recorder);
  doing.recorder.peer_close(line->connection.peer_close());
  return recorded();
}

// On the scenario's last connection, which must be there and speak TLS 1.2.
engine::StepOutcome perform_renegotiate(Doing& doing) {
  Line* line = doing.context.wire.current();
  if (line == nullptr) return cannot("there is no connection to renegotiate on");
  doing.recorder.connection(line->number, false);
  if (line->connection.facts().version == est::tls::Version::tls13) return cannot("TLS 1.3 knows no renegotiation");
  const auto failure = line->connection.renegotiate(est::Deadline::after(time_for(doing)));
  doing.recorder.tls(line->connection.facts());
  doing.recorder.fact("renegotiated", failure ? "no" : "yes");
  if (failure) {
    doing.recorder.failure(*failure);
    line->spent = true;
  } else {
    doing.recorder.event("tls", "handshake-complete", "renegotiated");
  }
  doing.context.wire.tell_alerts(doing.recorder);
  doing.recorder.peer_close(line->connection.peer_close());
  return recorded();
}

engine::StepOutcome perform_raw(Doing& doing) {
  auto octets = octets_to_send(doing);
  if (!octets) return octets.outcome();
  const auto deadline = raw_deadline(doing);
  engine::StepOutcome outcome;
  Line* line = connect(doing, deadline, outcome);
  if (line == nullptr) return outcome;
  doing.recorder.request("", "", *octets);
  StreamOf stream(line->connection);
  const std::string close = doing.parameters.text("close", "none");
  const bool leaves = close == "polite" || close == "abrupt";
  if (leaves) {
    if (const auto failure = send(doing, stream, *octets, deadline)) doing.recorder.failure(*failure);
    doing.recorder.event("suite", "closed", close);
  } else if (doing.parameters.flag("turns", false)) {
    take_turns(doing, stream, *octets, deadline);
  } else {
    send_and_read(doing, stream, *octets, deadline, [&] { end_our_side(doing, *line, close); });
  }
  // Whether the peer could still parse what follows is anybody's guess.
  line->spent = true;
  doing.context.wire.tell_alerts(doing.recorder);
  doing.recorder.peer_close(line->connection.peer_close());
  if (leaves) doing.context.wire.close(close == "abrupt");
  return recorded();
}

engine::StepOutcome perform_plain(Doing& doing) {
  auto octets = octets_to_send(doing);
  if (!octets) return octets.outcome();
  const auto deadline = raw_deadline(doing);
  doing.context.run.wait_for_turn();
  doing.recorder.connection(doing.context.wire.next_number(), true);
  auto opened = est::net::PlainConnection::open(endpoint_of(doing), deadline.left());
  if (const auto* failure = std::get_if<Failure>(&opened)) {
    doing.recorder.failure(*failure);
    return failure->cause == Cause::local ? fault("the suite could not connect: " + failure->message) : recorded();
  }
  auto& connection = std::get<est::net::PlainConnection>(opened);
  doing.recorder.event("tcp", "connected", endpoint_of(doing).to_string());
  doing.recorder.request("", "", *octets);
  StreamOf stream(connection);
  send_and_read(doing, stream, *octets, deadline);
  doing.recorder.peer_close(connection.peer_close());
  return recorded();
}

engine::StepOutcome perform_pause(Doing& doing) {
  const std::int64_t span = doing.parameters.number("ms", 0);
  if (span < 0) return fault("'ms' is negative");
  if (span > doing.context.profile.limits.longest_wait_seconds * 1000) {
    return cannot("the pause of " + std::to_string(span) + " ms is longer than the profile's limits.longest-wait; raise it");
  }
  std::this_thread::sleep_for(est::Milliseconds(span));
  doing.recorder.fact("waited-ms", std::to_string(span));
  doing.recorder.event("suite", "waited", std::to_string(span) + " ms");
  return recorded();
}

}  // namespace conformance::steps
