#include <algorithm>
#include <array>

#include "est/base/text.h"
#include "est/codec/media_type.h"
#include "est/crypto/digest.h"
#include "est/http/auth.h"

namespace est::http {
namespace {

struct Algorithm {
  DigestAlgorithm id;
  std::string_view name;
  crypto::Digest digest;
  bool session;
};

// RFC 7616 6.1
constexpr std::array algorithms{
    Algorithm{DigestAlgorithm::md5, "MD5", crypto::Digest::md5, false},
    Algorithm{DigestAlgorithm::md5_sess, "MD5-sess", crypto::Digest::md5, true},
    Algorithm{DigestAlgorithm::sha256, "SHA-256", crypto::Digest::sha256, false},
    Algorithm{DigestAlgorithm::sha256_sess, "SHA-256-sess", crypto::Digest::sha256, true},
    Algorithm{DigestAlgorithm::sha512_256, "SHA-512-256", crypto::Digest::sha512_256, false},
    Algorithm{DigestAlgorithm::sha512_256_sess, "SHA-512-256-sess", crypto::Digest::sha512_256, true},
};

const Algorithm& facts_of(DigestAlgorithm algorithm) {
  const auto* const found = std::find_if(algorithms.begin(), algorithms.end(), [&](const Algorithm& each) { return each.id == algorithm; });
  return found == algorithms.end() ? algorithms.front() : *found;
}

// H(parts joined by ":"), LHEX
std::string hash(const Algorithm& algorithm, const std::vector<std::string>& parts) {
  return hex(crypto::digest(algorithm.digest, as_bytes(join(parts, ":"))));
}

// nc-value = 8LHEX
std::string count_text(std::uint32_t count) {
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) text.push_back("0123456789abcdef"[count >> static_cast<unsigned>(shift) & 15U]);
  return text;
}

bool offers_auth(std::string_view qop) {
  const std::vector<std::string_view> options = split(qop, ',');
  return std::any_of(options.begin(), options.end(), [](std::string_view option) { return iequals(trim(option), "auth"); });
}

}  // namespace

std::string_view to_string(DigestAlgorithm algorithm) noexcept { return facts_of(algorithm).name; }

std::optional<DigestAlgorithm> digest_algorithm_by_name(std::string_view name) {
  for (const Algorithm& each : algorithms)
    if (iequals(each.name, name)) return each.id;
  return std::nullopt;
}

std::string digest_ha1(DigestAlgorithm algorithm, const Credentials& credentials, std::string_view realm) {
  return hash(facts_of(algorithm), {credentials.user, std::string(realm), credentials.password});
}

std::optional<DigestChallenge> parse_digest_challenge(const AuthItem& item) {
  const auto realm = item.parameter("realm");
  const auto nonce = item.parameter("nonce");
  const auto qop = item.parameter("qop");
  const auto algorithm = digest_algorithm_by_name(item.parameter("algorithm").value_or("MD5"));
  if (!iequals(item.scheme, "Digest") || !realm || !nonce || !algorithm || (qop && !offers_auth(*qop))) return std::nullopt;
  if (!qop && *algorithm != DigestAlgorithm::md5) return std::nullopt;
  DigestChallenge challenge;
  challenge.realm = *realm;
  challenge.nonce = *nonce;
  challenge.opaque = item.parameter("opaque").value_or("");
  challenge.algorithm = *algorithm;
  challenge.qop_auth = qop.has_value();
  challenge.userhash = iequals(item.parameter("userhash").value_or(""), "true");
  challenge.stale = iequals(item.parameter("stale").value_or(""), "true");
  return challenge;
}

std::string encode(const DigestChallenge& challenge) {
  std::string text = "Digest realm=" + codec::quoted(challenge.realm);
  if (challenge.qop_auth) text += ", qop=\"auth\"";
  text += ", algorithm=" + std::string(to_string(challenge.algorithm)) + ", nonce=" + codec::quoted(challenge.nonce);
  if (!challenge.opaque.empty()) text += ", opaque=" + codec::quoted(challenge.opaque);
  if (challenge.userhash) text += ", userhash=true";
  if (challenge.stale) text += ", stale=true";
  return text;
}

std::string digest_response(const DigestChallenge& challenge, const Credentials& credentials, std::string_view method, std::string_view uri,
                            std::uint32_t count, std::string_view cnonce) {
  const Algorithm& algorithm = facts_of(challenge.algorithm);
  std::string a1 = digest_ha1(challenge.algorithm, credentials, challenge.realm);
  const std::string_view session = challenge.session_cnonce.empty() ? cnonce : std::string_view(challenge.session_cnonce);
  if (algorithm.session) a1 = hash(algorithm, {a1, challenge.nonce, std::string(session)});
  const std::string a2 = hash(algorithm, {std::string(method), std::string(uri)});
  if (!challenge.qop_auth) return hash(algorithm, {a1, challenge.nonce, a2});
  return hash(algorithm, {a1, challenge.nonce, count_text(count), std::string(cnonce), "auth", a2});
}

std::string digest_user_hash(DigestAlgorithm algorithm, std::string_view user, std::string_view realm) {
  return hash(facts_of(algorithm), {std::string(user), std::string(realm)});
}

std::string digest_authorization(const DigestChallenge& challenge, const Credentials& credentials, std::string_view method,
                                 std::string_view uri, std::uint32_t count, std::string_view cnonce, UserName name) {
  const bool hashed = name == UserName::hashed;
  const std::string user = hashed ? digest_user_hash(challenge.algorithm, credentials.user, challenge.realm) : credentials.user;
  const std::string response = digest_response(challenge, credentials, method, uri, count, cnonce);
  std::string text = "Digest username=" + codec::quoted(user) + ", realm=" + codec::quoted(challenge.realm) +
                     ", uri=" + codec::quoted(uri) + ", algorithm=" + std::string(to_string(challenge.algorithm)) +
                     ", nonce=" + codec::quoted(challenge.nonce);
  if (challenge.qop_auth) text += ", nc=" + count_text(count) + ", cnonce=" + codec::quoted(cnonce) + ", qop=auth";
  if (hashed) text += ", userhash=true";
  text += ", response=" + codec::quoted(response);
  if (!challenge.opaque.empty()) text += ", opaque=" + codec::quoted(challenge.opaque);
  return text;
}

}  // namespace est::http
