#include "conformance/steps/authenticate.h"

#include <array>

#include "conformance/steps/redact.h"
#include "est/base/text.h"
#include "est/crypto/digest.h"

namespace conformance::steps {
namespace {

using est::http::DigestChallenge;

struct Offers {
  std::vector<DigestChallenge> digests;  // strongest first
  bool basic = false;
};

Offers offers_of(const est::http::Fields& fields) {
  Offers offers;
  const auto challenges = est::http::decode_challenges(fields.all("WWW-Authenticate"));
  if (!challenges.value) return offers;
  for (const auto& item : *challenges.value) {
    if (est::iequals(item.scheme, "basic")) offers.basic = true;
    if (!est::iequals(item.scheme, "digest")) continue;
    if (auto challenge = est::http::parse_digest_challenge(item)) offers.digests.push_back(std::move(*challenge));
  }
  // The enumeration goes from weak to strong.
  std::stable_sort(offers.digests.begin(), offers.digests.end(), [](const auto& a, const auto& b) { return a.algorithm > b.algorithm; });
  return offers;
}

std::string fresh_cnonce() { return est::hex(est::crypto::random_bytes(16)); }

// One character in the middle replaced by another of its kind. Not the last one, whose low bits base64 may ignore, and never just the case
// of a letter, which hexadecimal ignores.
std::string tampered(std::string nonce) {
  const auto middle = nonce.size() / 2;
  for (std::size_t step = 0; step < nonce.size(); ++step) {
    char& c = nonce[(middle + step) % nonce.size()];
    const bool digit = c >= '0' && c <= '9';
    const char lower = est::ascii_lower(c);
    if (!digit && (lower < 'a' || lower > 'z')) continue;
    c = digit ? (c == '1' ? '2' : '1') : (lower == 'b' ? 'c' : 'b');
    return nonce;
  }
  return nonce + "1";
}

}  // namespace

Authenticator::Authenticator(const Parameters& parameters, const target::Profile& profile, Memory& memory, bool usable)
    : parameters_(parameters),
      profile_(profile),
      memory_(memory),
      usable_(usable),
      scheme_(parameters.text("scheme", "auto")),
      nonce_(parameters.text("nonce", "fresh")) {}

std::optional<engine::StepOutcome> Authenticator::problem() const {
  if (!usable_) return std::nullopt;
  const std::string named = parameters_.text("user", "right");
  if ((named == "colon" || named == "non-ascii") && profile_.odd_passwords.count(named) == 0)
    return cannot("the profile has no user '" + named + "'; add access.odd-passwords." + named);
  const bool user = named == "right";
  const bool password = parameters_.text("password", "right") == "right";
  if ((user || password) && !profile_.password) return cannot("the profile has no user and password; add access.password");
  if ((nonce_ == "replayed" || nonce_ == "next") && !memory_.digest) {
    return cannot("no Digest authentication went before whose nonce could be used again; the target did not ask for Digest");
  }
  return std::nullopt;
}

est::http::Credentials Authenticator::credentials() const {
  est::http::Credentials result;
  const std::string user = parameters_.text("user", "right");
  const std::string password = parameters_.text("password", "right");
  if (const auto odd = profile_.odd_passwords.find(user); odd != profile_.odd_passwords.end()) {
    const std::string& whole = odd->second.password;
    return {odd->second.user, password == "cut" ? whole.substr(0, whole.find(':')) : whole};
  }
  if (user == "right") result.user = profile_.password->user;
  if (user == "unknown") result.user = unknown_user;
  if (user == "line-break") result.user = std::string(unknown_user) + "\r\nX-Injected: user\r\n\r\nbody";
  if (password == "right") result.password = profile_.password->password;
  if (password == "wrong") result.password = wrong_password;
  return result;
}

Authorization Authenticator::compose(const DigestUse& use, std::string_view method, std::string_view target) const {
  const std::string uri = parameters_.text("digest-uri", "right") == "other" ? "/other" : std::string(target);
  const bool hashed = parameters_.text("digest-user", "plain") == "hashed";
  return {est::http::digest_authorization(use.challenge, credentials(), method, uri, use.count, use.cnonce,
                                          hashed ? est::http::UserName::hashed : est::http::UserName::plain),
          "digest " + std::string(to_string(use.challenge.algorithm))};
}

Maybe<std::optional<Authorization>> Authenticator::first(std::string_view method, std::string_view target) {
  if (const auto raw = parameters_.maybe_text("authorization")) return std::optional(Authorization{*raw, "raw"});
  if (!usable_) return std::optional<Authorization>();
  if (scheme_ == "basic") return std::optional(Authorization{est::http::basic_authorization(credentials()), "basic"});
  if (nonce_ == "next") {
    ++memory_.digest->count;
    return std::optional(compose(*memory_.digest, method, target));
  }
  if (nonce_ == "replayed") return std::optional(compose(*memory_.digest, method, target));
  return std::optional<Authorization>();
}

Maybe<std::optional<Authorization>> Authenticator::answer(const est::http::Fields& fields, std::string_view method, std::string_view target,
                                                          bool again) {
  if (!usable_ || scheme_ == "basic" || nonce_ == "replayed" || parameters_.has("authorization")) return std::optional<Authorization>();
  const Offers offers = offers_of(fields);
  const auto wanted = parameters_.maybe_text("digest-algorithm");
  for (const auto& challenge : offers.digests) {
    if (wanted && !est::iequals(*wanted, to_string(challenge.algorithm))) continue;
    if (parameters_.text("digest-user", "plain") == "hashed" && !challenge.userhash)
      return cannot("the target's Digest challenge does not offer userhash");
    if (again && !challenge.stale) return std::optional<Authorization>();
    return digest(challenge, method, target);
  }
  if (wanted) return cannot("the target offers no Digest challenge with " + *wanted);
  if (scheme_ == "digest") return cannot("the target offers no Digest challenge");
  if (offers.basic && !again) return std::optional(Authorization{est::http::basic_authorization(credentials()), "basic"});
  return std::optional<Authorization>();
}

Maybe<std::optional<Authorization>> Authenticator::digest(const DigestChallenge& challenge, std::string_view method,
                                                          std::string_view target) {
  DigestUse use{challenge, 1, fresh_cnonce()};
  if (nonce_ == "foreign") use.challenge.nonce = est::hex(est::crypto::random_bytes(16));
  if (nonce_ == "tampered") use.challenge.nonce = tampered(challenge.nonce);
  auto authorization = compose(use, method, target);
  // Only a nonce of the target's own is worth using again.
  if (nonce_ == "fresh" || nonce_ == "next") memory_.digest = std::move(use);
  return std::optional(std::move(authorization));
}

}  // namespace conformance::steps
