// What a client asks for: its certification request against the connection and against what the server listed.
#include <algorithm>

#include "conformance/checks/client_reading.h"
#include "conformance/checks/families.h"
#include "est/codec/oid.h"
#include "est/crypto/key.h"
#include "est/ops/message.h"

namespace conformance::checks {
namespace {

using engine::ParameterType;

// RFC 7030 3.5; INT-01 for TLS 1.3. Empty when the connection has none.
est::Bytes binding_seen(const Exchange& exchange) {
  if (!exchange.tls) return {};
  return exchange.tls->version == "TLS 1.3" ? exchange.tls->tls_exporter : exchange.tls->tls_unique;
}

CheckResult judge_link(const CheckInput& input, const Exchange& exchange, const std::string& how) {
  const std::string wanted = how == "linked"     ? "an attribute with the channel binding of this very connection"
                             : how == "unlinked" ? "no challengePassword"
                                                 : "the channel binding of this very connection in challengePassword, or none";
  const auto csr = csr_in(exchange);
  if (!csr) return inconclusive(input, "The certification request cannot be read.", wanted);
  const std::string by = text(input.parameters, "by", "challengePassword");
  const auto value = by == "challengePassword" ? est::codec::challenge_password(*csr).value : est::codec::est_identity_linking(*csr).value;
  if (!value)
    return result(input, how == "linked" ? Verdict::fail : Verdict::pass, "The request has no " + by + ".", wanted, "policy", "INT-01");
  if (how == "unlinked") return result(input, Verdict::fail, "The request has a " + by + ".", wanted, "policy", "INT-31");
  const bool right = *value == est::ops::channel_binding_text(binding_seen(exchange));
  return result(input, right ? Verdict::pass : Verdict::fail,
                right ? "The request is linked." : "The " + by + " is not the channel binding of the connection it came over.", wanted,
                "policy", "INT-01");
}

Results linked(const CheckInput& input) {
  const std::string how = text(input.parameters, "how", "linked");
  Results results;
  for (const Exchange* exchange : requests_of(input, operation_of(input))) results.push_back(judge_link(input, *exchange, how));
  if (results.empty())
    return {inconclusive(input, "The client sent no request for " + operation_of(input) + ".", "a certification request")};
  return results;
}

bool has_attribute(const est::codec::CertificationRequest& csr, const est::codec::Oid& type) {
  if (csr.attribute(type) != nullptr) return true;
  const auto extensions = est::codec::requested_extensions(csr).value.value_or(std::vector<est::codec::Extension>{});
  return std::any_of(extensions.begin(), extensions.end(), [&](const auto& one) { return one.id == type; });
}

std::string key_name(const est::codec::CertificationRequest& csr) {
  const auto facts = est::crypto::key_facts(csr.key.der);
  if (!facts) return "unknown";
  return facts->algorithm == "EC" ? "EC " + facts->group : facts->algorithm + " " + std::to_string(facts->bits);
}

Results csr_has(const CheckInput& input) {
  const Peers requests = requests_of(input, operation_of(input));
  const std::string wanted = "a request that follows what was asked for";
  if (requests.empty()) return {inconclusive(input, "The client sent no request for " + operation_of(input) + ".", wanted)};
  const auto csr = csr_in(*requests.back());
  if (!csr) return {inconclusive(input, "The certification request cannot be read.", wanted)};
  Results results;
  for (const auto& name : list(input.parameters, "attributes")) {
    const auto oid = est::codec::oid_by_name(name);
    if (!oid) return {inconclusive(input, "No object identifier is called " + name + ".", wanted)};
    if (!has_attribute(*csr, *oid))
      results.push_back(result(input, Verdict::fail, "The request has no " + name + ".", name + " in the request", "policy"));
  }
  const std::string key = text(input.parameters, "key");
  if (!key.empty() && key_name(*csr) != key)
    results.push_back(
        result(input, Verdict::fail, "The request is for a key of kind " + key_name(*csr) + ".", "a key of kind " + key, "policy"));
  const std::string subject = text(input.parameters, "subject");
  if (!subject.empty() && csr->subject.to_string().find(subject) == std::string::npos)
    results.push_back(
        result(input, Verdict::fail, "The request is for " + csr->subject.to_string() + ".", "a subject with " + subject, "policy"));
  return results;
}

Results other_names_of(const CheckInput& input, const est::codec::CertificationRequest& csr, const est::codec::Certificate& certificate,
                       const std::string& wanted) {
  const auto* extension = certificate.extension(est::codec::oids::subject_alt_name);
  if (extension == nullptr) return {};
  const auto names = est::codec::decode_general_names(extension->value).value.value_or(std::vector<est::codec::GeneralName>{});
  const auto asked = est::codec::requested_subject_alt_name(csr);
  if (std::is_permutation(asked.begin(), asked.end(), names.begin(), names.end())) return {};
  return {result(input, Verdict::fail, "The subjectAltName of the request is not that of the certificate.", wanted, "policy")};
}

// RFC 7030 4.2.2: the names of a renewal are those of the certificate shown.
Results names_of_certificate(const CheckInput& input) {
  const std::string wanted = "subject and subjectAltName of the certificate that is renewed";
  const Peers requests = requests_of(input, operation_of(input));
  if (requests.empty()) return {inconclusive(input, "The client sent no request for " + operation_of(input) + ".", wanted)};
  const auto csr = csr_in(*requests.back());
  const auto& tls = requests.back()->tls;
  if (!csr || !tls || tls->peer_chain.empty())
    return {inconclusive(input, "There is no certificate, or no request that can be read.", wanted)};
  const auto certificate = est::codec::decode_certificate(tls->peer_chain.front());
  if (!certificate.value) return {inconclusive(input, "The client's certificate cannot be read.", wanted)};
  if (est::codec::same_name(csr->subject, certificate.value->subject)) return other_names_of(input, *csr, *certificate.value, wanted);
  return {result(input, Verdict::fail,
                 "The request is for " + csr->subject.to_string() + ", the certificate for " + certificate.value->subject.to_string() + ".",
                 wanted, "policy")};
}

Results showed_certificate(const CheckInput& input) {
  const Peers requests = requests_of(input, operation_of(input));
  const std::string wanted = "the client's certificate in the TLS handshake";
  if (requests.empty()) return {inconclusive(input, "The client sent no request for " + operation_of(input) + ".", wanted)};
  const bool shown =
      std::any_of(requests.begin(), requests.end(), [](const Exchange* one) { return one->tls && !one->tls->peer_chain.empty(); });
  if (shown) return {};
  return {result(input, Verdict::fail, "The client showed no certificate when it asked for " + operation_of(input) + ".", wanted, "TLS")};
}

// The octets of the file, or at least what was signed there.
Results request_as_given(const CheckInput& input) {
  const std::string wanted = "the certification request as it was given";
  const est::Bytes* given = artefact(input.exchange, "given-request");
  const Peers requests = requests_of(input, operation_of(input));
  if (given == nullptr || requests.empty())
    return {inconclusive(input, "The client sent no request for " + operation_of(input) + ".", wanted)};
  const auto made = est::codec::decode_certification_request(*given);
  for (const Exchange* exchange : requests) {
    const auto csr = csr_in(*exchange);
    if (!csr) return {inconclusive(input, "The certification request cannot be read.", wanted)};
    if (made.value && csr->info == made.value->info && csr->signature == made.value->signature) continue;
    const bool key = made.value && csr->key.der == made.value->key.der;
    return {result(input, Verdict::fail, std::string("The client sent another request, for ") + (key ? "the same" : "another") + " key.",
                   wanted)};
  }
  return {};
}

}  // namespace

void add_client_csr_checks(engine::Vocabulary& vocabulary) {
  const auto about = parameter("operation", ParameterType::text, "default: the one that was driven");
  add(vocabulary, {"client-linked",
                   "how requests are linked to the TLS session they came over",
                   {about, choice("how", {"linked", "unlinked", "either"}, "default linked; either: rightly or not at all"),
                    choice("by", {"challengePassword", "estIdentityLinking"}, "the attribute (default challengePassword)")},
                   linked,
                   "how"});
  add(vocabulary, {"csr-has",
                   "the last certification request has what was asked for",
                   {about, parameter("attributes", ParameterType::list, "names or object identifiers of attributes or extensions"),
                    parameter("key", ParameterType::text, "kind of key: EC P-384, RSA 2048"),
                    parameter("subject", ParameterType::text, "part of the subject's RFC 4514 text")},
                   csr_has,
                   "attributes"});
  add(vocabulary,
      {"names-of-certificate", "a renewal asks for the names of the certificate shown", {about}, names_of_certificate, "operation"});
  add(vocabulary, {"request-as-given", "requests are the one the client was given", {about}, request_as_given, "operation"});
  add(vocabulary, {"showed-certificate", "the client authenticated with a certificate", {about}, showed_certificate, "operation"});
}

}  // namespace conformance::checks
