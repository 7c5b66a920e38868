#include "server/authenticator.h"

#include <algorithm>
#include <utility>

#include "est/base/text.h"
#include "est/crypto/digest.h"
#include "server/client_certificate.h"

namespace server {
namespace {

using est::Bytes;
using est::http::AuthItem;
using est::http::Request;

constexpr est::UnixTime remember_seconds = 5;
constexpr std::size_t remember_most = 4096;

bool takes_basic(Authentication mode) { return mode != Authentication::digest; }
bool takes_digest(Authentication mode) { return mode != Authentication::basic; }

std::string quoted_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result + "\"";
}

// Digests have one length, so the comparison does not tell the password's.
bool same_secret(std::string_view left, std::string_view right) {
  using est::crypto::Digest;
  return est::equal_constant_time(est::crypto::digest(Digest::sha256, est::as_bytes(left)),
                                  est::crypto::digest(Digest::sha256, est::as_bytes(right)));
}

std::string key_of(const std::vector<Bytes>& chain) {
  Bytes all;
  for (const Bytes& certificate : chain) est::append(all, certificate);
  return est::to_string(est::crypto::digest(est::crypto::Digest::sha256, all));
}

std::string offered(Authentication mode) {
  if (!takes_digest(mode)) return "Basic";
  return takes_basic(mode) ? "Digest or Basic" : "Digest";
}

est::http::DigestVerifier::Options digest_options(const Authenticator::Options& options) {
  est::http::DigestVerifier::Options result;
  result.realm = options.realm;
  result.algorithms = options.algorithms;
  result.userhash = true;
  return result;
}

}  // namespace

std::string Principal::identity() const {
  std::string text;
  if (certificate) text = "certificate:" + certificate->certificate.subject.to_string();
  if (user) text += (text.empty() ? "user:" : "+user:") + *user;
  return text.empty() ? "anonymous" : text;
}

Authenticator::Authenticator(const Options& options, const TrustStore& trust, const est::Clock& clock)
    : options_(options), digest_(digest_options(options), clock), trust_(trust), clock_(clock) {}

std::variant<Principal, Denial> Authenticator::authenticate(const Request& head, const est::tls::Facts& facts,
                                                            const LabelPolicy& policy) const {
  return decide(head, facts, policy, DigestUse::verify);
}

std::optional<Denial> Authenticator::refuse_early(const Request& head, const est::tls::Facts& facts, const LabelPolicy& policy) const {
  auto decision = decide(head, facts, policy, DigestUse::only_look);
  if (auto* denial = std::get_if<Denial>(&decision)) return std::move(*denial);
  return std::nullopt;
}

bool Authenticator::knows_one_time_password(const Principal& principal, std::string_view value) const {
  const std::shared_ptr<const Trust> trust = trust_.current();
  return std::any_of(trust->one_time_passwords.begin(), trust->one_time_passwords.end(), [&](const auto& entry) {
    return (!principal.user || *principal.user == entry.first) && entry.second.find(value) != entry.second.end();
  });
}

std::variant<Principal, Denial> Authenticator::decide(const Request& head, const est::tls::Facts& facts, const LabelPolicy& policy,
                                                      DigestUse use) const {
  const std::shared_ptr<const Trust> trust = trust_.current();
  const Authentication mode = policy.authentication;
  Judged judged = judge_certificate(facts, trust);
  Principal principal;
  if (auto* identity = std::get_if<CertificateIdentity>(&judged)) principal.certificate = std::move(*identity);
  const auto* bad = std::get_if<Denial>(&judged);

  const bool needs_certificate = mode == Authentication::certificate || mode == Authentication::certificate_and_password;
  if (needs_certificate && bad != nullptr) return *bad;
  if (needs_certificate && !principal.certificate)
    return Denial{403, "This needs a TLS client certificate, and none came in the handshake; connect again with one.", {}};
  if (mode == Authentication::none || mode == Authentication::certificate) return principal;

  // Credentials that are sent must be right, even where a certificate alone would do: a wrong password is never passed over.
  const bool has_credentials = head.fields.has("Authorization");
  if (mode == Authentication::certificate_or_password && !has_credentials) {
    if (principal.certificate) return principal;
    if (bad != nullptr) return challenge(bad->sentence + " A user name and password would do as well.", mode);
    return challenge("This needs a TLS client certificate or a user name and password; send one of them.", mode);
  }
  Checked checked = check_password(head, *trust, mode, use);
  if (auto* denial = std::get_if<Denial>(&checked)) return std::move(*denial);
  principal.user = std::get<std::string>(std::move(checked));
  return principal;
}

