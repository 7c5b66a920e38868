#include "client/client.h"

#include <map>
#include <utility>

#include "client/request.h"
#include "est/base/text.h"
#include "est/codec/media_type.h"
#include "est/codec/pkcs10.h"
#include "est/crypto/chain.h"
#include "est/crypto/envelope.h"
#include "est/ops/message.h"

namespace client {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::Status;
using est::ops::Operation;

Bytes base64_body(est::BytesView der) { return est::ops::enroll_request(Operation::simpleenroll, {}, {}, der).body; }

// What one operation sends, and remembers of it.
struct Sending {
  const MakeRequest& make;
  Linking linking;
  bool demanded;
  std::optional<std::optional<std::string>> text;  // the linking text `der` was made for
  Bytes der;
};

std::optional<Problem> make_for(Sending& sending, const est::tls::Facts& facts) {
  const std::optional<std::string> text = linking_text(facts, sending.linking);
  if (!text && sending.demanded)
    return Problem{ProblemKind::configuration, "the server asks for the linking of identity and proof of possession, for which " +
                                                   std::string(to_string(facts.version)) + " needs the exporter"};
  if (sending.text && *sending.text == text) return std::nullopt;
  Result<Bytes> der = sending.make(text);
  if (!der) return configuration_problem(der.error());
  sending.der = *std::move(der);
  sending.text = text;
  return std::nullopt;
}

// Signed with a certificate, a Full PKI Request renews that certificate, unless it is a registration authority's (RFC 7030 4.3.1, RFC
// 6402 2.10).
bool signs_message(const std::optional<est::tls::Identity>& identity, est::BytesView request_der) {
  if (!identity || identity->chain.empty()) return false;
  if (is_registration_authority(identity->chain.front())) return true;
  const auto certificate = est::codec::decode_certificate(identity->chain.front());
  const auto request = est::codec::decode_certification_request(request_der);
  return certificate.value && request.value && est::codec::same_name(certificate.value->subject, request.value->subject);
}

}  // namespace

std::optional<std::string> linking_text(const est::tls::Facts& facts, Linking linking) {
  if (linking == Linking::none) return std::nullopt;
  const bool tls13 = facts.version == est::tls::Version::tls13;
  if (tls13 && linking != Linking::exporter) return std::nullopt;
  const Bytes& binding = tls13 ? facts.tls_exporter : facts.tls_unique;
  if (binding.empty()) return std::nullopt;
  return est::ops::channel_binding_text(binding);
}

struct Client::Impl {
  explicit Impl(ClientOptions given)
      : options(std::move(given)), trust(std::make_shared<const Trust>(options.trust)), session(options.server, options.session, trust) {}

  [[nodiscard]] Ask get(Operation operation) const { return {"GET", est::ops::path_of(operation, options.label)}; }
  [[nodiscard]] Outcome<Answer> post(Operation operation, const MakeBody& body);
  [[nodiscard]] std::optional<Problem> pause(const Answer& answer, std::uint64_t seconds, RetryBudget& budget);
  [[nodiscard]] Outcome<CaAnswer> sorted(const Answer& answer);
  [[nodiscard]] Outcome<Issued> issued(std::vector<Bytes> certificates, const Sending& sending) const;
  [[nodiscard]] Sending sending(const MakeRequest& make) const { return {make, options.linking, demanded, {}, {}}; }

