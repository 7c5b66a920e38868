// Subject and subjectAltName: as requested, as before, or changed (RFC 7030 4.2.1, 4.2.2, 3.7; INT-22).
#include <algorithm>

#include "conformance/checks/certificate_profile.h"
#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::codec::Certificate;
using est::codec::GeneralName;

std::string shown(const est::codec::Name& name) { return name.empty() ? "an empty subject" : est::printable(name.to_string()); }

std::string shown(const std::vector<GeneralName>& names) {
  std::vector<std::string> words;
  for (const auto& name : names) words.push_back(est::printable(est::codec::to_string(name), 80));
  return words.empty() ? "no subjectAltName" : est::join(words, ", ");
}

bool same(const GeneralName& left, const GeneralName& right) {
  if (left.type != right.type) return false;
  if (left.type != est::codec::GeneralNameType::dns) return left.value == right.value;
  return est::iequals(est::as_text(left.value), est::as_text(right.value));
}

std::vector<GeneralName> missing_from(const std::vector<GeneralName>& all, const std::vector<GeneralName>& wanted) {
  std::vector<GeneralName> missing;
  for (const auto& name : wanted) {
    if (std::none_of(all.begin(), all.end(), [&](const GeneralName& other) { return same(name, other); })) missing.push_back(name);
  }
  return missing;
}

bool same_set(const std::vector<GeneralName>& left, const std::vector<GeneralName>& right) {
  return missing_from(left, right).empty() && missing_from(right, left).empty();
}

CheckResult nothing_to_see(const CheckInput& input, const std::string& expected) {
  if (!answer_of(input.exchange)) return unanswered(input, expected);
  return inconclusive(input, describe(input.exchange) + " So there is no certificate to look at.", expected);
}

// The CA decides about names (RFC 7030 3.7): another subject than requested is a warning unless the script says otherwise.
Results subject_as_requested(const CheckInput& input) {
  const std::string expected = "the subject of the request";
  const auto issued = issued_by(input.exchange);
  if (!issued) return {nothing_to_see(input, expected)};
  const auto* octets = artefact(input.exchange, "subject");
  if (octets == nullptr) return {inconclusive(input, "The requested subject was not recorded.", expected)};
  const auto wanted = est::codec::decode_name(*octets);
  if (!wanted.value) return {inconclusive(input, "The requested subject cannot be read.", expected)};
  const bool fits = est::codec::same_name(*wanted.value, issued->subject);
  const std::string observed = "Requested was " + shown(*wanted.value) + ", the certificate is for " + shown(issued->subject) + ".";
  const auto otherwise = text(input.parameters, "otherwise", "warn") == "warn" ? Verdict::warn : Verdict::fail;
  return {result(input, fits ? Verdict::pass : otherwise, observed, expected, "policy")};
}

Results san_as_requested(const CheckInput& input) {
  const std::string expected = "every requested subjectAltName";
  const auto issued = issued_by(input.exchange);
  if (!issued) return {nothing_to_see(input, expected)};
  const auto* octets = artefact(input.exchange, "san");
  const auto wanted = octets == nullptr ? est::Decoded<std::vector<GeneralName>>{} : est::codec::decode_general_names(*octets);
  if (!wanted.value) return {inconclusive(input, "The request asked for no subjectAltName.", expected)};
  const auto given = alternatives_of(*issued);
  const auto missing = missing_from(given, *wanted.value);
  const std::string observed = "Requested was " + shown(*wanted.value) + ", the certificate has " + shown(given) + ".";
  const auto otherwise = text(input.parameters, "otherwise", "warn") == "warn" ? Verdict::warn : Verdict::fail;
  return {result(input, missing.empty() ? Verdict::pass : otherwise, observed, expected, "policy")};
}

// The certificate being renewed: of an earlier exchange, or the one shown in the handshake.
std::optional<Certificate> old_certificate(const CheckInput& input) {
  if (const auto* earlier = other(input, "old")) return issued_by(*earlier);
  const auto* shown_certificate = artefact(input.exchange, "client-certificate");
  if (shown_certificate == nullptr) return std::nullopt;
  return est::codec::decode_certificate(*shown_certificate).value;
}

bool same_names(const Certificate& left, const Certificate& right) {
  return est::codec::same_name(left.subject, right.subject) && same_set(alternatives_of(left), alternatives_of(right));
}

std::string both(const Certificate& old, const Certificate& renewed) {
  return "The old certificate is for " + shown(old.subject) + " (" + shown(alternatives_of(old)) + "), the new one for " +
         shown(renewed.subject) + " (" + shown(alternatives_of(renewed)) + ").";
}

Results names_kept(const CheckInput& input) {
  const std::string expected = "subject and subjectAltName of the certificate being renewed";
  const auto issued = issued_by(input.exchange);
  if (!issued) return {nothing_to_see(input, expected)};
  const auto old = old_certificate(input);
  if (!old) return {inconclusive(input, "The old certificate was not recorded.", expected)};
  const auto otherwise = text(input.parameters, "otherwise", "warn") == "warn" ? Verdict::warn : Verdict::fail;
  return {result(input, same_names(*old, *issued) ? Verdict::pass : otherwise, both(*old, *issued), expected, "policy")};
}

