#include "proxy/handler.h"

#include <utility>
#include <variant>

#include "client/answer.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "est/http/values.h"
#include "est/ops/message.h"

namespace proxy {
namespace {

using est::Bytes;
using est::Error;
using est::Status;
using est::codec::CertificationRequest;
using est::http::Response;
using est::ops::Operation;
using est::ops::Route;
using server::Answer;
using server::LabelPolicy;

constexpr std::size_t longest_sentence = 1000;

// The upstream's own words, as text and nothing else.
std::string words_of(const Response& said) {
  const std::string type = said.fields.get("Content-Type").value_or("");
  if (!est::iequals(type.substr(0, 10), "text/plain") || said.body.empty()) return "The CA refuses the request.";
  return est::printable(est::trim(est::as_text(said.body)), longest_sentence);
}

}  // namespace

bool Handler::offers(Operation operation, const LabelPolicy& policy) const {
  return operation != Operation::fullcmc && (operation != Operation::serverkeygen || policy.keygen);
}

Answer Handler::not_now(std::string_view sentence, std::string cause) const {
  Answer answer = server::refuse(503, sentence);
  answer.response.fields.set("Retry-After", std::to_string(parts_.config.retry_seconds));
  answer.cause = std::move(cause);
  return answer;
}

Answer Handler::failed(const UpstreamFailure& failure) const {
  if (failure.status == 503) return not_now(failure.sentence, failure.cause);
  Answer answer = server::refuse(failure.status, failure.sentence);
  answer.cause = failure.cause;
  return answer;
}

// Status, Retry-After and sentence: what RFC 7030 4.2.3 lets a client act on.
Answer Handler::given_on(const Response& said) const {
  const auto retry = est::http::parse_retry_after(said.fields.get("Retry-After").value_or(""));
  const std::string words = words_of(said);
  Answer answer = server::refuse(said.status, words);
  answer.cause = "upstream: " + words;
  const bool waits = said.status == 202 || said.status == 503;
  if (retry)
    answer.response.fields.set("Retry-After", est::http::encode(*retry));
  else if (waits)
    answer.response.fields.set("Retry-After", std::to_string(parts_.config.retry_seconds));
  return answer;
}

Answer Handler::cacerts(const Route& route, const LabelPolicy& /*policy*/) const {
  const auto known = parts_.ca.known();
  const auto found = known->find(parts_.config.upstream.label_of(route.label));
  if (found == known->end())
    return not_now("The CA certificates are not known here yet; repeat the request later.", "no /cacerts from the upstream so far");
  return {est::ops::cacerts_response(found->second.all), {}, {}};
}

Answer Handler::csrattrs(const Route& route, const LabelPolicy& policy) const {
  auto said = parts_.upstream.ask(Operation::csrattrs, parts_.config.upstream.label_of(route.label));
  if (const auto* failure = std::get_if<UpstreamFailure>(&said)) return failed(*failure);
  auto& response = std::get<Response>(said);
  if (response.status != 200 && response.status != 204 && response.status != 404) return given_on(response);
  const client::Outcome<client::Attributes> read = client::attributes_in(response);
  if (!read) return failed(no_good_answer("/csrattrs: " + read.problem().reason));
  // What the CA asks for, and what is asked here on top of it: linking to the session with us.
  LabelPolicy wanted = policy;
  wanted.attributes = read->asked.value_or(est::codec::CsrAttrs{});
  return server::csrattrs_answer(server::advertised_attributes(wanted));
}

Status Handler::believed(est::BytesView certificate, const std::string& label) const {
  const auto known = parts_.ca.known();
  const auto found = known->find(label);
  if (found == known->end()) return Error{"the CA's certificates are not known, so that nothing it issues can be checked"};
  const auto path = est::crypto::verify_chain(certificate, found->second.intermediates, found->second.anchors, {}, {});
  if (!path) return path.error();
  return path->valid ? Status{} : Status{Error{"the certificate issued does not lead to the CA: " + path->reason}};
}

Answer Handler::issued(const Response& said, const CertificationRequest& request, const std::string& label) const {
  client::Outcome<std::vector<Bytes>> certificates = client::certificates_in(said, "simpleenroll");
  if (!certificates) return failed(no_good_answer(certificates.problem().reason));
  const client::Outcome<std::vector<Bytes>> ours = client::certificate_for(*std::move(certificates), request.key.der);
  if (!ours) return failed(no_good_answer(ours.problem().reason));
  if (const Status checked = believed(ours->front(), label); !checked) return failed(no_good_answer(checked.error().message));
  const auto decoded = est::codec::decode_certificate(ours->front());
  return {est::ops::enroll_response(ours->front()), {}, decoded.value ? decoded.value->serial_hex() : std::string()};
}

// The key in it is the client's affair: passed whole, kept nowhere.
Answer Handler::generated(Response said) const {
  if (const auto problem = client::wrong_media_type(said, "multipart/mixed")) return failed(no_good_answer(problem->reason));
  Answer answer{Response{200, {}, 1, {}, {}}, {}, {}};
  answer.response.fields.add("Content-Type", said.fields.get("Content-Type").value_or(""));
  answer.response.body = std::move(said.body);
  return answer;
}

Answer Handler::post(const Asked& asked, const server::Principal& principal) const {
  const server::EnrollInput input{asked.route.operation, asked.request.body, principal, asked.facts, asked.route.label, asked.policy, {}};
  const auto request = server::read_request(input);
  if (const auto* refusal = std::get_if<Answer>(&request)) return *refusal;
  const auto& csr = std::get<CertificationRequest>(request);
  const std::string label = parts_.config.upstream.label_of(asked.route.label);
  auto said = parts_.upstream.ask(asked.route.operation, label, csr.der);
  if (const auto* failure = std::get_if<UpstreamFailure>(&said)) return failed(*failure);
  auto& response = std::get<Response>(said);
  if (response.status != 200) return response.status == 204 ? failed(no_good_answer("status 204")) : given_on(response);
  return asked.route.operation == Operation::serverkeygen ? generated(std::move(response)) : issued(response, csr, label);
}

}  // namespace proxy
