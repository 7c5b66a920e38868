// Verbs that stop in the middle of a TLS handshake: a ClientHello of the script's own, and connections left half-open.
#include <algorithm>
#include <array>
#include <thread>

#include "conformance/steps/client_hello.h"
#include "conformance/steps/context.h"
#include "est/codec/tls_hello.h"

namespace conformance::steps {
namespace {

using est::net::Cause;
using est::net::Failure;
using est::net::PlainConnection;
using est::net::Stage;

constexpr std::int64_t usual_time = 5000;
constexpr std::size_t most_flight_octets = std::size_t{256} << 10U;
constexpr est::Milliseconds after_hello{200};  // for the rest of the flight, where its end cannot be seen
constexpr std::int64_t most_half_open = 200;
constexpr est::Milliseconds until_noticed{150};  // by a busy target, that a client is gone

est::Deadline deadline_for(const Doing& doing) {
  const std::int64_t longest = std::max<std::int64_t>(doing.context.profile.limits.longest_wait_seconds * 1000, usual_time);
  return est::Deadline::after(est::Milliseconds(std::clamp<std::int64_t>(doing.parameters.number("within", usual_time), 1, longest)));
}

// RFC 6066 3: literal addresses are no server names.
std::string usual_name(const Doing& doing) {
  const std::string host = endpoint_of(doing).host;
  const bool literal = host.find(':') != std::string::npos || host.find_first_not_of("0123456789.") == std::string::npos;
  return literal ? std::string() : host;
}

bool has_hello(const est::codec::TlsFlight& flight) { return flight.find(est::codec::tls_message::server_hello) != nullptr; }

bool at_end(const est::codec::TlsFlight& flight) {
  return flight.fatal_alert || flight.malformed || flight.went_on || flight.find(est::codec::tls_message::server_hello_done) != nullptr;
}

// Reads the target's first flight; nothing when it held a ServerHello, else why there is none.
std::optional<Failure> read_flight(PlainConnection& connection, const est::Deadline& deadline, est::Bytes& octets) {
  std::array<est::Byte, 16384> buffer{};
  est::codec::TlsFlight flight;
  std::optional<Failure> ended;
  while (!at_end(flight) && octets.size() < most_flight_octets && !ended) {
    const auto until = has_hello(flight) ? est::Deadline::earlier(deadline, est::Deadline::after(after_hello)) : deadline;
    const auto outcome = connection.read(buffer, until);
    if (outcome.failure)
      ended = outcome.failure;
    else if (outcome.count == 0)
      ended = Failure{Stage::handshake, Cause::closed, "the target closed the connection during the handshake", std::nullopt};
    est::append(octets, est::BytesView(buffer).first(outcome.count));
    flight = est::codec::read_tls_flight(octets);
  }
  if (has_hello(flight)) return std::nullopt;
  if (flight.fatal_alert) {
    const est::tls::Alert alert{true, *flight.fatal_alert, true};
    return Failure{Stage::handshake, Cause::alert, "the target ended the handshake with the TLS alert " + alert.name(), alert};
  }
  if (flight.malformed) return Failure{Stage::handshake, Cause::not_tls, "the target answered with something that is no TLS", std::nullopt};
  if (ended) {
    ended->stage = Stage::handshake;
    return ended;
  }
  return Failure{Stage::handshake, Cause::protocol, "the target answered without a ServerHello", std::nullopt};
}

// Goes so far in a handshake; false when the target does not take it.
bool handshake_until(const Doing& doing, PlainConnection& connection, std::string_view after, const est::Deadline& deadline) {
  if (after == "nothing") return true;
  const est::Bytes hello = hello_message("both", usual_name(doing));
  if (connection.write(hello_records("both", after == "half-hello" ? "first-half" : "whole", hello), deadline)) return false;
  if (after != "flight" && after != "half-reply") return true;
  est::Bytes flight;
  if (read_flight(connection, deadline, flight)) return false;
  const est::Bytes half_record{22, 3, 3, 0, 70, 16, 0};
  return after == "flight" || !connection.write(half_record, deadline);
}

}  // namespace

engine::StepOutcome perform_client_hello(Doing& doing) {
  const std::string kind = doing.parameters.text("hello", "both");
  const std::string form = doing.parameters.text("records", "whole");
  const est::Bytes message = hello_message(kind, doing.parameters.text("sni", usual_name(doing)));
  const auto deadline = deadline_for(doing);
  doing.context.run.wait_for_turn();
  doing.recorder.connection(doing.context.wire.next_number(), true);
  doing.recorder.fact("hello", kind);
  doing.recorder.artefact("client-hello", message);
  auto opened = PlainConnection::open(endpoint_of(doing), deadline.left());
  if (const auto* failure = std::get_if<Failure>(&opened)) {
    doing.recorder.failure(*failure);
    return failure->cause == Cause::local ? fault("the suite could not connect: " + failure->message) : recorded();
  }
  auto& connection = std::get<PlainConnection>(opened);
  doing.recorder.event("tcp", "connected", endpoint_of(doing).to_string());
  // A peer that closes early has answered all the same.
  StreamOf stream(connection);
  const auto unsent = write_in_pieces(stream, hello_records(kind, form, message), pieces_of(doing.parameters), deadline);
  doing.recorder.event("tls", "client-hello-sent", kind + ", records: " + form + (unsent ? ", not taken whole" : ""));
  if (form == "first-half") connection.end_output();
  est::Bytes flight;
  if (const auto failure = read_flight(connection, deadline, flight)) doing.recorder.failure(*failure);
  doing.recorder.artefact("server-flight", flight);
  doing.recorder.peer_close(connection.peer_close());
  return recorded();
}

engine::StepOutcome perform_half_open(Doing& doing) {
  const auto wanted = std::clamp<std::int64_t>(doing.parameters.number("connections", 20), 1, most_half_open);
  const std::string after = doing.parameters.text("after", "half-hello");
  const bool vanish = doing.parameters.flag("vanish", false);
  const auto deadline = deadline_for(doing);
  std::int64_t begun = 0;
  for (; begun < wanted; ++begun) {
    auto opened = PlainConnection::open(endpoint_of(doing), deadline.left());
    // A target may well refuse so many; what counts is whether it serves the next client.
    if (std::holds_alternative<Failure>(opened)) break;
    auto& connection = std::get<PlainConnection>(opened);
    if (!handshake_until(doing, connection, after, deadline)) break;
    if (!vanish) doing.context.wire.hold(std::move(connection));
  }
  if (vanish) std::this_thread::sleep_for(std::min(until_noticed, deadline.left()));
  doing.recorder.fact("half-open", std::to_string(begun));
  doing.recorder.event("suite", vanish ? "connections-dropped" : "connections-held", std::to_string(begun) + ", after " + after);
  return recorded();
}

engine::StepOutcome perform_key_update(Doing& doing) {
  Line* line = doing.context.wire.current();
  if (line == nullptr) return cannot("there is no connection whose keys could be updated");
  doing.recorder.connection(line->number, false);
  doing.recorder.tls(line->connection.facts());
  if (line->connection.facts().version != est::tls::Version::tls13) return cannot("only TLS 1.3 knows KeyUpdate");
  if (const auto status = line->connection.update_keys(); !status.ok()) return fault(status.error().message);
  doing.recorder.event("tls", "key-update-requested", "sent with the next data");
  return recorded();
}

}  // namespace conformance::steps