Authenticator::Checked Authenticator::check_password(const Request& head, const Trust& trust, Authentication mode, DigestUse use) const {
  const std::vector<std::string> values = head.fields.all("Authorization");
  if (values.empty()) return challenge("This needs a user name and password by HTTP " + offered(mode) + "; send them.", mode);
  if (values.size() > 1) return challenge("There are several Authorization fields; send one.", mode);
  const est::Decoded<AuthItem> item = est::http::decode_credentials(values.front());
  if (!item.accepted()) return challenge("The Authorization field is malformed: " + est::describe_first(item.findings) + ".", mode);
  if (est::iequals(item.value->scheme, "Basic") && takes_basic(mode)) return check_basic(*item.value, trust, mode);
  if (est::iequals(item.value->scheme, "Digest") && takes_digest(mode)) return check_digest(*item.value, head, trust, mode, use);
  return challenge("The authentication scheme " + est::printable(item.value->scheme, 40) + " is not taken here; use " + offered(mode) + ".",
                   mode);
}

Authenticator::Checked Authenticator::check_basic(const AuthItem& item, const Trust& trust, Authentication mode) const {
  const std::optional<est::http::Credentials> credentials = est::http::parse_basic(item);
  if (!credentials) return challenge("The Basic credentials are malformed; send base64 of user:password (RFC 7617).", mode);
  const auto known = trust.passwords.find(credentials->user);
  // An unknown user costs the same comparison as a known one.
  const bool right = same_secret(known == trust.passwords.end() ? std::string_view{} : known->second, credentials->password);
  if (known == trust.passwords.end() || !right) return challenge("User name or password is wrong; check both.", mode);
  return credentials->user;
}

Authenticator::Checked Authenticator::check_digest(const AuthItem& item, const Request& head, const Trust& trust, Authentication mode,
                                                   DigestUse use) const {
  if (use == DigestUse::only_look) return item.parameter("username").value_or("");
  const auto lookup = [&](std::string_view user) -> std::optional<std::string> {
    const auto known = trust.passwords.find(user);
    return known == trust.passwords.end() ? std::nullopt : std::optional(known->second);
  };
  const auto user_of_hash = [&](est::http::DigestAlgorithm algorithm, std::string_view hash) -> std::optional<std::string> {
    // To the end in every case: the time tells nobody whether there is such a user.
    std::optional<std::string> known;
    for (const auto& [user, password] : trust.passwords)
      if (est::http::digest_user_hash(algorithm, user, options_.realm) == hash) known = user;
    return known;
  };
  using Outcome = est::http::DigestVerifier::Outcome;
  est::http::DigestVerifier::Verdict verdict = digest_.verify(item, head.method, head.target, lookup, user_of_hash);
  switch (verdict.outcome) {
    case Outcome::accepted:
      return std::move(verdict.user);
    case Outcome::stale:
      return challenge("The nonce is too old or not of this server; repeat the request with the new one.", mode, true);
    case Outcome::refused:
      break;
  }
  return challenge("User name or password is wrong, or the Digest response was made for another request; check them.", mode);
}

Denial Authenticator::challenge(std::string sentence, Authentication mode, bool stale) const {
  Denial denial{401, std::move(sentence), {}};
  if (takes_digest(mode)) denial.challenges = digest_.challenges(stale);
  if (takes_basic(mode)) denial.challenges.push_back("Basic realm=" + quoted_string(options_.realm) + ", charset=\"UTF-8\"");
  return denial;
}

Authenticator::Judged Authenticator::judge_certificate(const est::tls::Facts& facts, const std::shared_ptr<const Trust>& trust) const {
  Judged judged = judge_path(facts, trust);
  const auto* identity = std::get_if<CertificateIdentity>(&judged);
  if (identity == nullptr || identity->anchor != Anchor::authority || !trust->check_crl || !options_.revoked) return judged;
  const est::Result<bool> revoked = options_.revoked(identity->certificate.serial);
  if (!revoked) return Denial{403, "The client certificate cannot be checked for revocation just now; try again later.", {}};
  if (*revoked) return Denial{403, revoked_sentence(identity->certificate), {}};
  return judged;
}

Authenticator::Judged Authenticator::judge_path(const est::tls::Facts& facts, const std::shared_ptr<const Trust>& trust) const {
  if (facts.peer_chain.empty()) return std::monostate{};
  const std::string key = key_of(facts.peer_chain);
  const est::UnixTime now = clock_.now();
  {
    const std::lock_guard lock(memory_->mutex);
    const bool outdated = memory_->trust != trust || memory_->entries.size() >= remember_most;
    if (outdated) memory_->entries.clear();
    memory_->trust = trust;
    const auto found = memory_->entries.find(key);
    if (found != memory_->entries.end() && now < found->second.until && now >= found->second.until - remember_seconds)
      return found->second.judged;
  }
  auto verified = verify_client_certificate(facts.peer_chain, *trust, now);
  Judged judged;
  est::UnixTime until = now + remember_seconds;
  if (auto* identity = std::get_if<CertificateIdentity>(&verified)) {
    until = std::min(until, identity->certificate.validity.not_after);
    judged = std::move(*identity);
  } else {
    judged = Denial{403, std::get<std::string>(std::move(verified)), {}};
  }
  const std::lock_guard lock(memory_->mutex);
  if (memory_->trust == trust) memory_->entries.insert_or_assign(key, Remembered{judged, until});
  return judged;
}

}  // namespace server
