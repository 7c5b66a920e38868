// What a certificate has of what its request asked for: authority it must not get by asking, usages, names as text.
#include <algorithm>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs10.h"

namespace conformance::checks {

namespace {

namespace oids = est::codec::oids;
namespace usage = est::codec::key_usage;
using est::codec::Certificate;

CheckResult none(const CheckInput& input, const std::string& expected) {
  if (!answer_of(input.exchange)) return unanswered(input, expected);
  return result(input, Verdict::pass, describe(input.exchange) + " It holds no certificate.", expected, "policy");
}

std::optional<unsigned> usage_of(const std::vector<est::codec::Extension>& extensions) {
  for (const auto& extension : extensions) {
    if (extension.id == oids::key_usage) return est::codec::decode_key_usage(extension.value).value;
  }
  return std::nullopt;
}

std::vector<est::codec::Oid> purposes_of(const std::vector<est::codec::Extension>& extensions) {
  for (const auto& extension : extensions) {
    if (extension.id == oids::extended_key_usage)
      return est::codec::decode_extended_key_usage(extension.value).value.value_or(std::vector<est::codec::Oid>{});
  }
  return {};
}

// The request as sent; nothing when it cannot be read.
std::optional<est::codec::CertificationRequest> request_of(const Exchange& exchange) {
  const auto* octets = artefact(exchange, "csr");
  return octets == nullptr ? std::nullopt : est::codec::decode_certification_request(*octets).value;
}

std::vector<est::codec::Extension> asked_in(const Exchange& exchange) {
  const auto request = request_of(exchange);
  if (!request) return {};
  return est::codec::requested_extensions(*request).value.value_or(std::vector<est::codec::Extension>{});
}

// --- INT-40
std::vector<std::string> authority_in(const Certificate& certificate) {
  std::vector<std::string> found;
  const auto* basic = certificate.extension(oids::basic_constraints);
  const auto constraints = basic == nullptr ? std::nullopt : est::codec::decode_basic_constraints(basic->value).value;
  if (constraints && constraints->ca) found.emplace_back("basicConstraints cA");
  const unsigned bits = usage_of(certificate.extensions).value_or(0);
  if ((bits & usage::key_cert_sign) != 0) found.emplace_back("keyCertSign");
  if ((bits & usage::crl_sign) != 0) found.emplace_back("cRLSign");
  for (const auto& purpose : purposes_of(certificate.extensions)) {
    if (purpose == oids::cmc_ra || purpose == oids::cmc_ca) found.push_back(purpose.name());
  }
  return found;
}

Results no_authority(const CheckInput& input) {
  const std::string expected = "a refusal, or a certificate that is neither a CA's nor a registration authority's";
  const auto issued = issued_by(input.exchange);
  if (!issued) return {none(input, expected)};
  const auto found = authority_in(*issued);
  if (found.empty()) return {result(input, Verdict::pass, "The certificate is an end entity's.", expected, "policy", "INT-40")};
  const auto claims = list(input.target, "claims");
  const bool declared = std::find(claims.begin(), claims.end(), "authority-on-request") != claims.end();
  return {result(input, declared ? Verdict::warn : Verdict::fail,
                 "The target answered this request with a certificate that has " + est::join(found, ", ") + ".", expected, "policy",
                 "INT-40")};
}

// --- RFC 5272 3.1: an extension may be left out, not turned into another
Results usage_intent(const CheckInput& input) {
  const std::string expected = "the keyUsage asked for, part of it, none, or a refusal (RFC 5272 3.1)";
  const auto issued = issued_by(input.exchange);
  if (!issued) return {none(input, expected)};
  const auto asked = usage_of(asked_in(input.exchange));
  if (!asked) return {inconclusive(input, "The request asked for no keyUsage.", expected)};
  const auto given = usage_of(issued->extensions);
  const std::string observed = "Asked for were the bits " + std::to_string(*asked) + " of keyUsage, given " +
                               (given ? std::to_string(*given) : std::string("none")) + ".";
  const bool kept = !given || (*given & *asked) != 0;
  return {result(input, kept ? Verdict::pass : Verdict::fail, observed, expected, "policy")};
}

Results purposes_as_asked(const CheckInput& input) {
  const std::string expected = "every extended key usage the request asked for";
  const auto issued = issued_by(input.exchange);
  if (!issued) return {inconclusive(input, describe(input.exchange) + " So there is no certificate to look at.", expected)};
  const auto asked = purposes_of(asked_in(input.exchange));
  if (asked.empty()) return {inconclusive(input, "The request asked for no extended key usage.", expected)};
  const auto given = purposes_of(issued->extensions);
  std::vector<std::string> missing;
  for (const auto& purpose : asked) {
    if (std::find(given.begin(), given.end(), purpose) == given.end()) missing.push_back(purpose.name());
  }
  const std::string observed = missing.empty() ? "The certificate has every purpose asked for."
                                               : "The certificate lacks " + est::join(missing, ", ") + ", which the request asked for.";
  return {result(input, missing.empty() ? Verdict::pass : Verdict::fail, observed, expected, "policy")};
}

// --- Names as text
bool is_cut(const std::string& whole, const std::string& part) { return part.size() < whole.size() && whole.starts_with(part); }

Results name_not_cut(const CheckInput& input) {
  const std::string expected = "a refusal, or a certificate whose common name is the one asked for, uncut";
  const auto issued = issued_by(input.exchange);
  if (!issued) return {none(input, expected)};
  const auto request = request_of(input.exchange);
  if (!request) return {inconclusive(input, "The request was not recorded.", expected)};
  const std::string asked = request->subject.first(oids::common_name).value_or("");
  const std::string given = issued->subject.first(oids::common_name).value_or("");
  const std::string observed = "Asked for was " + est::printable(asked, 80) + ", the certificate is for " + est::printable(given, 80) + ".";
  if (given == asked) {
    const bool odd = asked.find('\0') != std::string::npos;
    return {result(input, odd ? Verdict::warn : Verdict::pass,
                   observed + (odd ? " A name with a NUL reads differently to different programs." : ""), expected, "policy")};
  }
  return {result(input, is_cut(asked, given) && !given.empty() ? Verdict::fail : Verdict::warn, observed, expected, "policy")};
}

}  // namespace

void add_wish_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"no-authority",
                   "no certificate of a CA or registration authority was issued because the request asked for it (INT-40)",
                   {},
                   no_authority,
                   {}});
  add(vocabulary, {"usage-intent", "the keyUsage asked for was not turned into another one (RFC 5272 3.1)", {}, usage_intent, {}});
  add(vocabulary, {"purposes-as-asked", "the certificate has every extended key usage asked for", {}, purposes_as_asked, {}});
  add(vocabulary,
      {"name-not-cut", "the common name asked for was refused or kept whole; another name warns, as the CA decides", {}, name_not_cut, {}});
}

}  // namespace conformance::checks
