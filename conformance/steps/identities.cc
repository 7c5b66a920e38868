#include "conformance/steps/identities.h"

#include "conformance/steps/mint.h"
#include "conformance/steps/second_opinion.h"

namespace conformance::steps {

Maybe<est::tls::Identity> Identities::find(const std::string& name) {
  if (const auto* enrollment = memory_.find(name)) {
    if (enrollment->certificate.empty()) return cannot("the target issued no certificate in '" + name + "', so it cannot be presented");
    return est::tls::Identity{{enrollment->certificate}, enrollment->key};
  }
  if (name == "current") return cannot("no certificate was issued in this scenario that could be presented");
  if (const auto found = profile_.identities.find(name); found != profile_.identities.end()) return found->second;
  if (const auto found = made_.find(name); found != made_.end()) return found->second;
  if (name == "client" && profile_.password) return obtained(run_.client(), obtain_client_);
  if (name == "revoked" && profile_.operator_actions.contains("revoke")) return obtained(run_.revoked(), obtain_revoked_);
  // Any certificate of a CA that the target trusts for devices will do.
  if (name == "manufacturer" && profile_.client_ca) return find("third-party");
  return made(name);
}

Maybe<est::tls::Identity> Identities::obtained(RunState::Obtained& kept, const Obtain& obtain) {
  const std::lock_guard lock(kept.mutex);
  if (kept.identity) return *kept.identity;
  auto identity = obtain();
  if (identity) kept.identity = *identity;
  return identity;
}

Maybe<est::tls::Identity> Identities::made(const std::string& name) {
  const MintKind* kind = mint_kind(name);
  if (kind == nullptr) {
    const std::string other = name == "revoked" ? " or access.operator.revoke" : "";
    return cannot("the profile has no identity '" + name + "'; add access.identities." + name + other);
  }
  if (kind->of_client_ca && !profile_.client_ca) {
    return cannot("the profile has neither access.identities." + name + " nor access.client-ca to make one from; add one of them");
  }
  auto identity = mint(name, {.common_name = "estspec-" + name + "-" + run_.next_number(),
                              .now = est::system_clock().now(),
                              .client_ca = profile_.client_ca ? &*profile_.client_ca : nullptr,
                              .imitated_issuer = known_issuer()});
  if (!identity) return identity.error();
  if (const auto status = openssl_accepts_certificate(identity->chain.front()); !status.ok()) return status.error();
  return made_.emplace(name, std::move(*identity)).first->second;
}

// The CA that issued the current certificate, else the client CA, else whoever signs for the target itself.
std::optional<est::codec::Name> Identities::known_issuer() const {
  const auto* current = memory_.find("current");
  const bool issued = current != nullptr && !current->certificate.empty();
  const est::Bytes* der = issued ? &current->certificate : nullptr;
  if (der == nullptr && profile_.client_ca) der = &profile_.client_ca->chain.front();
  if (der == nullptr && !profile_.trust_anchors.empty()) der = &profile_.trust_anchors.front();
  if (der == nullptr) return std::nullopt;
  const auto certificate = est::codec::decode_certificate(*der);
  if (!certificate.value) return std::nullopt;
  return issued ? certificate.value->issuer : certificate.value->subject;
}

}  // namespace conformance::steps
