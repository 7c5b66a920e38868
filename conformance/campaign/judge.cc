#include "conformance/campaign/judge.h"

#include <algorithm>

#include "conformance/steps/second_opinion.h"
#include "est/codec/base64.h"
#include "est/codec/pkcs10.h"
#include "est/ops/operation.h"
#include "est/pki/request.h"

namespace conformance::campaign {

namespace codec = est::codec;

namespace {

bool names_key_itself(const Message& message) {
  return message.target.ends_with("/simpleenroll") || message.target.ends_with("/simplereenroll");
}

bool is_authority(const codec::Certificate& certificate) {
  const codec::Extension* extension = certificate.extension(codec::oids::basic_constraints);
  if (extension == nullptr) return false;
  const auto constraints = codec::decode_basic_constraints(extension->value);
  return constraints.value && constraints.value->ca;
}

std::optional<Problem> judge_key(const Message& message, const codec::Certificate& certificate) {
  if (message.request.empty())
    return Problem{"certificate-for-nothing", "issued a certificate in answer to a message that holds no certification request"};
  if (proof_of(message.request) == Proof::wrong)
    return Problem{"certificate-for-bad-proof", "issued a certificate for a request whose signature does not verify"};
  const auto request = codec::decode_certification_request(message.request);
  const auto key = codec::decode_public_key_info(certificate.spki);
  // Octets of the key, not of the structure around it: a CA may write that anew.
  if (request.value && key.value && request.value->key.key != key.value->key)
    return Problem{"another-key", "issued a certificate for another key than the one in the request"};
  return std::nullopt;
}

std::optional<Problem> judge_certificate(const Message& message, est::BytesView der, const Sound& sound) {
  if (!message.no_certificate.empty())
    return Problem{"certificate-without-authorization", "issued a certificate to somebody with " + message.no_certificate};
  const auto certificate = codec::decode_certificate(der);
  if (!certificate.value) return std::nullopt;
  if (is_authority(*certificate.value)) return Problem{"certificate-of-a-ca", "issued a CA certificate"};
  if (!names_key_itself(message)) return std::nullopt;
  if (auto problem = judge_key(message, *certificate.value)) return problem;
  const auto usual = sound.find(message.request);
  if (usual != sound.end() && usual->second != names_in(der))
    return Problem{"another-name",
                   "issued a certificate with other names than for the same request before: " + certificate.value->subject.to_string()};
  return std::nullopt;
}

std::string first_finding(const est::Findings& findings, bool value) {
  for (const auto& finding : findings)
    if (finding.severity == est::Severity::error) return finding.id;
  return value ? (findings.empty() ? "sound" : findings.front().id) : "unreadable";
}

std::string request_finding(const Message& message) {
  if (!names_key_itself(message) && !message.target.ends_with("/serverkeygen")) return "full " + std::to_string(message.request.size() % 8);
  const auto request = codec::decode_certification_request(message.request);
  std::string finding = first_finding(request.findings, request.value.has_value());
  if (finding == "sound" && proof_of(message.request) == Proof::wrong) finding = "signature";
  return finding;
}

}  // namespace

const std::vector<ProblemKind>& problem_kinds() {
  static const std::vector<ProblemKind> kinds{
      {"certificate-without-authorization", "a certificate was issued to somebody who did not authenticate"},
      {"certificate-for-bad-proof", "a certificate was issued for a request whose signature does not verify"},
      {"certificate-for-nothing", "a certificate was issued where no request was sent"},
      {"another-key", "a certificate is for another key than the request's"},
      {"another-name", "a certificate has other names than the same request led to before"},
      {"certificate-of-a-ca", "a CA certificate was issued"},
      {"too-many-answers", "more answers came than messages were sent"},
      {"hang", "a whole message is not answered"},
      {"death", "the target no longer answers, or its process has ended"},
      {"restart", "the target's other connections end together with the case"},
      {"memory", "its memory grows with every case"},
      {"descriptors", "its open files grow with every case"},
      {"threads", "its threads grow with every case"},
      {"slowness", "a sound request takes ever longer"}};
  return kinds;
}

est::Bytes names_in(est::BytesView der) {
  const auto certificate = codec::decode_certificate(der);
  if (!certificate.value) return {};
  est::Bytes names = certificate.value->subject.der;
  if (const auto* extension = certificate.value->extension(codec::oids::subject_alt_name)) est::append(names, extension->value);
  return names;
}

Proof proof_of(est::BytesView der) {
  const auto request = codec::decode_certification_request(der);
  if (request.value) {
    const auto verified = est::pki::verify_request(*request.value);
    if (verified && *verified) return Proof::right;
  }
  return steps::openssl_accepts_request(der) ? Proof::right : Proof::wrong;
}

std::optional<Problem> judge(const Case& one, const Sent& sent, const Sound& sound) {
  for (std::size_t i = 0; i < one.messages.size(); ++i) {
    const Message& message = one.messages[i];
    const Reply& reply = sent.replies[i];
    // Answers to several messages came together: whose is whose is not told apart.
    const bool alone = i == 0 || one.messages[i - 1].finish != "go-on";
    for (const est::Bytes& der : reply.certificates) {
      if (!alone) break;
      if (auto problem = judge_certificate(message, der, sound)) return problem;
    }
    const OwnView& view = reply.view;
    if (alone && !view.refused && !view.unfinished && view.messages > 0 && reply.statuses.size() > view.messages)
      return Problem{"too-many-answers", "answered " + std::to_string(view.messages) + " message(s) with " +
                                             std::to_string(reply.statuses.size()) + " answers"};
  }
  return std::nullopt;
}

std::string own_finding(const Case& one, const Sent& sent) {
  const Message& message = one.messages.back();
  const OwnView& view = sent.replies.back().view;
  switch (one.layer) {
    case Layer::request:
      return request_finding(message);
    case Layer::transfer: {
      const auto decoded = codec::decode_base64(est::as_text(message.body), codec::Base64Mode::lenient);
      return first_finding(decoded.findings, decoded.value.has_value());
    }
    case Layer::framing:
      return view.finding;
    default:
      return one.words.back();
  }
}

std::optional<std::size_t> unanswered(const Case& one, const Sent& sent) {
  for (std::size_t i = 0; i < one.messages.size(); ++i) {
    const Reply& reply = sent.replies[i];
    if (reply.end == "timeout" && !reply.view.unfinished && one.messages[i].withheld == 0) return i;
  }
  return std::nullopt;
}

bool is_odd(const Case& one, const Sent& sent) {
  if (unanswered(one, sent)) return true;
  return std::any_of(sent.replies.begin(), sent.replies.end(),
                     [](const Reply& reply) { return reply.statuses.empty() && reply.end != "not-awaited" && reply.end != "not-sent"; });
}

}  // namespace conformance::campaign
