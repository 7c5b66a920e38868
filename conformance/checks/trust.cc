#include "conformance/checks/trust.h"

#include "est/crypto/chain.h"

namespace conformance::checks {

namespace {

constexpr est::UnixTime clock_skew = 600;
constexpr int unhandled_critical_extension = 34;  // X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION

std::vector<est::Bytes> encodings(const std::vector<est::codec::Certificate>& certificates) {
  std::vector<est::Bytes> all;
  for (const auto& certificate : certificates) all.push_back(certificate.der);
  return all;
}

est::UnixTime moment(const est::codec::Certificate& leaf, est::UnixTime now) {
  const auto begins = leaf.validity.not_before;
  return begins > now && begins - now <= clock_skew ? begins : now;
}

}  // namespace

std::optional<Trust> trust_of(const Exchange& cacerts) {
  const auto answer = answer_of(cacerts);
  if (!answer || answer->message.status != 200) return std::nullopt;
  Trust trust;
  for (const auto& der : certificates_anyhow(answer->message.body)) {
    auto decoded = est::codec::decode_certificate(der);
    if (!decoded.value) {
      trust.unreadable.insert(trust.unreadable.end(), decoded.findings.begin(), decoded.findings.end());
      continue;
    }
    (signed_by_itself(*decoded.value) ? trust.roots : trust.others).push_back(std::move(*decoded.value));
  }
  return trust;
}

Path path_of(const est::codec::Certificate& leaf, const Trust& trust, est::UnixTime now) {
  est::crypto::ChainOptions options;
  options.at = moment(leaf, now);
  options.partial_chain = trust.roots.empty();
  const auto others = encodings(trust.others);
  const auto verified = est::crypto::verify_chain(leaf.der, others, trust.roots.empty() ? others : encodings(trust.roots), {}, options);
  if (!verified.ok()) return {Verdict::fail, verified.error().message};
  if (verified->valid) return {Verdict::pass, {}};
  if (verified->code == unhandled_critical_extension) {
    return {Verdict::inconclusive, verified->reason + " (the suite does not know a critical extension)"};
  }
  return {Verdict::fail, verified->reason};
}

}  // namespace conformance::checks
