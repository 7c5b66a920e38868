// The issued certificate beside the CA certificate that signed it (RFC 5280 4.1.2.4, 4.1.2.5, 4.2.1.1, 4.2.1.2).
#include <algorithm>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "conformance/checks/trust.h"
#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/crypto/key.h"

namespace conformance::checks {

namespace {

namespace der = est::codec::der;
namespace oids = est::codec::oids;
using est::codec::Certificate;

// Every CA certificate with the key that signed: after a rollover an intermediate may have two.
std::vector<Certificate> issuers_of(const Certificate& leaf, const Trust& trust) {
  std::vector<Certificate> found;
  for (const auto* group : {&trust.others, &trust.roots}) {
    for (const auto& candidate : *group) {
      if (signed_with(leaf, candidate)) found.push_back(candidate);
    }
  }
  return found;
}

// keyIdentifier [0] of authorityKeyIdentifier; empty when there is none.
est::Bytes authority_key_identifier(const Certificate& certificate) {
  const auto* extension = certificate.extension(oids::authority_key_identifier);
  if (extension == nullptr) return {};
  est::Findings ignored;
  der::Reader outer(extension->value, ignored);
  auto inner = outer.enter(der::tags::sequence, "authorityKeyIdentifier");
  if (inner.peek() != der::tags::context(0, false)) return {};
  const auto value = inner.any("keyIdentifier");
  return value ? est::to_bytes(value->content) : est::Bytes{};
}

est::Bytes subject_key_identifier(const Certificate& certificate) {
  const auto* extension = certificate.extension(oids::subject_key_identifier);
  if (extension == nullptr) return {};
  est::Findings ignored;
  const auto value = der::Reader(extension->value, ignored).any("subjectKeyIdentifier");
  return value ? est::to_bytes(value->content) : est::Bytes{};
}

CheckResult judge_name(const CheckInput& input, const Certificate& leaf, const std::vector<Certificate>& issuers) {
  const std::string expected = "an issuer encoded like the subject of the CA certificate (RFC 5280 4.1.2.4)";
  const bool same = std::any_of(issuers.begin(), issuers.end(), [&](const Certificate& c) { return c.subject.der == leaf.issuer.der; });
  const std::string observed = "The issuer is " + est::printable(leaf.issuer.to_string()) + ", the CA that signed is " +
                               est::printable(issuers.front().subject.to_string()) + ".";
  return result(input, same ? Verdict::pass : Verdict::fail, observed + (same ? "" : " The two are encoded differently."), expected,
                "policy");
}

CheckResult judge_identifier(const CheckInput& input, const Certificate& leaf, const std::vector<Certificate>& issuers) {
  const std::string expected = "the authorityKeyIdentifier is the CA's subjectKeyIdentifier (RFC 5280 4.2.1.2)";
  const auto mine = authority_key_identifier(leaf);
  if (mine.empty()) return result(input, Verdict::pass, "There is no authorityKeyIdentifier to compare.", expected, "policy");
  bool same = false, any = false;
  for (const auto& issuer : issuers) {
    const auto theirs = subject_key_identifier(issuer);
    any = any || !theirs.empty();
    same = same || theirs == mine;
  }
  if (!any) return result(input, Verdict::pass, "The CA certificate has no subjectKeyIdentifier to compare with.", expected, "policy");
  return result(input, same ? Verdict::pass : Verdict::fail,
                "The authorityKeyIdentifier is " + est::hex(mine) + (same ? "." : ", which is none of the CA's key identifiers."), expected,
                "policy");
}

CheckResult judge_end(const CheckInput& input, const Certificate& leaf, const std::vector<Certificate>& issuers) {
  const auto last = std::max_element(issuers.begin(), issuers.end(), [](const Certificate& a, const Certificate& b) {
    return a.validity.not_after < b.validity.not_after;
  });
  const bool within = leaf.validity.not_after <= last->validity.not_after;
  return result(input, within ? Verdict::pass : Verdict::warn,
                "The certificate ends " + est::iso8601(leaf.validity.not_after) + ", its CA certificate " +
                    est::iso8601(last->validity.not_after) + ".",
                "a certificate that does not outlive its CA certificate (RFC 5280 4.1.2.5)", "policy");
}

Results fits_issuer(const CheckInput& input) {
  const std::string expected = "a certificate that fits the CA certificate that signed it";
  const auto* cacerts = other(input, "cacerts");
  if (cacerts == nullptr) return {inconclusive(input, "The /cacerts exchange was not recorded.", expected)};
  const auto issued = issued_by(input.exchange);
  if (!issued) return {inconclusive(input, describe(input.exchange) + " So there is no certificate to look at.", expected)};
  const auto trust = trust_of(*cacerts);
  const auto issuers = trust ? issuers_of(*issued, *trust) : std::vector<Certificate>{};
  if (issuers.empty())
    return {inconclusive(input, "No certificate of /cacerts has the key that signed; `chains-to` judges that.", expected)};
  return {judge_name(input, *issued, issuers), judge_identifier(input, *issued, issuers), judge_end(input, *issued, issuers)};
}

}  // namespace

void add_issuer_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"fits-issuer",
                   "issuer, authorityKeyIdentifier and end fit the CA certificate that signed (RFC 5280 4.1.2.4, 4.1.2.5, 4.2.1.2)",
                   {required(parameter("cacerts", engine::ParameterType::result, "the exchange with the CA certificates"))},
                   fits_issuer,
                   "cacerts"});
}

}  // namespace conformance::checks
