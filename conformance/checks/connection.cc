// What became of the connection: kept, closed, and how long it all took (RFC 9112 9, RFC 8446 6.1).
#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;

const Exchange* before_on_same_connection(const CheckInput& input) {
  const Exchange* before = nullptr;
  for (const auto& exchange : input.evidence.exchanges) {
    if (&exchange == &input.exchange) break;
    if (exchange.name == input.exchange.name && exchange.phase == input.exchange.phase) break;
    if (!exchange.method.empty() && exchange.connection != 0) before = &exchange;
  }
  return before;
}

bool announced_close(const Exchange& exchange) {
  const auto answer = answer_of(exchange);
  if (!answer) return false;
  if (answer->message.minor_version == 0) return true;
  for (const auto& value : answer->message.fields.all("Connection")) {
    for (const auto option : est::split(value, ',')) {
      if (est::iequals(est::trim(option), "close")) return true;
    }
  }
  return false;
}

Results connection_kept(const CheckInput& input) {
  const std::string expected = "a response on the connection of the request before, or \"Connection: close\" announced there";
  const auto* before = before_on_same_connection(input);
  if (before == nullptr) return {inconclusive(input, "There is no request before this one.", expected)};
  if (announced_close(*before)) {
    return {inconclusive(input, "The target announced with the response before that it would close the connection, as it may.", expected)};
  }
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (input.exchange.new_connection || input.exchange.connection != before->connection) {
    return {
        result(input, Verdict::fail, "The target closed the connection after the request before without having announced it.", expected)};
  }
  return {result(input, Verdict::pass, "The target answered on the same connection: " + describe(answer->message), expected)};
}

Results closed_cleanly(const CheckInput& input) {
  const std::string expected = "a TLS close_notify before the TCP connection ends";
  const auto& how = input.exchange.peer_close;
  if (!input.exchange.tls) return {unanswered(input, expected)};
  if (how == "open") return {result(input, Verdict::pass, "The target kept the connection open.", expected, "TLS")};
  if (how == "close_notify") return {result(input, Verdict::pass, "The target closed with close_notify.", expected, "TLS")};
  const auto verdict = input.strict ? Verdict::fail : Verdict::warn;
  return {result(input, verdict, "The target ended the connection by TCP (" + how + ") without close_notify.", expected, "TLS")};
}

Results within(const CheckInput& input) {
  const double limit = number(input.parameters, "ms").value_or(0);
  const std::string expected = "done within " + std::to_string(static_cast<long>(limit)) + " ms";
  const long took = static_cast<long>(input.exchange.duration_us / 1000);
  const bool fits = static_cast<double>(input.exchange.duration_us) <= limit * 1000;
  return {result(input, fits ? Verdict::pass : Verdict::fail, "It took " + std::to_string(took) + " ms.", expected)};
}

}  // namespace

void add_connection_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary,
      {"connection-kept", "the request was answered on the connection of the one before (RFC 9112 9.3, 9.6)", {}, connection_kept, {}});
  add(vocabulary, {"closed-cleanly", "if the target closed, it said so with close_notify (RFC 8446 6.1)", {}, closed_cleanly, {}});
  add(vocabulary,
      {"within", "the exchange took no longer", {required(parameter("ms", ParameterType::number, "milliseconds"))}, within, "ms"});
}

}  // namespace conformance::checks
