#include "server/enroller.h"

#include <optional>
#include <utility>
#include <variant>

#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/crypto/digest.h"
#include "est/ops/message.h"
#include "server/request_checks.h"

namespace server {
namespace {

using est::codec::CertificationRequest;
using est::ops::Operation;

constexpr int ca_retry_seconds = 10;

// What is stored of a word that only the client and the operator should know.
est::Bytes token_of(std::string_view word) { return est::crypto::digest(est::crypto::Digest::sha256, est::as_bytes(word)); }

std::string unreadable(const est::Findings& findings) {
  std::string cure = "send the DER of a PKCS #10 request in base64 (RFC 7030 4.2.1, RFC 8951 3)";
  if (est::contains(findings, "base64.pem-armour")) cure = "send the base64 alone, without the BEGIN and END lines (RFC 8951 3)";
  return "The certification request cannot be read: " + est::describe_first(findings) + "; " + cure + ".";
}

// Everything that is the request's own fault, in the order a client can best repair it.
std::optional<std::string> request_problem(const EnrollInput& input, const CertificationRequest& request) {
  const bool generated = input.operation == Operation::serverkeygen;
  if (!generated)
    if (auto problem = signature_problem(request)) return problem;
  if (auto problem = extensions_problem(request)) return problem;
  if (auto problem = linking_problem(request, input.facts, input.policy, input.principal.is_ra())) return problem;
  if (auto problem = change_of_name_problem(request, input.policy)) return problem;
  if (auto problem = challenges_problem(request, input.policy)) return problem;
  if (!input.policy.enforce_attributes) return std::nullopt;
  const std::vector<std::string> missing = unmet_demands(generated ? without_key_demands(input.policy) : input.policy, request);
  if (missing.empty()) return std::nullopt;
  return "The certification request lacks what /csrattrs asks for: " + est::join(missing, "; ") + ".";
}

// Who may re-enroll: the holder of a certificate below the explicit anchors, for itself; an RA, for anybody.
std::optional<Answer> renewal_refusal(const Principal& principal, const CertificationRequest& request) {
  if (principal.is_ra()) return std::nullopt;
  if (!principal.certificate)
    return refuse(403,
                  "Re-enrollment needs the certificate being renewed as TLS client certificate; connect with it, or use /simpleenroll.");
  if (principal.certificate->anchor == Anchor::implicit_anchor)
    return refuse(403, "The client certificate was not issued by this EST CA, so it cannot be renewed here; use /simpleenroll.");
  if (const auto problem = renewal_problem(request, principal.certificate->certificate)) return refuse(400, *problem);
  return std::nullopt;
}

// The values of one attribute type in a name, wherever they stand.
std::vector<std::string> values_of(const est::codec::Name& name, const est::codec::Oid& type) {
  std::vector<std::string> values;
  for (const auto& rdn : name.rdns)
    for (const auto& attribute : rdn)
      if (attribute.type == type) values.push_back(attribute.value);
  return values;
}

// A manufacturer vouches for the devices it made, under names of its own: their identity is what the certificate says, once, and their
// organization the one configured for it, so that no manufacturer can speak for the devices of another.
std::optional<Answer> device_refusal(const EnrollInput& input, const CertificationRequest& request) {
  const auto& shown = input.principal.certificate;
  if (!input.policy.device_identity || !shown || shown->anchor != Anchor::implicit_anchor) return std::nullopt;
  if (!shown->maker) return refuse(403, "The manufacturer of the client certificate is not known here; ask the operator to enter it.");
  const Manufacturer& maker = *shown->maker;
  const std::vector<std::string> own = values_of(shown->certificate.subject, maker.identity);
  if (own.size() != 1)
    return refuse(403,
                  "The client certificate does not have exactly one " + maker.identity.name() + ", by which this device would be known.");
  const std::vector<std::string> expected{maker.organization};
  if (values_of(request.subject, maker.identity) == own && values_of(request.subject, est::codec::oids::organization_name) == expected)
    return std::nullopt;
  return refuse(403, "A device may enroll only under its own identity; ask for a Subject with " + maker.identity.name() + "=" +
                         est::printable(own.front(), 60) + " and O=" + est::printable(maker.organization, 60) + ".");
}

// RFC 6402 2.8: whoever wants another name must first show the present one; an RA speaks for others.
std::optional<Answer> change_refusal(const Principal& principal, const CertificationRequest& request) {
  if (request.attribute(est::codec::oids::change_subject_name) == nullptr || principal.is_ra()) return std::nullopt;
  if (!principal.certificate)
    return refuse(400,
                  "ChangeSubjectName changes the names of a certificate; connect with that certificate, or ask for the new names as "
                  "Subject and SubjectAltName.");
  if (const auto problem = renewal_problem(request, principal.certificate->certificate)) return refuse(400, *problem);
  return std::nullopt;
}

// RFC 7894 3.2: kept as a digest, for whoever asks to have the certificate revoked.
est::Status keep_revocation_challenge(const CertificationRequest& request, const ca::Issued& issued, ca::Authority& authority) {
  const auto given = est::codec::revocation_challenge(request);
  if (!given.value) return {};
  return authority.keep_challenge(issued.serial, token_of(*given.value));
}

est::codec::Name no_name() { return est::codec::decode_name(est::codec::der::sequence({})).value.value_or(est::codec::Name{}); }

Answer answer_of(const ca::Issued& issued) { return {est::ops::enroll_response(issued.certificate), {}, est::hex(issued.serial)}; }

// The request must outlive it.
ca::IssueRequest question_for(const EnrollInput& input, const CertificationRequest& request) {
  ca::IssueRequest ask;
  ask.request = &request;
  ask.requester = {input.principal.identity()};
  ask.label = input.label;
  ask.profile = input.policy.profile;
  ask.manual_approval = input.policy.manual_approval;
  if (input.operation == Operation::simplereenroll && !input.principal.is_ra())
    ask.subject = input.principal.certificate->certificate.subject;
  apply_change_of_name(request, ask);
  return ask;
}

}  // namespace

Answer waiting(const ca::Pending& pending, const Retry& retry, est::UnixTime now) {
  est::http::RetryAfter after;
  after.is_date = retry.as_date;
  after.seconds = static_cast<std::uint64_t>(retry.seconds);
  after.date = now + retry.seconds;
  // The number comes first for tools that hand it to an operator's command.
  std::string sentence = "Request " + std::to_string(pending.id) + " waits for approval; repeat it after the time in Retry-After.";
  return {est::ops::pending_response(after, sentence), sentence, {}};
}

Answer refuse(int status, std::string_view sentence) { return {est::ops::text_response(status, sentence), std::string(sentence), {}}; }

Answer unavailable(std::string_view detail) {
  est::http::Response response = est::ops::text_response(503, "The CA is not available just now; repeat the request later.");
  response.fields.set("Retry-After", std::to_string(ca_retry_seconds));
  return {std::move(response), std::string(detail), {}};
}

Answer csrattrs_answer(const est::codec::CsrAttrs& attributes) {
  if (attributes.elements.empty()) return {est::http::Response{204, {}, 1, {}, {}}, {}, {}};
  return {est::ops::csrattrs_response(attributes), {}, {}};
}

// RFC 7894 3.1. A request that waits for approval is repeated with its password, by the same key.
std::optional<Answer> one_time_refusal(const EnrollInput& input, const CertificationRequest& request, ca::Authority& authority) {
  const auto given = est::codec::otp_challenge(request);
  if (!given.value) return std::nullopt;
  if (!input.knows_one_time_password || !input.knows_one_time_password(*given.value))
    return refuse(403, "The one-time password in otpChallenge is not one of yours; ask the operator for one.");
  const auto spent = authority.spend(token_of(*given.value), request.key.der);
  if (!spent) return unavailable(spent.error().message);
  const bool repeated = input.policy.manual_approval && *spent == ca::Spent::before_by_this_key;
  if (*spent == ca::Spent::now || repeated) return std::nullopt;
  return refuse(403, "The one-time password in otpChallenge has been used; take the next one.");
}

std::variant<CertificationRequest, Answer> read_request(const EnrollInput& input) {
  if (input.body.empty())
    return refuse(400, "The request has no body; send the DER of a PKCS #10 request in base64 (RFC 7030 4.2.1, RFC 8951 3).");
  est::Decoded<CertificationRequest> request = est::ops::read_enroll_body(input.body);
  if (!request.accepted()) return refuse(400, unreadable(request.findings));
  if (const auto problem = request_problem(input, *request.value)) return refuse(400, *problem);
  if (input.operation == Operation::simplereenroll)
    if (auto refusal = renewal_refusal(input.principal, *request.value)) return *std::move(refusal);
  if (auto refusal = device_refusal(input, *request.value)) return *std::move(refusal);
  if (auto refusal = change_refusal(input.principal, *request.value)) return *std::move(refusal);
  return std::move(*request.value);
}

void apply_change_of_name(const CertificationRequest& request, ca::IssueRequest& ask) {
  const auto change = est::codec::change_subject_name(request);
  if (!change.value) return;
  ask.subject = change.value->subject.value_or(no_name());
  ask.subject_alt_name = change.value->subject_alt_name;
}

std::variant<ca::Issued, Answer> ask_authority(const EnrollInput& input, const CertificationRequest& request, ca::Authority& authority,
                                               const est::Clock& clock, const std::optional<est::Bytes>& generated_key) {
  ca::IssueRequest ask = question_for(input, request);
  ask.generated_key = generated_key;
  const est::Result<ca::Outcome> outcome = authority.issue(ask);
  if (const auto* issued = outcome ? std::get_if<ca::Issued>(&*outcome) : nullptr) {
    if (const est::Status kept = keep_revocation_challenge(request, *issued, authority); !kept) return unavailable(kept.error().message);
    return *issued;
  }
  return answer_to(outcome, input.policy, clock.now());
}

Answer answer_to(const est::Result<ca::Outcome>& outcome, const LabelPolicy& policy, est::UnixTime now) {
  if (!outcome) return unavailable(outcome.error().message);
  if (const auto* issued = std::get_if<ca::Issued>(&*outcome)) return answer_of(*issued);
  if (const auto* pending = std::get_if<ca::Pending>(&*outcome)) return waiting(*pending, policy.retry, now);
  return refuse(policy.manual_approval ? 403 : 400, std::get<ca::Refused>(*outcome).reason);
}

bool needs_only_the_certificate(const LabelPolicy& policy, const CertificationRequest& request) {
  return !policy.manual_approval && request.attribute(est::codec::oids::otp_challenge) == nullptr &&
         request.attribute(est::codec::oids::revocation_challenge) == nullptr;
}

void enroll_later(const EnrollInput& input, const CertificationRequest& request, ca::Authority& authority,
                  const ca::Authority::Told& told) {
  authority.issue_later(question_for(input, request), told);
}

Answer enroll_checked(const EnrollInput& input, const CertificationRequest& request, ca::Authority& authority, const est::Clock& clock) {
  if (auto refusal = one_time_refusal(input, request, authority)) return *std::move(refusal);
  const auto outcome = ask_authority(input, request, authority, clock);
  if (const auto* other = std::get_if<Answer>(&outcome)) return *other;
  return answer_of(std::get<ca::Issued>(outcome));
}

Answer enroll(const EnrollInput& input, ca::Authority& authority, const est::Clock& clock) {
  const auto request = read_request(input);
  if (const auto* refusal = std::get_if<Answer>(&request)) return *refusal;
  return enroll_checked(input, std::get<CertificationRequest>(request), authority, clock);
}

}  // namespace server
