// What a client sent: its requests as a server must be able to read them.
#include <algorithm>
#include <set>

#include "conformance/checks/client_reading.h"
#include "conformance/checks/families.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/media_type.h"
#include "est/http/auth.h"
#include "est/ops/operation.h"
#include "est/pki/request.h"

namespace conformance::checks {
namespace {

using engine::ParameterType;
using est::ops::Operation;

Results sent(const CheckInput& input) {
  const Peers requests = requests_of(input, operation_of(input), text(input.parameters, "server"));
  const auto least = number(input.parameters, "least").value_or(1);
  const auto most = number(input.parameters, "most").value_or(1e9);
  const auto count = static_cast<double>(requests.size());
  if (count >= least && count <= most) return {};
  const std::string bound =
      count < least ? "at least " + text(input.parameters, "least", "1") : "at most " + text(input.parameters, "most");
  return {result(input, Verdict::fail, describe_requests(requests), bound + " requests for " + operation_of(input))};
}

Results in_order(const CheckInput& input) {
  const std::string first = text(input.parameters, "first");
  const std::string then = text(input.parameters, "then");
  bool seen = false;
  for (const Exchange* request : requests_of(input, "")) {
    seen = seen || fact(*request, "operation") == first;
    if (fact(*request, "operation") == then && !seen)
      return {result(input, Verdict::fail, describe_requests(requests_of(input, "")), first + " before " + then)};
  }
  if (!seen) return {result(input, Verdict::fail, describe_requests(requests_of(input, "")), first + " is asked for")};
  return {};
}

constexpr std::string_view redirected_label = "redirected";  // where the scripted server redirects to

// A request that a server which goes by the letter would serve.
std::string problem_of_head(const est::http::Request& request, Operation operation, const std::string& label) {
  if (request.method != est::ops::method_of(operation)) return "its method is " + est::printable(request.method, 40);
  const auto route = est::ops::parse_route(request.target);
  const auto* found = std::get_if<est::ops::Route>(&route);
  if (found == nullptr || found->operation != operation) return "its target is " + est::printable(request.target, 120);
  if (found->label != label && found->label != redirected_label)
    return "its target is " + est::printable(request.target, 120) + ", where the label \"" + est::printable(label, 60) + "\" was wanted";
  const std::string_view wanted = est::ops::request_media_type(operation);
  if (wanted.empty()) return request.body.empty() ? "" : "it is a GET with a body";
  const auto field = request.fields.get("Content-Type");
  if (!field) return "it has no Content-Type";
  const auto type = est::codec::decode_media_type(*field);
  const auto needed = est::codec::decode_media_type(wanted);
  if (!type.value || type.value->essence() != needed.value->essence()) return "its Content-Type is " + est::printable(*field, 80);
  return {};
}

std::string problem_of_body(const est::http::Request& request, Operation operation) {
  const auto octets = est::codec::decode_base64(est::as_text(request.body), est::codec::Base64Mode::lenient);
  if (est::has_errors(octets.findings)) return "its body is no base64 (" + est::describe_first(octets.findings) + ")";
  if (operation == Operation::fullcmc) return {};
  const auto csr = est::codec::decode_certification_request(*octets.value);
  if (!csr.value || est::has_errors(csr.findings)) return "its body is no PKCS #10 request (" + est::describe_first(csr.findings) + ")";
  const auto possession = est::pki::verify_request(*csr.value);
  if (!possession || !*possession) return "the signature of its PKCS #10 request does not verify with the key inside";
  return {};
}

Results requests_well_formed(const CheckInput& input) {
  const auto operation = est::ops::operation_by_name(operation_of(input));
  const std::string wanted = "requests as RFC 7030 3.2.2, 3.2.4 and 4, RFC 8951 3 and HTTP say";
  if (!operation) return {inconclusive(input, "No operation is called " + operation_of(input) + ".", wanted)};
  const Peers requests = requests_of(input, to_string(*operation));
  if (requests.empty()) return {inconclusive(input, "The client sent no request for " + operation_of(input) + ".", wanted)};
  for (const Exchange* exchange : requests) {
    const auto request = request_in(*exchange);
    std::string problem = request ? problem_of_head(*request, *operation, label_wanted(input)) : "a strict server refuses to read it";
    if (problem.empty() && request->method == "POST") problem = problem_of_body(*request, *operation);
    if (!problem.empty()) return {result(input, Verdict::fail, "The client sent a request, and " + problem + ".", wanted)};
  }
  return {};
}

// Every request whose octets a server could not even parse has an empty operation.
Results http_well_formed(const CheckInput& input) {
  for (const Exchange* exchange : requests_of(input, "")) {
    if (request_in(*exchange)) continue;
    return {
        result(input, Verdict::fail,
               "The client sent what a strict server refuses to read: \"" + est::printable(est::as_text(exchange->request), 160) + "\".",
               "requests as RFC 9112 says")};
  }
  return {};
}

std::int64_t moment(const Exchange& exchange, const std::string& name) { return std::strtoll(fact(exchange, name).c_str(), nullptr, 10); }

// Between an answer that says Retry-After and the next request.
Results waited(const CheckInput& input) {
  constexpr double rounding = 0.2;  // of clocks that count in parts of a second
  const double seconds = number(input.parameters, "seconds").value_or(0);
  const Peers requests = requests_of(input, operation_of(input));
  const std::string wanted = "at least " + text(input.parameters, "seconds") + " s between an answer with Retry-After and the next request";
  bool repeated = false;
  for (std::size_t i = 0; i + 1 < requests.size(); ++i) {
    const int status = status_given(*requests[i]);
    if (status != 202 && status != 503) continue;
    repeated = true;
    const double span = static_cast<double>(moment(*requests[i + 1], "asked-us") - moment(*requests[i], "answered-us")) / 1e6;
    if (span + rounding < seconds)
      return {result(input, Verdict::fail, "The client asked again after " + std::to_string(span).substr(0, 4) + " s.", wanted)};
  }
  if (!repeated) return {inconclusive(input, "The client did not ask again. " + describe_requests(requests), wanted)};
  return {};
}

// From the answer that brought the certificate to the first renewal that was served (INT-48).
Results renewed_in_time(const CheckInput& input) {
  const double seconds = number(input.parameters, "seconds").value_or(0);
  const auto served = [](const Exchange* one) { return status_given(*one) == 200; };
  const Peers enrollments = requests_of(input, "simpleenroll");
  const Peers renewals = requests_of(input, "simplereenroll");
  const std::string wanted =
      "a renewal that is served within the " + text(input.parameters, "seconds") + " s for which the certificate is good";
  const auto first = std::find_if(enrollments.begin(), enrollments.end(), served);
  if (first == enrollments.end()) return {inconclusive(input, "The client got no certificate. " + describe_requests(enrollments), wanted)};
  const auto renewal = std::find_if(renewals.begin(), renewals.end(), served);
  if (renewal == renewals.end()) return {result(input, Verdict::fail, "No renewal was served. " + describe_requests(renewals), wanted)};
  const double span = static_cast<double>(moment(**renewal, "asked-us") - moment(**first, "answered-us")) / 1e6;
  if (span <= seconds) return {};
  return {
      result(input, Verdict::fail, "The client renewed " + std::to_string(span).substr(0, 4) + " s after it got its certificate.", wanted)};
}

// After 202: key and subject stay; whatever depends on the connection may change (INT-10).
Results same_request(const CheckInput& input) {
  const std::string wanted = "the same request again: the same key and the same subject";
  std::optional<est::codec::CertificationRequest> first;
  for (const Exchange* exchange : requests_of(input, operation_of(input))) {
    auto csr = csr_in(*exchange);
    if (!csr) return {inconclusive(input, "A certification request cannot be read.", wanted)};
    if (!first) {
      first = std::move(csr);
      continue;
    }
    if (csr->key.der != first->key.der) return {result(input, Verdict::fail, "The client came back with another key.", wanted)};
    if (!est::codec::same_name(csr->subject, first->subject))
      return {result(input, Verdict::fail, "The client came back as " + csr->subject.to_string() + ".", wanted)};
  }
  return {};
}

std::string scheme_of(const Exchange& exchange) {
  const auto request = request_in(exchange);
  const std::string value = request ? request->fields.get("Authorization").value_or("") : "";
  return est::ascii_lower(value.substr(0, value.find(' ')));
}

Results authorization(const CheckInput& input) {
  const std::string scheme = text(input.parameters, "scheme");
  const Peers requests = requests_of(input, operation_of(input));
  const bool used = std::any_of(requests.begin(), requests.end(), [&](const Exchange* one) { return scheme_of(*one) == scheme; });
  if (used) return {};
  return {result(input, Verdict::fail, "No request was authenticated by " + scheme + ". " + describe_requests(requests),
                 "the challenge is answered by " + scheme)};
}

// RFC 7616 3.4: which parameters stand in quotes.
std::string digest_problem(std::string_view value) {
  static const std::set<std::string_view> quoted{"username", "realm", "nonce", "uri", "response", "cnonce", "opaque"};
  static const std::set<std::string_view> bare{"algorithm", "qop", "nc"};
  std::set<std::string, std::less<>> seen;
  value.remove_prefix(std::min(value.size(), std::string_view("Digest").size()));
  while (!value.empty()) {
    value.remove_prefix(std::min(value.find_first_not_of(" \t,"), value.size()));
    const std::string name = est::ascii_lower(value.substr(0, value.find('=')));
    value.remove_prefix(std::min(value.find('='), value.size() - std::min<std::size_t>(value.size(), 1)) +
                        std::min<std::size_t>(value.size(), 1));
    const bool in_quotes = value.starts_with('"');
    if (in_quotes && bare.contains(name)) return name + " is in quotes";
    if (!in_quotes && quoted.contains(name)) return name + " is not in quotes";
    if (!name.empty()) seen.insert(name);
    const auto text = in_quotes ? est::codec::take_quoted_string(value) : std::optional<std::string>(est::codec::take_token(value));
    if (!text || (!in_quotes && text->empty())) break;
    if (name == "nc" && text->size() != 8) return "nc has " + std::to_string(text->size()) + " digits";
  }
  for (const char* needed : {"username", "realm", "nonce", "uri", "response", "cnonce", "nc", "qop"}) {
    if (!seen.contains(needed)) return std::string(needed) + " is missing";
  }
  return {};
}

Results digest_form(const CheckInput& input) {
  const std::string wanted = "username, realm, nonce, uri, response and cnonce in quotes; nc (eight digits), qop and algorithm without";
  for (const Exchange* exchange : requests_of(input, operation_of(input))) {
    if (scheme_of(*exchange) != "digest") continue;
    const std::string problem = digest_problem(request_in(*exchange)->fields.get("Authorization").value_or(""));
    if (problem.empty()) return {};
    return {result(input, Verdict::fail, "In the client's Digest credentials " + problem + ".", wanted)};
  }
  return {inconclusive(input, "The client sent no Digest credentials.", wanted)};
}

// RFC 7616 3.4: one of those in the challenge.
Results digest_qop(const CheckInput& input) {
  const auto offered = list(input.parameters, "offered");
  const std::string wanted = "qop is one of the values in the challenge: " + est::join(offered, ", ");
  for (const Exchange* exchange : requests_of(input, "")) {
    if (scheme_of(*exchange) != "digest") continue;
    const auto item = est::http::decode_credentials(request_in(*exchange)->fields.get("Authorization").value_or(""));
    const std::string qop = item.value ? item.value->parameter("qop").value_or("") : "";
    if (std::find(offered.begin(), offered.end(), est::ascii_lower(qop)) == offered.end())
      return {result(input, Verdict::fail, "The client answered with the qop \"" + est::printable(qop, 40) + "\".", wanted)};
  }
  return {};
}

std::string digest_nonce(const Exchange& exchange) {
  if (scheme_of(exchange) != "digest") return {};
  const auto item = est::http::decode_credentials(request_in(exchange)->fields.get("Authorization").value_or(""));
  return item.value ? item.value->parameter("nonce").value_or("") : "";
}

std::string next_nonce_in(const Exchange& exchange) {
  const auto answer = answer_of(exchange);
  const auto field = answer ? answer->message.fields.get("Authentication-Info") : std::nullopt;
  if (!field) return {};
  const auto item = est::http::decode_credentials("Digest " + *field);  // the same parameters, without a scheme
  return item.value ? item.value->parameter("nextnonce").value_or("") : "";
}

// RFC 7616 3.5. Who waits to be asked each time gets a new nonce with the question.
Results digest_next_nonce(const CheckInput& input) {
  const std::string wanted = "the nextnonce of the answer before, or no credentials until they are asked for";
  const Exchange* before = nullptr;
  for (const Exchange* exchange : requests_of(input, "")) {
    const std::string next = before == nullptr ? "" : next_nonce_in(*before);
    const std::string used = digest_nonce(*exchange);
    if (!next.empty() && !used.empty() && used != next)
      return {
          result(input, Verdict::fail, "The client used an older nonce for " + exchange->method + " " + exchange->target + ".", wanted)};
    before = exchange;
  }
  return {};
}

// Only the end the client made of its own accord counts.
Results closed_properly(const CheckInput& input) {
  for (const Exchange* exchange : peers_of(input)) {
    if (!exchange->tls || exchange->peer_close.empty() || exchange->peer_close == "close_notify" || exchange->peer_close == "open")
      continue;
    return {result(input, Verdict::fail,
                   "The client ended connection " + std::to_string(exchange->connection) + " by " + exchange->peer_close + ".",
                   "close_notify before the connection is closed", "TLS")};
  }
  return {};
}

engine::Parameter about() { return parameter("operation", ParameterType::text, "default: the one that was driven"); }

}  // namespace

void add_client_request_checks(engine::Vocabulary& vocabulary) {
  const auto count = [](const char* name, const char* meaning) { return parameter(name, ParameterType::number, meaning); };
  add(vocabulary,
      {"sent",
       "how many requests for an operation came",
       {about(), count("least", "default 1"), count("most", "default no limit"), choice("server", {"first", "other"}, "default: both")},
       sent,
       "operation"});
  add(vocabulary,
      {"in-order",
       "one operation is asked for, and before another",
       {required(parameter("first", ParameterType::text, "operation")), required(parameter("then", ParameterType::text, "operation"))},
       in_order,
       ""});
  add(vocabulary, {"request-well-formed",
                   "every request for the operation is one a strict server serves",
                   {about()},
                   requests_well_formed,
                   "operation"});
  add(vocabulary, {"http-well-formed", "every request is one a strict server can read", {}, http_well_formed, ""});
  add(vocabulary, {"renewed-in-time",
                   "the client renewed while its certificate was good",
                   {required(count("seconds", "how long that is"))},
                   renewed_in_time,
                   "seconds"});
  add(vocabulary, {"waited",
                   "the client waited as long as Retry-After said",
                   {about(), required(count("seconds", "what Retry-After said"))},
                   waited,
                   "seconds"});
  add(vocabulary,
      {"same-request", "all requests for the operation are for the same key and subject", {about()}, same_request, "operation"});
  add(vocabulary, {"authorization",
                   "a request was authenticated by a scheme",
                   {about(), required(choice("scheme", {"basic", "digest"}, "the scheme"))},
                   authorization,
                   "scheme"});
  add(vocabulary, {"digest-form", "Digest credentials are written as RFC 7616 3.4 says", {about()}, digest_form, "operation"});
  add(vocabulary, {"digest-next-nonce", "unasked Digest credentials use the nextnonce of the answer before", {}, digest_next_nonce, ""});
  add(vocabulary, {"digest-qop",
                   "Digest credentials have a qop that was offered",
                   {required(parameter("offered", ParameterType::list, "values of qop"))},
                   digest_qop,
                   "offered"});
  add(vocabulary, {"client-closed-properly", "the client ended its connections with close_notify", {}, closed_properly, ""});
}

}  // namespace conformance::checks
