#include "conformance/steps/http_verb.h"

#include <algorithm>

#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/crypto/digest.h"
#include "est/ops/message.h"

namespace conformance::steps {
namespace {

using est::net::Failure;
using est::tls::Version;

constexpr est::Milliseconds continue_wait{1500};     // for a 100 (Continue) before the body is sent all the same (RFC 9110 10.1.1)
constexpr est::Milliseconds close_wait{2000};        // for a peer that said it would close
constexpr est::Milliseconds late_answer_wait{1000};  // for the answer of a peer that stopped reading

bool is_enrollment(std::string_view verb) { return verb == "enroll" || verb == "reenroll" || verb == "serverkeygen" || verb == "fullcmc"; }

std::optional<est::ops::Operation> operation_of(const Doing& doing) {
  using est::ops::Operation;
  const std::string& verb = doing.step.verb;
  if (verb == "cacerts") return Operation::cacerts;
  if (verb == "csrattrs") return Operation::csrattrs;
  if (verb == "enroll") return Operation::simpleenroll;
  if (verb == "reenroll") return Operation::simplereenroll;
  if (verb == "serverkeygen") return Operation::serverkeygen;
  if (verb == "fullcmc") return Operation::fullcmc;
  return est::ops::operation_by_name(doing.parameters.text("operation"));
}

}  // namespace

engine::StepOutcome HttpVerb::perform() {
  if (auto outcome = prepare(); !recorded_so_far(outcome)) return outcome;
  Authenticator authenticator(doing_.parameters, context_.profile, context_.memory, presentation_.password);
  if (auto problem = authenticator.problem()) return *problem;
  auto outcome = talk(authenticator);
  if (generates_ && answered_ && answer_.message.status == 200) take_delivery();
  remember();
  return outcome;
}

// --- before any connection

engine::StepOutcome HttpVerb::prepare() {
  operation_ = operation_of(doing_);
  enrolls_ = is_enrollment(doing_.step.verb);
  generates_ = doing_.step.verb == "serverkeygen";
  if (auto outcome = prepare_target(); !recorded_so_far(outcome)) return outcome;
  const bool renewal = doing_.step.verb == "reenroll";
  auto presentation = presentation_of(doing_, renewal ? Usual::renewal : doing_.step.verb == "request" ? Usual::none : Usual::access);
  if (!presentation) return presentation.outcome();
  presentation_ = std::move(*presentation);
  auto options = open_options(doing_, presentation_);
  if (!options) return options.outcome();
  options_ = std::move(*options);
  return prepare_request();
}

engine::StepOutcome HttpVerb::prepare_target() {
  auto label = label_of(doing_);
  if (!label) return label.outcome();
  label_ = *label;
  const std::string operation = operation_ ? std::string(to_string(*operation_)) : doing_.parameters.text("operation");
  line_.target = doing_.parameters.text("path", est_prefix(label_) + (operation.empty() ? "" : "/" + operation));
  line_.method = operation_ ? std::string(est::ops::method_of(*operation_)) : "GET";
  line_.content_type = operation_ ? std::string(est::ops::request_media_type(*operation_)) : "";
  if (doing_.step.verb == "request" && (doing_.parameters.has("body") || doing_.parameters.has("body-hex")) && !operation_) {
    line_.method = "POST";
  }
  line_.method = doing_.parameters.text("method", line_.method);
  if (operation_) recorder_.fact("operation", to_string(*operation_));
  recorder_.fact("label", label_);
  return recorded();
}

engine::StepOutcome HttpVerb::prepare_request() {
  if (!enrolls_) {
    body_ = est::to_bytes(doing_.parameters.text("body"));
    if (const auto text = doing_.parameters.maybe_text("body-hex")) {
      const auto octets = octets_of_hex(*text);
      if (!octets) return fault("'body-hex' is not hexadecimal");
      body_ = *octets;
    }
    if (!body_.empty()) recorder_.artefact("sent-body", body_);
    return recorded();
  }
  const bool renewal = doing_.step.verb == "reenroll";
  est::Bytes presented;
  if (presentation_.identity) presented = presentation_.identity->chain.front();
  if (const auto* current = context_.memory.find("current"); presented.empty() && current != nullptr) presented = current->certificate;
  auto plan = plan_request({.parameters = doing_.parameters,
                            .profile = context_.profile,
                            .memory = context_.memory,
                            .identities = context_.identities,
                            .run = context_.run,
                            .renewal = renewal,
                            .before = doing_.before,
                            .presented = std::move(presented)});
  if (!plan) return plan.outcome();
  plan_ = std::move(*plan);
  if (auto outcome = ask_protection(); !recorded_so_far(outcome)) return outcome;
  if (doing_.step.verb == "fullcmc") {
    auto cmc = plan_full_cmc(doing_.parameters, context_.profile, context_.identities);
    if (!cmc) return cmc.outcome();
    cmc_ = std::move(*cmc);
    if (!cmc_->corrupt.empty()) recorder_.fact("corrupt", cmc_->corrupt);
  }
  note_request();
  return recorded();
}

// How the generated key is to be protected (RFC 7030 4.4.1).
engine::StepOutcome HttpVerb::ask_protection() {
  if (!generates_) return recorded();
  const std::string protect = doing_.parameters.text("protect", "none");
  opener_ = protection_key(context_.profile, protect);
  const bool agreed = protect != "none" && !protect.starts_with("unknown-");
  if (agreed && opener_ == nullptr) return cannot("the profile has no access.serverkeygen." + protect + "; add it");
  for (auto& attribute : protection_attributes(protect, opener_, doing_.parameters.text("capabilities", "usual")))
    plan_->more.push_back(std::move(attribute));
  recorder_.fact("protect", protect);
  return recorded();
}

void HttpVerb::note_request() const {
  recorder_.fact("subject", plan_->subject.to_string());
  recorder_.fact("key", to_string(plan_->key_type));
  recorder_.fact("encoding", plan_->encoding);
  if (!plan_->corrupt.empty()) recorder_.fact("corrupt", plan_->corrupt);
  if (!plan_->resend.empty()) recorder_.fact("retry-of", doing_.parameters.text("resend"));
  recorder_.artefact("subject", plan_->subject.der);
  if (plan_->rename && plan_->rename->subject) recorder_.artefact("new-subject", plan_->rename->subject->der);
  if (plan_->rename && !plan_->rename->subject_alt_name.empty())
    recorder_.artefact("new-san", est::codec::encode_general_names(plan_->rename->subject_alt_name));
  if (plan_->link_by != "challenge-password") recorder_.fact("link-by", plan_->link_by);
  if (!plan_->one_time_password.empty()) recorder_.fact("one-time-password", doing_.parameters.text("one-time-password"));
  if (!plan_->san.empty() && plan_->attributes != "none") recorder_.artefact("san", est::codec::encode_general_names(plan_->san));
}

// --- with the target

engine::StepOutcome HttpVerb::talk(Authenticator& authenticator) {
  auto authorization = authenticator.first(line_.method, line_.target);
  recorder_.fact("challenged", "no");
  // Two rounds for a challenge, a third for a nonce that went stale.
  for (int round = 0; round < 3; ++round) {
    if (!authorization) return authorization.outcome();
    context_.run.wait_for_turn();
    deadline_ = est::Deadline::after(time_for(doing_));
    const bool same_connection = round > 0 && options_.mode == OpenOptions::Mode::keep;
    if (auto outcome = ask(same_connection, *authorization); !recorded_so_far(outcome)) return outcome;
    // A server may close behind its 401 without saying so (RFC 9112 9.5), and our answer may meet the close: ask once more.
    if (same_connection && closed_unanswered()) {
      options_.mode = OpenOptions::Mode::fresh;
      recorder_.event("suite", "connection-replaced", "the target closed the connection on which it sent the challenge");
      if (auto outcome = ask(false, *authorization); !recorded_so_far(outcome)) return outcome;
    }
    if (!answered_ || answer_.message.status != 401) return recorded();
    authorization = authenticator.answer(answer_.message.fields, line_.method, line_.target, round > 0);
    if (authorization && !*authorization) return recorded();
    if (!authorization) continue;
    recorder_.fact("challenged", "yes");
    recorder_.event("http", "challenge-received", est::join(answer_.message.fields.all("WWW-Authenticate"), ", "));
    if (round == 0) {
      recorder_.wire_artefact("challenge-request", doing_.exchange.request);
      recorder_.wire_artefact("challenge-response", answer_octets_);
    }
    options_.mode = connection_serves_again() ? OpenOptions::Mode::keep : OpenOptions::Mode::fresh;
  }
  return recorded();
}

engine::StepOutcome HttpVerb::ask(bool same_connection, const std::optional<Authorization>& authorization) {
  answered_ = false;
  if (!same_connection) {
    if (auto outcome = context_.wire.open(options_, deadline_, recorder_); !recorded_so_far(outcome)) return outcome;
  }
  if (context_.wire.current() == nullptr) return recorded();
  if (auto outcome = make_body(); !recorded_so_far(outcome)) return outcome;
  send_and_read(authorization);
  return recorded();
}

bool HttpVerb::closed_unanswered() const {
  const auto& failure = doing_.exchange.failure;
  return !answered_ && answer_octets_.empty() && failure && (failure->cause == "closed" || failure->cause == "reset");
}

bool HttpVerb::connection_serves_again() {
  auto* line = context_.wire.current();
  return line != nullptr && !line->spent && !line->connection.readable_now();
}

est::Result<MadeRequest> HttpVerb::make_octets(const std::optional<std::string>& challenge_password) {
  if (!cmc_) return make_request(*plan_, challenge_password);
  auto made = make_full_cmc(*plan_, *cmc_, challenge_password);
  if (!made) return made.error();
  if (!made->nonce.empty()) recorder_.artefact("cmc-nonce", made->nonce);
  if (!made->transaction.empty()) recorder_.artefact("cmc-transaction", made->transaction);
  if (!made->data.empty()) recorder_.artefact("cmc-data", made->data);
  return std::move(made->request);
}

engine::StepOutcome HttpVerb::make_body() {
  if (!plan_) return recorded();
  const auto* line = context_.wire.current();
  // A target that asks for a certificate late renegotiates in the middle of a step, and the binding changes with it.
  const est::Bytes& binding = binding_of(line->connection.facts());
  if (made_ && made_for_ == line->number && made_with_ == binding) return recorded();
  auto password = challenge_password();
  if (!password) return password.outcome();
  auto made = make_octets(*password);
  if (!made) return fault(made.error().message);
  made_ = std::move(*made);
  made_for_ = line->number;
  made_with_ = binding;
  body_ = made_->body;
  recorder_.event("suite", "csr-made", std::to_string(made_->der.size()) + " octets");
  recorder_.artefact("csr", made_->der);
  if (!plan_->corrupt.empty()) recorder_.artefact("csr-before", made_->sound);
  recorder_.artefact(generates_ ? "csr-spki" : "spki", made_->spki);
  recorder_.artefact("sent-body", body_);
  return recorded();
}

// What challengePassword says on this connection (RFC 7030 3.5); no value: the attribute is left out.
Maybe<std::optional<std::string>> HttpVerb::challenge_password() {
  const auto& facts = context_.wire.current()->connection.facts();
  const est::Bytes& binding = binding_of(facts);
  recorder_.artefact("binding", binding);
  std::string pop = doing_.parameters.text("pop", "auto");
  if (!plan_->resend.empty()) pop = "as-sent-before";
  if (pop == "auto") {
    const bool usable = facts.version != Version::tls13 || context_.profile.claims.contains("tls-exporter-binding");
    pop = usable && !binding.empty() ? "right" : "none";
  }
  recorder_.fact("pop", pop);
  if (pop == "none" || pop == "as-sent-before") return std::optional<std::string>();
  if (binding.empty()) return cannot("this TLS connection has no channel binding to make proof of possession with");
  return challenge_password_for(pop, binding);
}

Maybe<std::optional<std::string>> HttpVerb::challenge_password_for(const std::string& pop, const est::Bytes& binding) {
  using est::ops::channel_binding_text;
  // Whole groups of three octets, so that the shorter value is a prefix both as octets and as base64.
  const std::size_t shorter = (binding.size() - 1) / 3 * 3;
  est::Bytes longer = binding;
  est::append(longer, est::crypto::random_bytes(3));
  if (pop == "right") return std::optional(channel_binding_text(binding));
  if (pop == "wrong") return std::optional(channel_binding_text(est::crypto::random_bytes(binding.size())));
  if (pop == "prefix") return std::optional(channel_binding_text(est::BytesView(binding).first(shorter)));
  if (pop == "longer") return std::optional(channel_binding_text(longer));
  if (pop == "empty") return std::optional(std::string());
  if (pop == "malformed") return std::optional<std::string>("?? not base64 ??");
  if (pop == "exporter") {
    const est::Bytes& exporter = context_.wire.current()->connection.facts().tls_exporter;
    if (exporter.empty()) return cannot("this TLS connection has no exporter value for channel binding");
    return std::optional(channel_binding_text(exporter));
  }
  if (pop == "first-handshake") return std::optional(channel_binding_text(context_.wire.current()->first_binding));
  if (pop == "password") return std::optional<std::string>("one-time-password");
  if (pop != "other-session" && pop != "stale") return fault("no proof of possession is called '" + pop + "'");
  auto foreign = context_.wire.foreign_binding(pop == "other-session", deadline_, recorder_);
  if (!foreign) return foreign.outcome();
  return std::optional(channel_binding_text(*foreign));
}

void HttpVerb::send_and_read(const std::optional<Authorization>& authorization) {
  line_.authorization = authorization ? authorization->value : "";
  doing_.exchange.facts.erase("authorization");
  if (authorization) recorder_.fact("authorization", authorization->kind);
  const RequestOctets octets = compose_request(doing_, line_, body_);
  recorder_.request(line_.method, line_.target, octets.whole());
  if (doing_.parameters.flag("withhold", false)) return send_all_but_one(octets.whole());
  StreamOf stream(context_.wire.current()->connection);
  AnswerReader reader(stream, line_.method);
  auto failure = send(octets, stream, reader);
  if (!failure)
    recorder_.event("http", "request-sent",
                    line_.method + " " + line_.target + ", " + std::to_string(octets.body.size()) + " octets of body");
  reader.read(failure ? est::Deadline::earlier(deadline_, est::Deadline::after(late_answer_wait)) : deadline_);
  settle(reader, failure);
}

// The connection is put aside with what is left to send; `finish` goes on with it.
void HttpVerb::send_all_but_one(est::BytesView octets) {
  auto connection = context_.wire.release();
  const auto failure = connection.write(octets.first(octets.size() - 1), deadline_);
  if (failure) {
    recorder_.failure(*failure);
    recorder_.peer_close(connection.peer_close());
    return;
  }
  recorder_.event("suite", "last-octet-withheld", std::to_string(octets.size()) + " octets");
  context_.withheld.insert_or_assign(doing_.exchange.name, Withheld{std::move(connection), octets.back(), false, std::nullopt});
}

std::optional<Failure> HttpVerb::send(const RequestOctets& octets, Stream& stream, AnswerReader& reader) {
  if (!doing_.parameters.flag("expect-continue", false)) return send_in_pieces(octets.whole(), stream);
  if (auto failure = stream.write(octets.head, deadline_)) return failure;
  const auto stop = reader.read(est::Deadline::earlier(deadline_, est::Deadline::after(continue_wait)),
                                [](const auto& observed) { return !observed.interim.empty(); });
  if (stop == AnswerReader::Stop::enough)
    recorder_.event("http", "continue-received", std::to_string(reader.observed().interim.front().status));
  if (stop == AnswerReader::Stop::complete) {
    recorder_.event("http", "body-withheld", "the final answer came before the body was sent");
    context_.wire.spend();
    return std::nullopt;
  }
  return send_in_pieces(octets.body, stream);
}

std::optional<Failure> HttpVerb::send_in_pieces(est::BytesView octets, Stream& stream) const {
  return write_in_pieces(stream, octets, pieces_of(doing_.parameters), deadline_);
}

void HttpVerb::settle(AnswerReader& reader, const std::optional<Failure>& write_failure) {
  auto* line = context_.wire.current();
  answered_ = reader.complete();
  answer_ = reader.observed();
  if (answered_) {
    recorder_.clear_failure();
    recorder_.event("http", "response-received",
                    std::to_string(answer_.message.status) + " " + answer_.message.reason + ", " +
                        std::to_string(answer_.message.body.size()) + " octets of body");
    if (!reader.keep_alive()) {
      reader.drain(est::Deadline::earlier(deadline_, est::Deadline::after(close_wait)));
      line->spent = true;
    }
  } else {
    line->spent = true;
    auto failure = reader.failure();
    if (write_failure && (!failure || !failure->alert)) failure = write_failure;
    if (failure) recorder_.failure(*failure);
  }
  answer_octets_ = reader.raw();
  recorder_.response(answer_octets_, operation_ == est::ops::Operation::serverkeygen);
  context_.wire.tell_alerts(recorder_);
  recorder_.peer_close(line->connection.peer_close());
}

// --- afterwards

void HttpVerb::take_delivery() {
  delivered_ = read_generated_key(answer_.message, opener_);
  for (const auto& [name, value] : delivered_.facts) recorder_.fact(name, value);
  for (const auto& [name, octets] : delivered_.artefacts) recorder_.artefact(name, octets);
}

est::Bytes HttpVerb::certificate_for(const est::Bytes& spki, const std::vector<est::Bytes>& certificates) {
  for (const auto& der : certificates) {
    const auto certificate = est::codec::decode_certificate(der);
    if (certificate.value && certificate.value->spki == spki) return der;
  }
  return {};
}

est::Bytes HttpVerb::issued_certificate() const {
  if (!answered_ || answer_.message.status != 200) return {};
  if (generates_) return delivered_.key ? certificate_for(delivered_.key->public_key_info(), delivered_.certificates) : est::Bytes{};
  const auto certificates = est::ops::read_certs_only_body(answer_.message.body);
  if (!certificates.value) return {};
  return certificate_for(plan_->key.public_key_info(), *certificates.value);
}

void HttpVerb::remember() {
  if (!plan_ || !made_) return;
  if (!plan_->one_time_password.empty()) context_.memory.one_time_password = plan_->one_time_password;
  Enrollment enrollment{.key = plan_->key,
                        .key_name = std::string(to_string(plan_->key_type)),
                        .subject = plan_->subject,
                        .san = plan_->san,
                        .request = made_->der,
                        .spki = made_->spki,
                        .certificate = issued_certificate(),
                        .label = label_,
                        .answer = {}};
  if (delivered_.key) {
    enrollment.key = delivered_.key;
    enrollment.spki = delivered_.key->public_key_info();
  }
  if (enrollment.certificate.empty()) {
    // An answer that may hold a key is not kept.
    if (!generates_ || answer_.message.status != 200) enrollment.answer = est::to_string(answer_.message.body).substr(0, 4096);
  } else {
    context_.memory.current = doing_.exchange.name;
  }
  context_.memory.enrollments.insert_or_assign(doing_.exchange.name, std::move(enrollment));
}

engine::StepOutcome perform_http(Doing& doing) { return HttpVerb(doing).perform(); }

}  // namespace conformance::steps
