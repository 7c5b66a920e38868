// HTTP authentication, both sides: Basic (RFC 7617) and Digest (RFC 7616; RFC 2617's MD5 too), several challenges in one answer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "est/base/clock.h"
#include "est/base/finding.h"

namespace est::http {

// One challenge or one credential: scheme with either a token68 or parameters (RFC 9110 11.2-11.4).
struct AuthItem {
  std::string scheme;  // as sent; compare with iequals
  std::string token68;
  std::vector<std::pair<std::string, std::string>> parameters;  // names lower case, values unquoted
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

// All challenges of all WWW-Authenticate (or Proxy-Authenticate) field values, in order; the value is always there. Finding ids, both
// errors: auth.syntax (the rest of that field value is given up), auth.duplicate-parameter (the first stands). Offsets count within the
// field value concerned. Details never quote what was sent: it may be a password.
[[nodiscard]] Decoded<std::vector<AuthItem>> decode_challenges(const std::vector<std::string>& field_values);
// The value of Authorization: exactly one item.
[[nodiscard]] Decoded<AuthItem> decode_credentials(std::string_view field_value);

struct Credentials {
  std::string user;
  std::string password;
};

// --- Basic
[[nodiscard]] std::string basic_authorization(const Credentials& credentials);
// Nothing when it is not Basic, not base64, has no colon, or holds control characters (RFC 7617 2).
[[nodiscard]] std::optional<Credentials> parse_basic(const AuthItem& item);

// --- Digest
enum class DigestAlgorithm { md5, md5_sess, sha256, sha256_sess, sha512_256, sha512_256_sess };
[[nodiscard]] std::string_view to_string(DigestAlgorithm algorithm) noexcept;                  // "SHA-256-sess"
[[nodiscard]] std::optional<DigestAlgorithm> digest_algorithm_by_name(std::string_view name);  // case-insensitive
// H(user:realm:password) in lower-case hex: what a server may store instead of a password. The same with and without "-sess".
[[nodiscard]] std::string digest_ha1(DigestAlgorithm algorithm, const Credentials& credentials, std::string_view realm);

struct DigestChallenge {
  std::string realm, nonce, opaque;
  DigestAlgorithm algorithm = DigestAlgorithm::md5;
  bool qop_auth = false;
  bool stale = false;
  bool userhash = false;  // the server understands hashed user names (RFC 7616 3.4.4)
  // "-sess" only: the cnonce of the first request made with this nonce (RFC 7616 3.4.2); empty: the one of this request.
  std::string session_cnonce;
};
// Nothing when it is not Digest, lacks realm or nonce, has an unknown algorithm, or a qop without "auth". A challenge without qop
// (RFC 2069 style) is usable with MD5 only.
[[nodiscard]] std::optional<DigestChallenge> parse_digest_challenge(const AuthItem& item);
[[nodiscard]] std::string encode(const DigestChallenge& challenge);

// RFC 7616 3.4.1: the value of "response", lower-case hex. Without qop_auth `count` and `cnonce` are not used.
[[nodiscard]] std::string digest_response(const DigestChallenge& challenge, const Credentials& credentials, std::string_view method,
                                          std::string_view uri, std::uint32_t count, std::string_view cnonce);
// RFC 7616 3.4.4: H(user:realm) in lower-case hex, sent instead of the name. The response is made with the name all the same.
[[nodiscard]] std::string digest_user_hash(DigestAlgorithm algorithm, std::string_view user, std::string_view realm);
enum class UserName { plain, hashed };
// The value of Authorization. `count` is the nonce count (1 for the first use of this nonce). `uri` is the request target as sent.
[[nodiscard]] std::string digest_authorization(const DigestChallenge& challenge, const Credentials& credentials, std::string_view method,
                                               std::string_view uri, std::uint32_t count, std::string_view cnonce,
                                               UserName name = UserName::plain);

// Server side: makes nonces, remembers counts, verifies. Threads: safe from any thread. A nonce carries its number, its time and a MAC
// under a key of this object, so challenges cost no memory; one is remembered from its first successful use on, at most `most_nonces`
// at a time. The oldest is forgotten first and stays unusable (its user then gets stale=true).
//
// Outcomes: `stale` only when the password is right, yet the nonce is too old, forgotten, not ours, or its count was used before (counts
// may arrive out of order within 64); `refused` for everything else, a `uri` that does not name the request target included. MD5 without
// qop (RFC 2069 clients) is accepted once per nonce. With "-sess" the session key may be of the nonce's first or of the present cnonce:
// clients do both. Not offered and refused: auth-int, and userhash unless Options::userhash.
class DigestVerifier {
 public:
  struct Options {
    std::string realm = "estspec";
    std::vector<DigestAlgorithm> algorithms = {DigestAlgorithm::sha256, DigestAlgorithm::md5};
    std::int64_t nonce_lifetime = 300;  // seconds
    std::size_t most_nonces = 10000;
    bool userhash = false;  // offered; `verify` then needs to be told whose hash it is
  };
  enum class Outcome { accepted, refused, stale };
  struct Verdict {
    Outcome outcome = Outcome::refused;
    std::string user;    // as claimed; to be believed only when accepted
    std::string reason;  // for the log: tells an unknown user from a wrong password, so not for the peer
  };
  // The plain password of a user, or nothing when unknown (then the same work is done with a dummy).
  using Lookup = std::function<std::optional<std::string>(std::string_view user)>;
  // Who has this digest_user_hash.
  using UserOfHash = std::function<std::optional<std::string>(DigestAlgorithm algorithm, std::string_view hash)>;

  // The clock must outlive the verifier.
  DigestVerifier(Options options, const Clock& clock);
  ~DigestVerifier();
  DigestVerifier(DigestVerifier&&) noexcept;
  DigestVerifier& operator=(DigestVerifier&&) noexcept;
  // One WWW-Authenticate value per algorithm, best first.
  [[nodiscard]] std::vector<std::string> challenges(bool stale) const;
  [[nodiscard]] Verdict verify(const AuthItem& item, std::string_view method, std::string_view request_target, const Lookup& lookup,
                               const UserOfHash& user_of_hash = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace est::http
