// What a proxy sends upstream while a client is in front of it (RFC 7030 3.7, 4.2.1, 5.3).
#include <algorithm>

#include "conformance/checks/client_reading.h"
#include "conformance/checks/families.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/crypto/digest.h"
#include "est/ops/operation.h"

namespace conformance::checks {
namespace {

using engine::ParameterType;

bool was_let_in(const Exchange& request) { return fact(request, "let-in") == "true"; }

// What was sent and not turned away by a challenge.
Peers let_in(const CheckInput& input, std::string_view operation) {
  Peers requests = requests_of(input, operation);
  std::erase_if(requests, [](const Exchange* one) { return !was_let_in(*one); });
  return requests;
}

Peers enrolling(const CheckInput& input) {
  Peers requests = requests_of(input, "");
  std::erase_if(requests, [](const Exchange* one) { return one->method != "POST"; });
  return requests;
}

std::string sent_upstream(const Peers& requests) {
  std::string text = describe_requests(requests);
  return "Upstream, " + std::string(text.starts_with("It sent") ? "the proxy" : "") + text.substr(text.starts_with("It sent") ? 2 : 0);
}

// Where the proxy speaks Full CMC for its clients (proxy-full-cmc), their simple requests arrive so.
Peers enrollments_of(const CheckInput& input) {
  Peers requests = let_in(input, operation_of(input));
  if (requests.empty()) requests = let_in(input, "fullcmc");
  return requests;
}

Results upstream_asked(const CheckInput& input) {
  const auto exact = number(input.parameters, "times");
  const double least = number(input.parameters, "least").value_or(exact.value_or(1));
  const double most = number(input.parameters, "most").value_or(exact.value_or(1e9));
  const Peers requests = text(input.parameters, "operation").empty() ? enrollments_of(input) : let_in(input, operation_of(input));
  const auto count = static_cast<double>(requests.size());
  if (count >= least && count <= most) return {};
  const std::string wanted = exact           ? text(input.parameters, "times")
                             : count < least ? "at least " + text(input.parameters, "least", "1")
                                             : "at most " + text(input.parameters, "most");
  return {result(input, Verdict::fail, sent_upstream(requests_of(input, "")), wanted + " requests upstream for " + operation_of(input))};
}

Results upstream_spared(const CheckInput& input) {
  const Peers requests = enrolling(input);
  if (requests.empty()) return {};
  return {result(input, Verdict::fail, sent_upstream(requests), "nothing of this request reaches the upstream server", "policy")};
}

// The request that went upstream for this step; a result where there is none.
struct Forwarded {
  const Exchange* exchange = nullptr;
  Results otherwise;
};
Forwarded forwarded(const CheckInput& input, const std::string& expected) {
  const Peers requests = enrollments_of(input);
  if (!requests.empty()) return {requests.back(), {}};
  return {nullptr, {inconclusive(input, sent_upstream(requests_of(input, "")), expected)}};
}

Results forwarded_unaltered(const CheckInput& input) {
  const std::string expected = "the client's certification request arrives upstream octet by octet as it was signed";
  const auto [request, otherwise] = forwarded(input, expected);
  if (request == nullptr) return otherwise;
  const est::Bytes* sent = artefact(input.exchange, "csr");
  if (sent == nullptr) return {inconclusive(input, "The client's request was not recorded.", expected)};
  const auto arrived = csr_in(*request);
  if (!arrived) return {result(input, Verdict::fail, "What arrived upstream holds no certification request that can be read.", expected)};
  if (arrived->der == *sent) return {};
  return {
      result(input, Verdict::fail, "The certification request that arrived upstream differs from the one the client signed.", expected)};
}

Results full_request_unaltered(const CheckInput& input) {
  const std::string expected = "the Full PKI Request arrives upstream with every signature layer it had";
  const Peers requests = let_in(input, "fullcmc");
  const est::Bytes* sent = artefact(input.exchange, "csr");
  if (requests.empty() || sent == nullptr) return {inconclusive(input, sent_upstream(requests_of(input, "")), expected)};
  const auto request = request_in(*requests.back());
  const auto octets =
      request ? est::codec::decode_base64(est::as_text(request->body), est::codec::Base64Mode::lenient).value : std::nullopt;
  if (octets && std::search(octets->begin(), octets->end(), sent->begin(), sent->end()) != octets->end()) return {};
  return {result(input, Verdict::fail, "The message that arrived upstream does not hold the one the client sent.", expected)};
}

Results forwarded_label(const CheckInput& input) {
  const std::string wanted = label_wanted(input);
  const std::string expected = wanted.empty() ? "no CA label in the path upstream" : "the CA label \"" + wanted + "\" in the path upstream";
  const auto [request, otherwise] = forwarded(input, expected);
  if (request == nullptr) return otherwise;
  const auto route = est::ops::parse_route(request->target);
  const auto* found = std::get_if<est::ops::Route>(&route);
  if (found != nullptr && found->label == wanted) return {};
  return {result(input, Verdict::fail, "The request went upstream to " + est::printable(request->target, 160) + ".", expected)};
}

std::string sha256_of(const est::Bytes& der) { return est::hex(est::crypto::digest(est::crypto::Digest::sha256, der)); }

std::string identity_problem(const Exchange& request, const std::string& authority) {
  const bool shown = request.tls && !request.tls->peer_chain.empty();
  if (shown && sha256_of(request.tls->peer_chain.front()) != authority) return "with another certificate than the registration authority's";
  if (shown) return {};
  const auto read = request_in(request);
  return read && read->fields.get("Authorization") ? "" : "without any credentials of the registration authority";
}

Results own_identity(const CheckInput& input) {
  const std::string expected = "requests upstream are made with the registration authority's own certificate or password";
  const std::string authority = text(input.target.value("upstream", Json::object()), "registration-authority");
  const bool by_certificate = flag(input.parameters, "certificate");
  Peers requests = enrolling(input);
  std::erase_if(requests, [](const Exchange* one) { return !was_let_in(*one); });
  if (requests.empty()) return {inconclusive(input, sent_upstream(requests), expected)};
  for (const Exchange* request : requests) {
    std::string problem = identity_problem(*request, authority);
    if (problem.empty() && by_certificate && request->tls->peer_chain.empty()) problem = "without the registration authority's certificate";
    if (!problem.empty()) return {result(input, Verdict::fail, "A request went upstream " + problem + ".", expected)};
  }
  return {};
}

Results no_client_secret(const CheckInput& input) {
  const std::string found = fact(input.exchange, "client-secret-upstream");
  const std::string expected = "passwords of clients stay with the proxy";
  if (found == "no") return {};
  if (found.empty()) return {inconclusive(input, "Nothing was looked for.", expected)};
  return {result(input, Verdict::fail, "A request that went upstream holds the client's password.", expected)};
}

Results upstream_lacks(const CheckInput& input) {
  const std::string unwanted = est::ascii_lower(text(input.parameters, "text"));
  const std::string expected = "nothing that went upstream holds \"" + unwanted + "\"";
  for (const Exchange* request : requests_of(input, "")) {
    if (est::ascii_lower(est::as_text(request->request)).find(unwanted) == std::string::npos) continue;
    return {result(input, Verdict::fail,
                   "The request " + est::printable(request->method + " " + request->target, 120) + " upstream holds it.", expected)};
  }
  return {};
}

const est::codec::Oid& pop_witness() {
  static const est::codec::Oid oid("1.3.6.1.5.5.7.7.11");  // id-cmc-lraPOPWitness
  return oid;
}

// RFC 5272 6.8: the proxy has verified the proof of possession, and says so.
Results witness(const CheckInput& input) {
  const std::string expected = "a Full PKI Request upstream with an RA POP Witness for the client's request";
  const Peers requests = let_in(input, "fullcmc");
  if (requests.empty()) return {result(input, Verdict::fail, sent_upstream(requests_of(input, "")), expected)};
  const auto full = full_request_in(*requests.back());
  if (!full) return {result(input, Verdict::fail, "The message that arrived upstream is no Full PKI Request that can be read.", expected)};
  if (full->data.value->control(pop_witness()) != nullptr) return {};
  return {result(input, Verdict::fail, "The Full PKI Request that arrived upstream has no RA POP Witness.", expected)};
}

}  // namespace

void add_proxy_request_checks(engine::Vocabulary& vocabulary) {
  const auto operation = parameter("operation", ParameterType::text, "default: the one the client asked for");
  add(vocabulary,
      {"upstream-asked",
       "how many requests for the operation were let in upstream",
       {operation, parameter("times", ParameterType::number, "exactly so many"), parameter("least", ParameterType::number, "default 1"),
        parameter("most", ParameterType::number, "default: any number")},
       upstream_asked,
       "times"});
  add(vocabulary, {"upstream-spared", "no request that could get a certificate reached the upstream server", {}, upstream_spared, ""});
  add(vocabulary,
      {"forwarded-unaltered", "the request arrived upstream as the client signed it (RFC 7030 4.2.1)", {}, forwarded_unaltered, ""});
  add(vocabulary, {"full-request-unaltered",
                   "the Full PKI Request arrived upstream as the client made it (RFC 5272 7)",
                   {},
                   full_request_unaltered,
                   ""});
  add(vocabulary, {"forwarded-label",
                   "the CA label in the path upstream is that of the client's, as upstream.labels maps it (RFC 7030 3.2.2)",
                   {},
                   forwarded_label,
                   ""});
  add(vocabulary, {"own-identity",
                   "what went upstream was authenticated as the registration authority (RFC 7030 3.7)",
                   {parameter("certificate", ParameterType::boolean, "true: by its certificate, nothing else (default false)")},
                   own_identity,
                   "certificate"});
  add(vocabulary, {"no-client-secret-upstream", "the client's password did not go upstream", {}, no_client_secret, ""});
  add(vocabulary, {"upstream-lacks",
                   "no request that went upstream holds a text",
                   {required(parameter("text", ParameterType::text, "whatever its case"))},
                   upstream_lacks,
                   "text"});
  add(vocabulary,
      {"pop-witness", "the request went upstream in a Full PKI Request with an RA POP Witness (RFC 5272 6.8)", {}, witness, ""});
}

}  // namespace conformance::checks
