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

std::optional<Failure> hold_plain(Doing& doing, est::BytesView octets, est::Deadline deadline) {
  auto opened = PlainConnection::open(doing.context.profile.url.endpoint, deadline.left());
  if (auto* failure = std::get_if<Failure>(&opened)) return std::move(*failure);
  auto& connection = std::get<PlainConnection>(opened);
  auto failure = connection.write(octets, deadline);
  doing.context.held.plain.push_back(std::move(connection));
  return failure;
}

std::optional<Failure> hold_tls(Doing& doing, est::BytesView octets, est::Deadline deadline) {
  auto opened = doing.context.wire.dial_beside(deadline);
  if (auto* failure = std::get_if<Failure>(&opened)) return std::move(*failure);
  auto& connection = std::get<ClientConnection>(opened);
  // A peer that stops reading because we do is no failure of its own.
  (void)connection.write(octets, est::Deadline::earlier(deadline, est::Deadline::after(est::Milliseconds(200))));
  doing.context.held.tls.push_back(std::move(connection));
  return std::nullopt;
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
  std::int64_t held = 0;
  for (; held < wanted; ++held) {
    doing.context.run.wait_for_turn();
    const auto failure = plain ? hold_plain(doing, octets, deadline) : hold_tls(doing, octets, deadline);
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
