#include "server/request_checks.h"

#include <algorithm>
#include <utility>

#include "est/base/text.h"
#include "est/ops/message.h"
#include "est/pki/request.h"

namespace server {
namespace {

using est::codec::CertificationRequest;
using est::codec::GeneralName;
namespace codec = est::codec;
namespace oids = est::codec::oids;

std::string names_text(const std::vector<GeneralName>& names) {
  if (names.empty()) return "none";
  std::vector<std::string> texts;
  texts.reserve(names.size());
  for (const GeneralName& name : names) texts.push_back(codec::to_string(name));
  return est::printable(est::join(texts, ", "));
}

bool same_set(const std::vector<GeneralName>& left, const std::vector<GeneralName>& right) {
  return std::is_permutation(left.begin(), left.end(), right.begin(), right.end());
}

// The value that must stand in challengePassword, or why there can be none.
struct Binding {
  std::string text;
  std::string problem;
};

Binding expected_binding(const est::tls::Facts& facts, const LabelPolicy& policy) {
  if (facts.version != est::tls::Version::tls13) {
    if (!facts.tls_unique.empty()) return {est::ops::channel_binding_text(facts.tls_unique), {}};
    return {{}, "this connection has no tls-unique value; connect again with TLS 1.2"};
  }
  if (!policy.accept_exporter) return {{}, "tls-unique is not defined for TLS 1.3; connect with TLS 1.2, or leave challengePassword out"};
  if (!facts.tls_exporter.empty()) return {est::ops::channel_binding_text(facts.tls_exporter), {}};
  return {{}, "this connection has no exporter value; connect with TLS 1.2"};
}

std::string_view binding_name(const est::tls::Facts& facts) {
  return facts.version == est::tls::Version::tls13 ? "tls-exporter (RFC 9266)" : "tls-unique (RFC 5929)";
}

}  // namespace

std::optional<std::string> signature_problem(const CertificationRequest& request) {
  const est::Result<bool> verified = est::pki::verify_request(request);
  if (!verified)
    return "The signature of the certification request cannot be verified: " + verified.error().message +
           "; use a common key type and signature algorithm.";
  if (!*verified)
    return "The signature of the certification request does not verify with the public key inside it; sign it with the private key "
           "that belongs to that public key (RFC 7030 3.4).";
  return std::nullopt;
}

std::optional<std::string> extensions_problem(const CertificationRequest& request) {
  const auto extensions = codec::requested_extensions(request);
  if (!est::has_errors(extensions.findings)) return std::nullopt;
  return "The extensionRequest attribute is malformed: " + est::describe_first(extensions.findings) + "; see RFC 2985 5.4.2.";
}

namespace {

// One of the two attributes that may carry the channel binding, when it is there.
std::optional<std::string> link_problem(const est::Decoded<std::string>& given, const std::string& name, const est::tls::Facts& facts,
                                        const LabelPolicy& policy, bool is_ra) {
  if (!given.accepted())
    return "The " + name + " attribute is malformed: " + est::describe_first(given.findings) + "; see RFC 2985 5.4.1 and RFC 7894 3.";
  if (is_ra) return std::nullopt;
  const Binding binding = expected_binding(facts, policy);
  if (!binding.problem.empty()) return "The " + name + " attribute cannot be verified: " + binding.problem + " (RFC 7030 3.5).";
  if (est::equal_constant_time(est::as_bytes(*given.value), est::as_bytes(binding.text))) return std::nullopt;
  return "Linking of identity and proof of possession failed (RFC 7030 3.5): " + name + " is not the base64 of this TLS connection's " +
         std::string(binding_name(facts)) + "; make the request again for the connection that carries it.";
}

}  // namespace

std::optional<std::string> linking_problem(const CertificationRequest& request, const est::tls::Facts& facts, const LabelPolicy& policy,
                                           bool is_ra) {
  const bool old_way = request.attribute(oids::challenge_password) != nullptr;
  const bool new_way = request.attribute(oids::est_identity_linking) != nullptr;
  if (!old_way && !new_way && policy.pop_required && !is_ra)
    return "Linking of identity and proof of possession is required (RFC 7030 3.5): put the base64 of this TLS connection's " +
           std::string(binding_name(facts)) + " into the challengePassword attribute and sign the request again.";
  if (old_way)
    if (auto problem = link_problem(codec::challenge_password(request), "challengePassword", facts, policy, is_ra)) return problem;
  if (new_way) return link_problem(codec::est_identity_linking(request), "estIdentityLinking", facts, policy, is_ra);
  return std::nullopt;
}

std::optional<std::string> change_of_name_problem(const CertificationRequest& request, const LabelPolicy& policy) {
  if (request.attribute(oids::change_subject_name) == nullptr) return std::nullopt;
  if (!policy.change_subject_name)
    return "This server does not carry out ChangeSubjectName; leave the attribute out, and enroll under the new name by /simpleenroll.";
  const est::Decoded<codec::ChangeSubjectName> change = codec::change_subject_name(request);
  if (change.accepted()) return std::nullopt;
  return "The ChangeSubjectName attribute is malformed: " + est::describe_first(change.findings) + "; see RFC 6402 2.8.";
}

std::optional<std::string> challenges_problem(const CertificationRequest& request, const LabelPolicy& policy) {
  if (request.attribute(oids::otp_challenge) != nullptr) {
    const auto given = codec::otp_challenge(request);
    if (!given.accepted()) return "The otpChallenge attribute is malformed: " + est::describe_first(given.findings) + "; see RFC 7894 3.1.";
  } else if (policy.one_time_password_required) {
    return "A one-time password is required here; put it into the otpChallenge attribute (RFC 7894 3.1) and sign the request again.";
  }
  if (request.attribute(oids::revocation_challenge) == nullptr) return std::nullopt;
  const auto given = codec::revocation_challenge(request);
  if (given.accepted()) return std::nullopt;
  return "The revocationChallenge attribute is malformed: " + est::describe_first(given.findings) + "; see RFC 7894 3.2.";
}

std::optional<std::string> renewal_problem(const CertificationRequest& request, const codec::Certificate& current) {
  if (!codec::same_name(request.subject, current.subject))
    return "The request's Subject (" + est::printable(request.subject.to_string()) + ") is not that of the certificate being renewed (" +
           est::printable(current.subject.to_string()) + "); RFC 7030 4.2.2 wants them identical.";
  std::vector<GeneralName> names;
  if (const codec::Extension* extension = current.extension(oids::subject_alt_name)) {
    auto decoded = codec::decode_general_names(extension->value);
    if (decoded.value) names = *std::move(decoded.value);
  }
  const std::vector<GeneralName> asked = codec::requested_subject_alt_name(request);
  if (same_set(names, asked)) return std::nullopt;
  return "The request's SubjectAltName (" + names_text(asked) + ") is not that of the certificate being renewed (" + names_text(names) +
         "); RFC 7030 4.2.2 wants them identical.";
}

}  // namespace server