// INT-22.
Results changed_names(const CheckInput& input) {
  const std::string expected = "a refusal (4xx); the old names kept is a warning";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const int status = answer->message.status;
  const auto issued = issued_by(input.exchange);
  if (!issued) {
    auto verdict = status >= 500 ? Verdict::warn : Verdict::fail;
    if (status >= 400 && status < 500) verdict = Verdict::pass;
    if (status == 202 || status == 429 || status == 503 || status / 100 == 3) verdict = Verdict::inconclusive;
    return {result(input, verdict, describe(answer->message), expected, "HTTP", "INT-22")};
  }
  const auto old = old_certificate(input);
  if (!old) return {inconclusive(input, "The old certificate was not recorded.", expected)};
  const bool kept = same_names(*old, *issued);
  const bool allowed = kept || flag(input.parameters, "policy-allows");
  return {result(input, allowed ? Verdict::warn : Verdict::fail, "A certificate was issued. " + both(*old, *issued), expected, "policy",
                 "INT-22")};
}

// --- ChangeSubjectName (RFC 6402 2.8)

struct WantedNames {
  std::optional<est::codec::Name> subject;
  std::optional<std::vector<GeneralName>> alternatives;
};

WantedNames wanted_names(const Exchange& exchange) {
  WantedNames wanted;
  if (const auto* octets = artefact(exchange, "new-subject")) wanted.subject = est::codec::decode_name(*octets).value;
  if (const auto* octets = artefact(exchange, "new-san")) wanted.alternatives = est::codec::decode_general_names(*octets).value;
  return wanted;
}

CheckResult judge_new_names(const CheckInput& input, const Certificate& issued, const Certificate& old, const std::string& expected) {
  const auto wanted = wanted_names(input.exchange);
  const std::string observed = both(old, issued);
  const bool subject = !wanted.subject || est::codec::same_name(*wanted.subject, issued.subject);
  const bool alternatives = !wanted.alternatives || same_set(*wanted.alternatives, alternatives_of(issued));
  if (!subject || !alternatives) {
    const bool kept = same_names(old, issued);
    return result(input, kept && flag(input.parameters, "refusal-allowed") ? Verdict::warn : Verdict::fail, observed, expected, "policy");
  }
  // What the attribute leaves out is to be absent; a CA that keeps it does what many clients hope for.
  const bool subject_gone = wanted.subject || issued.subject.empty();
  const bool alternatives_gone = wanted.alternatives || alternatives_of(issued).empty();
  const bool exact = subject_gone && alternatives_gone;
  return result(input, exact ? Verdict::pass : Verdict::warn,
                observed + (exact ? "" : " The part that ChangeSubjectName left out should be absent."), expected, "policy");
}

Results renamed(const CheckInput& input) {
  const bool refusal = flag(input.parameters, "refusal-allowed");
  const std::string expected = std::string("a certificate for the names in ChangeSubjectName") + (refusal ? ", or a refusal (4xx)" : "");
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto issued = issued_by(input.exchange);
  if (!issued) {
    const int status = answer->message.status;
    auto verdict = Verdict::fail;
    if (refusal && status >= 400) verdict = status < 500 ? Verdict::pass : Verdict::warn;
    if (status == 202 || status == 429 || status == 503 || status / 100 == 3) verdict = Verdict::inconclusive;
    return {result(input, verdict, describe(answer->message), expected)};
  }
  const auto old = old_certificate(input);
  if (!old) return {inconclusive(input, "The old certificate was not recorded.", expected)};
  return {judge_new_names(input, *issued, *old, expected)};
}

}  // namespace

void add_name_checks(engine::Vocabulary& vocabulary) {
  const auto old =
      parameter("old", ParameterType::result, "exchange that issued the old certificate; default: the client certificate shown");
  add(vocabulary, {"subject-as-requested",
                   "the certificate has the requested subject; another one warns, as the CA decides",
                   {},
                   subject_as_requested,
                   {}});
  add(vocabulary, {"san-as-requested",
                   "the certificate has every requested subjectAltName; a missing one warns, as the CA decides",
                   {},
                   san_as_requested,
                   {}});
  add(vocabulary,
      {"names-kept", "a renewed certificate keeps subject and subjectAltName; a change warns (RFC 7030 4.2.2)", {old}, names_kept, "old"});
  add(vocabulary, {"renamed",
                   "a certificate for the names that ChangeSubjectName asks for (RFC 7030 4.2.2, RFC 6402 2.8)",
                   {old, parameter("refusal-allowed", ParameterType::boolean, "a refusal will do as well, old names give a warning")},
                   renamed,
                   "old"});
  add(vocabulary, {"changed-names",
                   "a re-enrollment that asks for other names is refused (RFC 7030 4.2.2; INT-22)",
                   {old, parameter("policy-allows", ParameterType::boolean, "the tested policy lets this client change names")},
                   changed_names,
                   "old"});
}

}  // namespace conformance::checks
