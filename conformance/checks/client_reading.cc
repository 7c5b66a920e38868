#include "conformance/checks/client_reading.h"

#include "est/base/text.h"
#include "est/http/parser.h"
#include "est/ops/message.h"

namespace conformance::checks {

Peers peers_of(const CheckInput& input) {
  Peers peers;
  const std::string prefix = input.exchange.name + "/";
  for (const Exchange& exchange : input.evidence.exchanges) {
    if (exchange.phase == engine::Phase::peer && exchange.name.starts_with(prefix)) peers.push_back(&exchange);
  }
  return peers;
}

Peers requests_of(const CheckInput& input, std::string_view operation, std::string_view server) {
  Peers requests;
  for (const Exchange* peer : peers_of(input)) {
    const bool wanted = (operation.empty() || fact(*peer, "operation") == operation) && (server.empty() || fact(*peer, "server") == server);
    if (peer->verb == "request" && wanted) requests.push_back(peer);
  }
  return requests;
}

std::string operation_of(const CheckInput& input) {
  const std::string own = text(input.parameters, "operation");
  if (!own.empty()) return own;
  const std::string driven = fact(input.exchange, "operation");
  if (driven == "maintain") return "simplereenroll";
  return driven == "provision" ? "simpleenroll" : driven;
}

std::string label_wanted(const CheckInput& input) {
  const Json& parameters = input.exchange.parameters;
  if (text(input.target, "role") != "proxy") return text(parameters, "label");
  const Json access = input.target.value("access", Json::object());
  std::string ours = text(access, "label");
  if (parameters.contains("at")) ours = text(access.value("labels", Json::object()), text(parameters, "at"));
  if (parameters.contains("label")) ours = text(parameters, "label");
  const Json labels = input.target.value("upstream", Json::object()).value("labels", Json::object());
  return labels.is_object() ? text(labels, ours, ours) : ours;
}

std::optional<est::http::Request> request_in(const Exchange& exchange) {
  est::http::ParserLimits limits;
  limits.body = std::size_t{1} << 20U;
  est::http::RequestParser parser(limits);
  parser.feed(exchange.request);
  if (parser.state() != est::http::RequestParser::State::complete) return std::nullopt;
  return parser.take();
}

std::optional<FullRequest> full_request_in(const Exchange& exchange) {
  const auto request = request_in(exchange);
  if (!request) return std::nullopt;
  auto message = est::ops::read_signed_data_body(request->body);
  if (!message.value || !message.value->content) return std::nullopt;
  auto data = est::codec::decode_pki_data(*message.value->content);
  if (!data.value) return std::nullopt;
  return FullRequest{std::move(*message.value), std::move(data)};
}

std::optional<est::codec::CertificationRequest> csr_in(const Exchange& exchange) {
  const auto request = request_in(exchange);
  if (!request) return std::nullopt;
  if (auto simple = est::ops::read_enroll_body(request->body); simple.value) return std::move(simple.value);
  const auto full = full_request_in(exchange);
  if (!full || full->data.value->requests.empty()) return std::nullopt;
  return full->data.value->requests.front().pkcs10;
}

std::optional<est::codec::TlsOffer> offer_in(const Exchange& exchange) {
  const est::Bytes* octets = artefact(exchange, "client-hello");
  if (octets == nullptr) return std::nullopt;
  const est::codec::TlsFlight flight = est::codec::read_tls_flight(*octets);
  const auto* hello = flight.find(est::codec::tls_message::client_hello);
  if (hello == nullptr) return std::nullopt;
  return est::codec::decode_client_hello(hello->body);
}

int status_given(const Exchange& exchange) {
  const auto answer = answer_of(exchange);
  return answer ? answer->message.status : 0;
}

std::string describe_end(const Exchange& exchange) {
  const std::string ended = fact(exchange, "ended");
  if (ended == "timed-out") return "The client did not end within its time and was stopped.";
  if (ended == "signalled") return "The client was ended by signal " + fact(exchange, "signal") + ", as a program that crashes is.";
  const std::string status = fact(exchange, "exit-status");
  return status == "0" ? "The client reported success (exit status 0)." : "The client reported failure (exit status " + status + ").";
}

std::string describe_requests(const Peers& requests) {
  constexpr std::size_t most = 5;
  if (requests.empty()) return "It sent no request.";
  std::string text = "It sent " + std::to_string(requests.size()) + (requests.size() == 1 ? " request: " : " requests: ");
  for (std::size_t i = 0; i < requests.size() && i < most; ++i) {
    const int status = status_given(*requests[i]);
    text += (i == 0 ? "" : ", ") + est::printable(requests[i]->method + " " + requests[i]->target, 120);
    if (status != 0) text += " (answered " + std::to_string(status) + ")";
  }
  return text + (requests.size() > most ? " ..." : "") + ".";
}

}  // namespace conformance::checks
