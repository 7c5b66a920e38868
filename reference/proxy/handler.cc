#include "proxy/handler.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "client/answer.h"
#include "est/codec/base64.h"
#include "est/ops/message.h"
#include "proxy/answers.h"

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

const CaCertificates* certificates_for(const CaKnowledge& known, const std::string& label) {
  const auto found = known.find(label);
  return found == known.end() ? nullptr : &found->second;
}

client::Trust trust_in(const CaCertificates* known) {
  client::Trust trust;
  if (known == nullptr) return trust;
  trust.explicit_anchors = known->anchors;
  trust.intermediates = known->intermediates;
  return trust;
}

bool is_pkcs7(const Response& said) { return !client::wrong_media_type(said, "application/pkcs7-mime"); }

// What an answer to a client's own Full PKI Request must repeat of it (RFC 5272 6.6).
client::CmcRequest echo_wanted(const est::codec::PkiData& data) {
  client::CmcRequest wanted;
  if (const auto* nonce = data.control(est::codec::cmc_oids::sender_nonce))
    wanted.nonce = est::codec::read_octets(*nonce).value.value_or(Bytes{});
  if (const auto* transaction = data.control(est::codec::cmc_oids::transaction_id))
    wanted.transaction = est::codec::read_integer(*transaction).value.value_or(Bytes{});
  return wanted;
}

bool certifies(const est::codec::PkiData& data, est::BytesView certificate) {
  const auto decoded = est::codec::decode_certificate(certificate);
  return decoded.value && std::any_of(data.requests.begin(), data.requests.end(), [&](const est::codec::TaggedRequest& each) {
           if (each.pkcs10) return each.pkcs10->key.der == decoded.value->spki;
           return each.crmf && each.crmf->certificate.key && each.crmf->certificate.key->der == decoded.value->spki;
         });
}

}  // namespace

bool Handler::offers(Operation operation, const LabelPolicy& policy) const {
  if (operation == Operation::fullcmc) return policy.full_cmc.enabled;
  return operation != Operation::serverkeygen || policy.keygen;
}

Answer Handler::failed(const UpstreamFailure& failure) const { return proxy::failed(failure, parts_.config.retry_seconds); }
Answer Handler::given_on(const Response& said) const { return proxy::given_on(said, parts_.config.retry_seconds); }

server::Front::AnswerOrWork Handler::upstream_work(Operation operation, const std::string& label, Bytes der,
                                                   std::function<Answer(Question&)> rest) const {
  std::shared_ptr<void> room = parts_.upstream.room_for(operation);
  if (!room) return failed(too_busy());
  Question question{operation, parts_.config.upstream.label_of(label), std::move(der)};
  return Work([room = std::move(room), question = std::move(question), rest = std::move(rest)]() mutable {
    Answer answer = rest(question);
    room.reset();
    return answer;
  });
}

// --- What needs no credentials

Answer Handler::cacerts(const Route& route, const LabelPolicy& /*policy*/) const {
  const auto known = parts_.ca.known();
  const CaCertificates* found = certificates_for(*known, parts_.config.upstream.label_of(route.label));
  if (found == nullptr)
    return not_now("The CA certificates are not known here yet; repeat the request later.", "no /cacerts from the upstream so far",
                   parts_.config.retry_seconds);
  return {est::ops::cacerts_response(found->all), {}, {}};
}

server::Front::AnswerOrWork Handler::csrattrs(const Route& route, const LabelPolicy& policy) const {
  return upstream_work(Operation::csrattrs, route.label, {}, [this, &policy](Question& question) { return attributes(question, policy); });
}

