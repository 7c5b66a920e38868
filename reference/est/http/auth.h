// HTTP authentication, both sides: Basic (RFC 7617) and Digest (RFC 7616; RFC 2617's MD5 too), several challenges in one answer.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/clock.h"
#include "est/base/finding.h"
#include "est/base/result.h"

namespace est::http {

// One challenge or one credential: scheme with either a token68 or parameters (RFC 9110 11.2-11.4).
struct AuthItem {
  std::string scheme;  // as sent; compare with iequals
  std::string token68;
  std::vector<std::pair<std::string, std::string>> parameters;  // names lower case, values unquoted
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

// All challenges of all WWW-Authenticate (or Proxy-Authenticate) field values. Finding ids: auth.syntax, auth.duplicate-parameter.
[[nodiscard]] Decoded<std::vector<AuthItem>> decode_challenges(const std::vector<std::string>& field_values);
[[nodiscard]] Decoded<AuthItem> decode_credentials(std::string_view field_value);

struct Credentials {
  std::string user;
  std::string password;
};

// --- Basic
[[nodiscard]] std::string basic_authorization(const Credentials& credentials);
[[nodiscard]] std::optional<Credentials> parse_basic(const AuthItem& item);

// --- Digest
enum class DigestAlgorithm { md5, md5_sess, sha256, sha256_sess, sha512_256, sha512_256_sess };
[[nodiscard]] std::string_view to_string(DigestAlgorithm algorithm) noexcept;                  // "SHA-256-sess"
[[nodiscard]] std::optional<DigestAlgorithm> digest_algorithm_by_name(std::string_view name);  // case-insensitive
// H(user:realm:password) in lower-case hex: what a server may store instead of a password.
[[nodiscard]] std::string digest_ha1(DigestAlgorithm algorithm, const Credentials& credentials, std::string_view realm);

struct DigestChallenge {
  std::string realm, nonce, opaque;
  DigestAlgorithm algorithm = DigestAlgorithm::md5;
  bool qop_auth = false;
  bool stale = false;
};
[[nodiscard]] std::optional<DigestChallenge> parse_digest_challenge(const AuthItem& item);
[[nodiscard]] std::string encode(const DigestChallenge& challenge);

// The value of Authorization. `count` is the nonce count (1 for the first use of this nonce).
[[nodiscard]] std::string digest_authorization(const DigestChallenge& challenge, const Credentials& credentials, std::string_view method,
                                               std::string_view uri, std::uint32_t count, std::string_view cnonce);

// Server side: makes nonces, remembers counts, verifies. Threads: safe from any thread. Memory: at most `most_nonces`
// remembered, the oldest forgotten (its user then gets stale=true).
class DigestVerifier {
 public:
  struct Options {
    std::string realm = "estspec";
    std::vector<DigestAlgorithm> algorithms = {DigestAlgorithm::sha256, DigestAlgorithm::md5};
    std::int64_t nonce_lifetime = 300;  // seconds
    std::size_t most_nonces = 10000;
  };
  enum class Outcome { accepted, refused, stale };
  struct Verdict {
    Outcome outcome = Outcome::refused;
    std::string user;
    std::string reason;  // for the log
  };
  // The plain password of a user, or nothing when unknown (then the same work is done with a dummy).
  using Lookup = std::function<std::optional<std::string>(std::string_view user)>;

  DigestVerifier(Options options, const Clock& clock);
  ~DigestVerifier();
  // One WWW-Authenticate value per algorithm, best first.
  [[nodiscard]] std::vector<std::string> challenges(bool stale) const;
  [[nodiscard]] Verdict verify(const AuthItem& item, std::string_view method, std::string_view request_target, const Lookup& lookup) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace est::http
