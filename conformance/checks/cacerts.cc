// What /cacerts distributes (RFC 7030 4.1.3; INT-33, INT-34).
#include <algorithm>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "conformance/checks/trust.h"
#include "est/base/text.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::codec::Certificate;

CheckResult without_bag(const CheckInput& input, const std::string& expected) {
  if (!answer_of(input.exchange)) return unanswered(input, expected);
  return result(input, Verdict::fail, describe(input.exchange) + " No CA certificates can be found in it.", expected, "CMS");
}

bool is_ca(const Certificate& certificate) {
  const auto* extension = certificate.extension(est::codec::oids::basic_constraints);
  if (extension == nullptr) return false;
  const auto constraints = est::codec::decode_basic_constraints(extension->value);
  return constraints.value && constraints.value->ca;
}

// A profile may say that its trust anchor is an intermediate (INT-33).
bool anchor_is_intermediate(const Json& target) {
  const auto claims = list(target, "claims");
  return std::find(claims.begin(), claims.end(), "intermediate-trust-anchor") != claims.end();
}

Results cacerts_root(const CheckInput& input) {
  const std::string expected = "the current root CA certificate: self-signed and within its validity";
  const auto trust = trust_of(input.exchange);
  if (!trust || trust->empty()) return {without_bag(input, expected)};
  if (trust->roots.empty()) {
    const auto verdict = anchor_is_intermediate(input.target) ? Verdict::warn : Verdict::fail;
    return {result(input, verdict, "No certificate of the response is self-signed.", expected, "CMS", "INT-33")};
  }
  const auto newest = std::max_element(trust->roots.begin(), trust->roots.end(), [](const Certificate& a, const Certificate& b) {
    return a.validity.not_after < b.validity.not_after;
  });
  const std::string which = "The most recent self-signed certificate is " + shown(*newest);
  if (newest->validity.not_after < input.evidence.started) {
    return {result(input, Verdict::fail, which + "; it expired " + est::iso8601(newest->validity.not_after) + ".", expected, "CMS")};
  }
  if (!is_ca(*newest))
    return {result(input, Verdict::warn, which + "; nothing in it says that it is a CA's (basicConstraints).", expected, "CMS")};
  return {result(input, Verdict::pass, which + ", valid until " + est::iso8601(newest->validity.not_after) + ".", expected, "CMS")};
}

Results cacerts_chain(const CheckInput& input) {
  const std::string expected = "every certificate needed from an issued certificate up to the trust anchor";
  const auto* enrolled = other(input, "issued");
  if (enrolled == nullptr) return {inconclusive(input, "The enrollment was not recorded.", expected)};
  const auto issued = issued_by(*enrolled);
  if (!issued) return {inconclusive(input, describe(*enrolled) + " So there is no issued certificate to build a path from.", expected)};
  const auto trust = trust_of(input.exchange);
  if (!trust || trust->empty()) return {without_bag(input, expected)};
  const auto path = path_of(*issued, *trust, input.evidence.started);
  if (path.verdict == Verdict::pass)
    return {result(input, Verdict::pass, "The response completes the path of the issued certificate.", expected, "CMS")};
  return {result(input, path.verdict, "The response does not complete the path of the issued certificate: " + path.sentence + ".", expected,
                 "CMS")};
}

CheckResult judge_member(const CheckInput& input, const Certificate& member, const Trust& trust, const std::string& expected) {
  if (!is_ca(member))
    return result(input, Verdict::warn, "The response holds " + shown(member) + ", which is no CA certificate.", expected, "CMS");
  const auto path = path_of(member, trust, input.evidence.started);
  if (path.verdict == Verdict::pass) return result(input, Verdict::pass, shown(member) + " chains to the root.", expected, "CMS");
  return result(input, Verdict::warn, shown(member) + " does not chain to a root of the response: " + path.sentence + ".", expected, "CMS");
}

Results cacerts_consistent(const CheckInput& input) {
  const std::string expected = "CA certificates only, each with a path to a root of the same response";
  const auto trust = trust_of(input.exchange);
  if (!trust || trust->empty()) return {without_bag(input, expected)};
  Results results;
  if (!trust->unreadable.empty()) {
    results.push_back(
        result(input, Verdict::fail, "The response holds an unreadable certificate: " + quote(trust->unreadable) + ".", expected, "CMS"));
  }
  if (trust->roots.empty()) return results;  // cacerts-root says so
  for (const auto& member : trust->others) results.push_back(judge_member(input, member, *trust, expected));
  if (results.empty())
    results.push_back(result(input, Verdict::pass, "The response holds self-signed CA certificates only.", expected, "CMS"));
  return results;
}

}  // namespace

void add_cacerts_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"cacerts-root", "the response holds the current root CA certificate (RFC 7030 4.1.3; INT-33)", {}, cacerts_root, {}});
  add(vocabulary, {"cacerts-chain",
                   "the response completes the path of an issued certificate (RFC 7030 4.1.3)",
                   {required(parameter("issued", ParameterType::result, "the enrollment that gave the certificate"))},
                   cacerts_chain,
                   "issued"});
  add(vocabulary,
      {"cacerts-consistent", "the response holds CA certificates that verify under its own root; others warn", {}, cacerts_consistent, {}});
}

}  // namespace conformance::checks
