// How a client ended: the wire decides first, its exit status second, its words never.
#include <algorithm>

#include "conformance/checks/client_reading.h"
#include "conformance/checks/families.h"
#include "est/base/text.h"

namespace conformance::checks {
namespace {

constexpr std::string_view success_wanted = "the client does what it was told, and says so (exit status 0)";
constexpr std::string_view refusal_wanted = "the client gives up and says so (an exit status other than 0), in time";

bool connected(const CheckInput& input) { return fact(input.exchange, "connections") != "0"; }
bool hung(const CheckInput& input) { return fact(input.exchange, "ended") == "timed-out"; }
bool crashed(const CheckInput& input) { return fact(input.exchange, "ended") == "signalled"; }
bool claims_success(const CheckInput& input) {
  return fact(input.exchange, "ended") == "exited" && fact(input.exchange, "exit-status") == "0";
}

// The server let a request in and gave what was asked for. 204 and 404 are answers to /csrattrs like any other (INT-18).
bool was_served(const Exchange& request) {
  if (fact(request, "let-in") != "true") return false;
  const int status = status_given(request);
  return status == 200 || (fact(request, "operation") == "csrattrs" && (status == 204 || status == 404));
}

Results client_succeeded(const CheckInput& input) {
  const std::string operation = operation_of(input);
  const Peers requests = requests_of(input, operation);
  const std::string end = describe_end(input.exchange);
  const auto fails = [&](const std::string& observed, const char* layer) {
    return Results{result(input, Verdict::fail, observed, std::string(success_wanted), layer)};
  };
  if (!connected(input)) return fails("The client never connected. " + end, "TCP");
  const std::string all = describe_requests(requests_of(input, ""));
  if (hung(input) || crashed(input)) return fails(end + " " + all, "policy");
  const bool served = std::any_of(requests.begin(), requests.end(), [](const Exchange* one) { return was_served(*one); });
  if (!served)
    return fails("No request for " + operation + " was served. " + all + " " + end, requests_of(input, "").empty() ? "TLS" : "HTTP");
  if (!claims_success(input)) return fails(end + " " + all, "policy");
  return {};
}

Results client_gave_up(const CheckInput& input) {
  const std::string observed = describe_end(input.exchange) + " " + describe_requests(requests_of(input, ""));
  const auto fails = [&] { return Results{result(input, Verdict::fail, observed, std::string(refusal_wanted), "policy")}; };
  if (hung(input) || crashed(input) || claims_success(input)) return fails();
  if (!connected(input) && !flag(input.parameters, "unconnected"))
    return {inconclusive(input, "The client never connected, so it had nothing to refuse.", std::string(refusal_wanted))};
  return {};
}

Results client_survived(const CheckInput& input) {
  if (!hung(input) && !crashed(input)) return {};
  return {result(input, Verdict::fail, describe_end(input.exchange), "the client ends by itself, with success or failure", "policy")};
}

// The other half of success: the wire looks well, and yet the client must not call it that.
Results server_refused(const CheckInput& input) {
  const std::string server = text(input.parameters, "server", "first");
  const Peers requests = requests_of(input, "", server);
  const std::string wanted = "no octet of HTTP is sent to a server that was not authenticated and authorized";
  if (!requests.empty()) return {result(input, Verdict::fail, "The client went on. " + describe_requests(requests), wanted, "TLS")};
  if (!connected(input)) return {inconclusive(input, "The client never connected, so it had nothing to refuse.", wanted)};
  return {};
}

Results no_credentials(const CheckInput& input) {
  const std::string server = text(input.parameters, "server", "first");
  const std::string wanted = "neither a password nor its hash is sent to this server";
  for (const Exchange* request : requests_of(input, "", server)) {
    const std::string_view head = est::as_text(request->request);
    const std::string lower = est::ascii_lower(head.substr(0, head.find("\r\n\r\n")));
    if (lower.find("\r\nauthorization:") == std::string::npos) continue;
    return {result(input, Verdict::fail, "The client sent an Authorization field with " + request->method + " " + request->target + ".",
                   wanted)};
  }
  return {};
}

Results tls_only(const CheckInput& input) {
  for (const Exchange* peer : peers_of(input)) {
    if (!peer->failure || peer->failure->cause != "not_tls") continue;
    return {result(input, Verdict::fail, "The client spoke without TLS: " + est::printable(peer->failure->message, 200) + ".",
                   "no octet is sent without TLS", "TLS")};
  }
  return {};
}

Results connection_count(const CheckInput& input) {
  const double most = number(input.parameters, "most").value_or(1);
  const double count = static_cast<double>(std::strtoull(fact(input.exchange, "connections").c_str(), nullptr, 10));
  if (count <= most) return {};
  return {result(input, Verdict::fail, "The client opened " + fact(input.exchange, "connections") + " connections.",
                 "at most " + text(input.parameters, "most", "1") + ": what was refused is not tried again at once", "TCP")};
}

engine::Parameter which_server() {
  return choice("server", {"first", "other"}, "of the script: the one the client was told (default), or its `other`");
}

}  // namespace

void add_client_outcome_checks(engine::Vocabulary& vocabulary) {
  const auto operation = parameter("operation", engine::ParameterType::text, "default: the one that was driven");
  add(vocabulary,
      {"client-succeeded", "a request was served, and the client reported success", {operation}, client_succeeded, "operation"});
  const auto unconnected =
      parameter("unconnected", engine::ParameterType::boolean, "true: it may have refused before it connected (default false)");
  add(vocabulary, {"client-gave-up", "the client reported failure in time, without a crash", {unconnected}, client_gave_up, ""});
  add(vocabulary, {"client-survived", "the client ended by itself, whatever it reported", {}, client_survived, ""});
  add(vocabulary, {"server-refused", "the client connected and sent no request", {which_server()}, server_refused, "server"});
  add(vocabulary, {"tls-only", "every connection began with TLS", {}, tls_only, ""});
  add(vocabulary, {"no-credentials", "no request had an Authorization field", {which_server()}, no_credentials, "server"});
  add(vocabulary, {"connections",
                   "how often the client connected",
                   {parameter("most", engine::ParameterType::number, "default 1")},
                   connection_count,
                   "most"});
}

}  // namespace conformance::checks