  ClientOptions options;
  std::shared_ptr<const Trust> trust;
  Session session;
  bool demanded = false;
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

int Client::last_status() const noexcept { return impl_->session.last_status(); }
const Trust& Client::trust() const noexcept { return *impl_->trust; }
void Client::close() { impl_->session.close(); }

void Client::set_trust(Trust trust) {
  impl_->trust = std::make_shared<const Trust>(std::move(trust));
  impl_->session.set_trust(impl_->trust);
}

void Client::set_identity(std::optional<est::tls::Identity> identity) { impl_->session.set_identity(std::move(identity)); }

Status Client::demand_linking() {
  impl_->demanded = true;
  if (impl_->options.linking == Linking::none)
    return Error{"the server asks for the linking of identity and proof of possession; allow it"};
  if (impl_->options.linking == Linking::exporter) return {};
  if (impl_->session.options().least > est::tls::Version::tls12)
    return Error{
        "the server asks for the linking of identity and proof of possession, which RFC 7030 defines up to TLS 1.2; permit TLS 1.2 or "
        "the exporter"};
  if (impl_->session.options().most > est::tls::Version::tls12) impl_->session.limit_to_tls12();
  return {};
}

// --- /cacerts

Outcome<CaAnswer> Client::Impl::sorted(const Answer& answer) {
  Outcome<std::vector<Bytes>> certificates = certificates_in(answer.response, "cacerts");
  if (!certificates) return certificates.problem();
  CaSetOptions how;
  how.at = options.clock->now();
  how.every_root = options.every_root;
  Result<CaSet> set = sort_ca_certificates(*certificates, how);
  if (!set) return Problem{ProblemKind::answer, "the answer to /cacerts cannot be used: " + set.error().message, answer.response.status};
  return CaAnswer{*std::move(set), {answer.url, answer.server.basis, how.at}};
}

Outcome<CaAnswer> Client::ca_certificates() {
  const Outcome<Answer> answer = impl_->session.ask(impl_->get(Operation::cacerts));
  if (!answer) return answer.problem();
  return impl_->sorted(*answer);
}

Outcome<CaAnswer> Client::bootstrap(const std::optional<Fingerprint>& fingerprint, const ConfirmRoot& ask) {
  const Outcome<Answer> answer = impl_->session.ask_provisionally(impl_->get(Operation::cacerts));
  if (!answer) return answer.problem();
  Outcome<CaAnswer> found = impl_->sorted(*answer);
  if (!found) return found;
  // Whatever the server's certificate was, its word counts for nothing here.
  found->origin.basis = Basis::none;
  const est::codec::Certificate& root = found->set.current_root().certificate;
  const auto untrusted = [&](const std::string& why) { return Problem{ProblemKind::untrusted, why, answer->response.status}; };
  if (fingerprint) {
    if (confirmed_by(*fingerprint, found->set)) return found;
    return untrusted("the fingerprint is not that of the CA certificate, which has " + fingerprint_text(fingerprint->digest, root.der) +
                     "; nothing is stored");
  }
  if (ask && ask(root)) return found;
  return untrusted("nobody confirmed the CA certificate; nothing is stored");
}

// --- /csrattrs

Outcome<Attributes> Client::csr_attributes() {
  const Outcome<Answer> answer = impl_->session.ask(impl_->get(Operation::csrattrs));
  if (!answer) return answer.problem();
  Outcome<Attributes> attributes = attributes_in(answer->response);
  if (!attributes || !attributes->asked || !asks_for_linking(*attributes->asked)) return attributes;
  if (Status demanded = demand_linking(); !demanded) return configuration_problem(demanded.error());
  return attributes;
}

// --- requests

std::optional<Problem> Client::Impl::pause(const Answer& answer, std::uint64_t seconds, RetryBudget& budget) {
  const int status = answer.response.status;
  const Problem later{ProblemKind::later,
                      "the server has no answer yet (status " + std::to_string(status) + "); it wants to be asked again in " +
                          std::to_string(seconds) + " s",
                      status, seconds};
  if (!budget.spend(seconds)) return later;
  if (options.tell)
    options.tell("the server has no answer yet (status " + std::to_string(status) + "); asking again in " + std::to_string(seconds) + " s");
  if (seconds > options.retry.keep_open) session.close();
  if (!options.wait(std::chrono::seconds(seconds))) return later;
  return std::nullopt;
}

Outcome<Answer> Client::Impl::post(Operation operation, const MakeBody& body) {
  const Ask ask{"POST", est::ops::path_of(operation, options.label), std::string(est::ops::request_media_type(operation)), body};
  RetryBudget budget(options.retry);
  for (;;) {
    Outcome<Answer> answer = session.ask(ask);
    if (!answer) return answer;
    const auto seconds = wanted_wait(answer->response, options.retry, options.clock->now());
    if (!seconds) return answer;
    if (auto problem = pause(*answer, *seconds, budget)) return *std::move(problem);
  }
}

Outcome<Issued> Client::Impl::issued(std::vector<Bytes> certificates, const Sending& sending) const {
  const auto request = est::codec::decode_certification_request(sending.der);
  if (!request.value) return Problem{ProblemKind::configuration, "the request that was sent cannot be read again"};
  Outcome<std::vector<Bytes>> ordered = certificate_for(std::move(certificates), request.value->key.der);
  if (!ordered) return ordered.problem();
  Issued result;
  result.certificates = *std::move(ordered);
  result.linked = sending.text && sending.text->has_value();
  if (result.certificates.size() > 1)
    result.notes.push_back("the server sent " + std::to_string(result.certificates.size() - 1) + " certificate(s) beside the issued one");
  return result;
}

Outcome<Issued> Client::enroll(Operation operation, const MakeRequest& make) {
  Sending sending = impl_->sending(make);
  const auto body = [&](const est::tls::Facts& facts) -> Outcome<Bytes> {
    if (auto problem = make_for(sending, facts)) return *std::move(problem);
    return base64_body(sending.der);
  };
  const Outcome<Answer> answer = impl_->post(operation, body);
  if (!answer) return answer.problem();
  Outcome<std::vector<Bytes>> certificates = certificates_in(answer->response, est::ops::to_string(operation));
  if (!certificates) return certificates.problem();
  return impl_->issued(*std::move(certificates), sending);
}

Outcome<GeneratedKey> Client::server_keygen(const MakeRequest& make, const KeyProtection* protection) {
  Sending sending = impl_->sending(make);
  const auto body = [&](const est::tls::Facts& facts) -> Outcome<Bytes> {
    if (auto problem = make_for(sending, facts)) return *std::move(problem);
    return base64_body(sending.der);
  };
  Outcome<Answer> answer = impl_->post(Operation::serverkeygen, body);
  if (!answer) return answer.problem();
  if (answer->response.status != 200) return refusal(answer->response, "serverkeygen");
  if (auto problem = wrong_media_type(answer->response, "multipart/mixed")) return *std::move(problem);
  Result<GeneratedKey> key =
      read_generated_key(answer->response.fields.get("Content-Type").value_or(""), answer->response.body, protection);
  est::crypto::wipe(answer->response.body);
  if (!key) return Problem{ProblemKind::answer, key.error().message, 200};
  return *std::move(key);
}

Outcome<Issued> Client::full_cmc(const MakeRequest& make, const est::crypto::PrivateKey& key, const CmcExtras& extras) {
  Sending sending = impl_->sending(make);
  if (extras.crmf) sending.linking = Linking::none;
  std::optional<CmcRequest> request;
  const std::optional<est::tls::Identity>& identity = impl_->session.options().identity;
  const auto body = [&](const est::tls::Facts& facts) -> Outcome<Bytes> {
    const Bytes before = sending.der;
    if (auto problem = make_for(sending, facts)) return *std::move(problem);
    if (request && before == sending.der) return base64_body(request->der);
    CmcExtras with = extras;
    if (request) with.transaction = &request->transaction;
    Result<CmcRequest> made = make_full_request(sending.der, {signs_message(identity, sending.der) ? &*identity : nullptr, &key}, with);
    if (!made) return configuration_problem(made.error());
    request = *std::move(made);
    return base64_body(request->der);
  };
  const Outcome<Answer> answer = impl_->post(Operation::fullcmc, body);
  if (!answer) return answer.problem();
  if (!request) return Problem{ProblemKind::configuration, "no Full PKI Request was made"};
  Outcome<std::vector<Bytes>> certificates = read_full_response(answer->response, *request, *impl_->trust);
  if (!certificates) return certificates.problem();
  return impl_->issued(*std::move(certificates), sending);
}

}  // namespace client