Answer Handler::attributes(const Question& question, const LabelPolicy& policy) const {
  auto said = parts_.upstream.ask(question);
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

// --- Enrollment

server::Front::AnswerOrWork Handler::post(const Asked& asked, const server::Principal& principal) const {
  const Operation operation = asked.route.operation;
  if (operation == Operation::fullcmc) return full_cmc(asked, principal);
  const server::EnrollInput input{operation, asked.request.body, principal, asked.facts, asked.route.label, asked.policy, {}};
  auto read = server::read_request(input);
  if (auto* refusal = std::get_if<Answer>(&read)) return std::move(*refusal);
  auto& request = std::get<CertificationRequest>(read);
  const bool in_full = parts_.config.upstream.full_cmc && operation != Operation::serverkeygen;
  Bytes der = request.der;
  return upstream_work(operation, asked.route.label, std::move(der), [this, in_full, request = std::move(request)](Question& question) {
    return in_full ? enrolled_in_full(question, request) : enrolled(question, request);
  });
}

Answer Handler::enrolled(const Question& question, const Request& request) const {
  auto said = parts_.upstream.ask(question);
  if (const auto* failure = std::get_if<UpstreamFailure>(&said)) return failed(*failure);
  auto& response = std::get<Response>(said);
  if (response.status != 200) return response.status == 204 ? failed(no_good_answer("status 204")) : given_on(response);
  if (question.operation == Operation::serverkeygen) return generated(std::move(response), question.label);
  return issued(client::certificates_in(response, est::ops::to_string(question.operation)), request, question.label);
}

Answer Handler::issued(Certificates certificates, const Request& request, const std::string& label) const {
  if (!certificates) return failed(no_good_answer(certificates.problem().reason));
  const Certificates ours = client::certificate_for(*std::move(certificates), request.key.der);
  if (!ours) return failed(no_good_answer(ours.problem().reason));
  const auto known = parts_.ca.known();
  if (const Status checked = believed(ours->front(), certificates_for(*known, label)); !checked)
    return failed(no_good_answer(checked.error().message));
  const auto decoded = est::codec::decode_certificate(ours->front());
  return {est::ops::enroll_response(ours->front()), {}, decoded.value ? decoded.value->serial_hex() : std::string()};
}

// The key in it is the client's affair: passed whole, kept nowhere.
Answer Handler::generated(Response said, const std::string& label) const {
  const auto known = parts_.ca.known();
  if (const Status checked = check_generated_key(said, certificates_for(*known, label)); !checked)
    return failed(no_good_answer(checked.error().message));
  Answer answer{Response{200, {}, 1, {}, {}}, {}, {}};
  answer.response.fields.add("Content-Type", said.fields.get("Content-Type").value_or(""));
  answer.response.body = std::move(said.body);
  return answer;
}

// --- The same as a Full PKI Request of ours

Answer Handler::enrolled_in_full(Question& question, const Request& request) const {
  const auto identity = parts_.upstream.identity();
  client::CmcExtras extras;
  extras.vouched = true;
  const auto made = client::make_full_request(request.der, {identity ? &*identity : nullptr, nullptr}, extras);
  if (!made) return failed(no_good_answer("the Full PKI Request cannot be made: " + made.error().message));
  question.operation = Operation::fullcmc;
  question.der = made->der;
  auto said = parts_.upstream.ask(question);
  if (const auto* failure = std::get_if<UpstreamFailure>(&said)) return failed(*failure);
  const auto& response = std::get<Response>(said);
  if (is_pkcs7(response)) return full_response(response, *made, request, question.label);
  if (response.status == 200 || response.status == 204) return failed(no_good_answer("the answer to /fullcmc is no CMC message"));
  return given_on(response);
}

Answer Handler::full_response(const Response& said, const client::CmcRequest& made, const Request& request,
                              const std::string& label) const {
  if (said.status == 200 && client::is_certs_only(said)) return issued(client::certificates_in(said, "fullcmc"), request, label);
  const auto known = parts_.ca.known();
  auto full = client::verify_full_response(said, made, trust_in(certificates_for(*known, label)));
  if (!full) return failed(no_good_answer(full.problem().reason));
  if (said.status == 200 && all_success(full->statuses)) return issued(std::move(full->certificates), request, label);
  return refused(full->statuses, parts_.config.retry_seconds);
}

// --- A client's own Full PKI Request

server::Front::AnswerOrWork Handler::full_cmc(const Asked& asked, const server::Principal& principal) const {
  const auto trust = parts_.trust.current();
  const auto signer = parts_.cmc_signer.current();
  const server::CmcInput input{asked.request.body, principal, asked.facts, asked.route.label, asked.policy, *trust};
  auto read = server::read_full_request(input, *signer, parts_.clock);
  if (auto* refusal = std::get_if<Answer>(&read)) return std::move(*refusal);
  auto der = est::codec::decode_base64(est::as_text(asked.request.body), est::codec::Base64Mode::lenient);
  return upstream_work(
      Operation::fullcmc, asked.route.label, std::move(der.value).value_or(Bytes{}),
      [this, request = std::get<server::CmcRequest>(std::move(read))](Question& question) { return handed_on(question, request); });
}

Answer Handler::handed_on(const Question& question, const server::CmcRequest& request) const {
  auto said = parts_.upstream.ask(question);
  if (const auto* failure = std::get_if<UpstreamFailure>(&said)) return failed(*failure);
  auto& response = std::get<Response>(said);
  if (!is_pkcs7(response)) {
    const bool success = response.status == 200 || response.status == 204;
    return success ? failed(no_good_answer("the answer to /fullcmc is no CMC message")) : given_on(response);
  }
  if (const Status checked = check_full_response(response, request, question.label); !checked)
    return failed(no_good_answer(checked.error().message));
  Answer answer{Response{response.status, {}, 1, {}, {}}, response.status == 200 ? "" : "upstream: a Full PKI Response", {}};
  const bool simple = client::is_certs_only(response);
  answer.response.fields.add("Content-Type", std::string(simple ? est::ops::certs_only_type : est::ops::cmc_response_type));
  answer.response.body = std::move(response.body);
  return answer;
}

Status Handler::check_full_response(const Response& said, const server::CmcRequest& request, const std::string& label) const {
  const auto known = parts_.ca.known();
  const CaCertificates* ca = certificates_for(*known, label);
  std::vector<Bytes> certificates;
  if (client::is_certs_only(said)) {
    auto read = client::certificates_in(said, "fullcmc");
    if (!read) return Error{read.problem().reason};
    certificates = *std::move(read);
  } else {
    auto read = client::verify_full_response(said, echo_wanted(request.data), trust_in(ca));
    if (!read) return Error{read.problem().reason};
    certificates = std::move(read->certificates);
  }
  bool ours = false;
  for (const Bytes& each : certificates) {
    if (!certifies(request.data, each)) continue;
    ours = true;
    if (Status checked = believed(each, ca); !checked) return checked;
  }
  if (client::is_certs_only(said) && !ours) return Error{"no certificate of the answer is for a key of the request"};
  return {};
}

}  // namespace proxy
