// Connections that are opened, brought to some point, and left there until the scenario's session ends.
#include <algorithm>

#include "conformance/steps/context.h"
#include "conformance/steps/hostile_octets.h"

namespace conformance::steps {
namespace {

using est::net::ClientConnection;
using est::net::Failure;
using est::net::PlainConnection;

constexpr std::int64_t most_held = 500;

// The octets sent on each connection; empty: none.
est::Bytes octets_of(const Doing& doing, std::string_view state) {
  const auto name = state == "hello" ? "hello-cut" : state == "head" ? "head-cut" : state == "body" ? "body-cut" : "requests-200";
  if (state == "silent" || state == "idle") return {};
  return make_hostile_octets(name, {host_field(doing), est_prefix(doing.context.profile.label)});
}

std::optional<Failure> hold_plain(const Doing& doing, Held& held, est::BytesView octets, est::Deadline deadline) {
  auto opened = PlainConnection::open(doing.context.profile.url.endpoint, deadline.left());
  if (auto* failure = std::get_if<Failure>(&opened)) return std::move(*failure);
  auto& connection = std::get<PlainConnection>(opened);
  auto failure = connection.write(octets, deadline);
  held.plain.push_back(std::move(connection));
  return failure;
}

std::optional<Failure> hold_tls(const Doing& doing, Held& held, est::BytesView octets, est::Deadline deadline) {
  auto opened = doing.context.wire.dial_beside(deadline);
  if (auto* failure = std::get_if<Failure>(&opened)) return std::move(*failure);
  auto& connection = std::get<ClientConnection>(opened);
  // A peer that stops reading because we do is no failure of its own.
  (void)connection.write(octets, est::Deadline::earlier(deadline, est::Deadline::after(est::Milliseconds(200))));
  held.tls.push_back(std::move(connection));
  return std::nullopt;
}

// Half a ClientHello goes on with zeros, a head or body with letters.
est::Byte next_octet(std::string_view state) { return state == "hello" ? est::Byte{0} : est::Byte{'A'}; }

// Begins at once, so that the first connections do not fall silent while the last are opened.
Trickle* trickle_of(Doing& doing, std::string_view state) {
  const std::int64_t period = doing.parameters.number("trickle", 0);
  if (period <= 0 || (state != "hello" && state != "head" && state != "body")) return nullptr;
  doing.context.trickles.push_back(std::make_unique<Trickle>(next_octet(state), est::Milliseconds(period)));
  return doing.context.trickles.back().get();
}

void keep(Doing& doing, Trickle* trickle, Held held) {
  if (trickle != nullptr) return trickle->add(std::move(held));
  for (auto& connection : held.tls) doing.context.held.tls.push_back(std::move(connection));
  for (auto& connection : held.plain) doing.context.held.plain.push_back(std::move(connection));
}

}  // namespace

engine::StepOutcome perform_hold(Doing& doing) {
  const std::string state = doing.parameters.text("state", "idle");
  const bool plain = state == "silent" || state == "hello";
  const est::Bytes octets = octets_of(doing, state);
  const auto wanted = std::clamp<std::int64_t>(doing.parameters.number("connections", 1), 1, most_held);
  const auto deadline = est::Deadline::after(time_for(doing));
  // The scenario's own connection would be one more, and another than those it is about.
  doing.context.wire.close();
  doing.recorder.request("", "", octets);
  Trickle* trickle = trickle_of(doing, state);
  std::int64_t held = 0;
  for (; held < wanted; ++held) {
    Held connections;
    doing.context.run.wait_for_turn();
    const auto failure = plain ? hold_plain(doing, connections, octets, deadline) : hold_tls(doing, connections, octets, deadline);
    keep(doing, trickle, std::move(connections));
    if (!failure) continue;
    // A target may limit connections; how the others fare is for the next step to see.
    doing.recorder.event("tcp", "no-further-connection", failure->message);
    if (failure->cause == est::net::Cause::local) return fault("the suite could not connect: " + failure->message);
    break;
  }
  doing.recorder.connection(doing.context.wire.next_number(), true);
  doing.recorder.fact("held", std::to_string(held));
  doing.recorder.event("suite", "connections-held", std::to_string(held) + " of " + std::to_string(wanted) + ", " + state);
  return recorded();
}

}  // namespace conformance::steps
