#include <algorithm>
#include <map>
#include <mutex>
#include <variant>

#include "est/base/text.h"
#include "est/crypto/digest.h"
#include "est/http/auth.h"
#include "est/http/values.h"

namespace est::http {
namespace {

constexpr std::size_t mac_octets = 16;
constexpr std::size_t nonce_length = 2 * (8 + 8 + mac_octets);  // number, time and MAC in hexadecimal
constexpr unsigned window = 64;                                 // nonce counts remembered behind the highest

// HMAC-SHA-256 (RFC 2104); `key` is 32 octets.
Bytes mac(BytesView key, std::string_view text) {
  constexpr std::size_t block = 64;
  Bytes inner(block, 0x36);
  Bytes outer(block, 0x5c);
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner[i] ^= key[i];
    outer[i] ^= key[i];
  }
  append(inner, text);
  append(outer, crypto::digest(crypto::Digest::sha256, inner));
  return crypto::digest(crypto::Digest::sha256, outer);
}

std::string hex_number(std::uint64_t number) {
  Bytes octets;
  for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<Byte>(number >> static_cast<unsigned>(shift)));
  return hex(octets);
}

// Hexadecimal digits of both cases, nothing else.
std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t number = 0;
  for (const char c : text) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(ascii_lower(c));
    if (digit == std::string_view::npos) return std::nullopt;
    number = number << 4U | digit;
  }
  return number;
}

// ext-value of username* (RFC 8187): UTF-8'[language]'value
std::optional<std::string> parse_extended(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '\'');
  if (parts.size() != 3 || !iequals(parts[0], "UTF-8")) return std::nullopt;
  return percent_decode(parts[2]);
}

// The uri parameter must name the resource of the request line (RFC 7616 3.4.6); a proxy may have turned one form into the other.
bool same_target(std::string_view uri, std::string_view request_target) {
  if (uri == request_target) return true;
  const auto claimed = parse_target(uri);
  const auto real = parse_target(request_target);
  return claimed && real && claimed->path == real->path && claimed->query == real->query &&
         (claimed->authority.empty() || real->authority.empty());
}

// What the client claims, parsed but not yet believed.
struct Claim {
  DigestChallenge challenge;
  Credentials credentials;
  bool hashed_user = false;  // credentials.user is a digest_user_hash
  std::string uri, cnonce, response;
  std::uint32_t count = 1;
};

// The nonce counts one nonce was used with.
struct Uses {
  std::uint32_t highest = 0;
  std::uint64_t seen = 0;  // bit i: count highest - i

  std::string first_cnonce;

  // False when `count` was used before, or is too old to tell.
  [[nodiscard]] bool note(std::uint32_t count) {
    if (count > highest) {
      const std::uint32_t step = count - highest;
      seen = (step < window ? seen << step : 0) | 1U;
      highest = count;
      return true;
    }
    const std::uint32_t age = highest - count;
    if (age >= window || (seen >> age & 1U) != 0) return false;
    seen |= std::uint64_t{1} << age;
    return true;
  }
};

}  // namespace

struct DigestVerifier::Impl {
  Impl(Options given, const Clock& given_clock) : options(std::move(given)), clock(&given_clock) {}

  std::string make_nonce() {
    const std::lock_guard lock(mutex);
    return sealed(hex_number(next_number++) + hex_number(static_cast<std::uint64_t>(clock->now())));
  }

  [[nodiscard]] std::string sealed(const std::string& content) const {
    return content + hex(BytesView(mac(key, content)).first(mac_octets));
  }

  // A Claim, or why there is none.
  [[nodiscard]] std::variant<Claim, std::string> read(const AuthItem& item) const {
    if (!iequals(item.scheme, "Digest") || !item.token68.empty()) return "not Digest credentials";
    for (const std::string_view name : {"realm", "nonce", "uri", "response"})
      if (!item.parameter(name)) return "the parameter " + std::string(name) + " is missing";
    Claim claim;
    const auto algorithm = digest_algorithm_by_name(item.parameter("algorithm").value_or("MD5"));
    if (!algorithm || std::find(options.algorithms.begin(), options.algorithms.end(), *algorithm) == options.algorithms.end())
      return "the algorithm was not offered";
    claim.challenge.algorithm = *algorithm;
    claim.challenge.realm = *item.parameter("realm");
    claim.challenge.nonce = *item.parameter("nonce");
    claim.uri = *item.parameter("uri");
    claim.response = ascii_lower(*item.parameter("response"));
    claim.hashed_user = iequals(item.parameter("userhash").value_or("false"), "true");
    if (claim.hashed_user && !options.userhash) return "userhash was not offered";
    std::string problem = read_user(item, claim);
    if (problem.empty()) problem = read_count(item, claim);
    if (!problem.empty()) return problem;
    if (claim.challenge.realm != options.realm) return "another realm";
    return claim;
  }

  static std::string read_user(const AuthItem& item, Claim& claim) {
    const auto plain = item.parameter("username");
    const auto extended = item.parameter("username*");
    if (plain.has_value() == extended.has_value()) return "not exactly one of username and username*";
    if (claim.hashed_user && !plain) return "userhash with username*";
    const auto user = plain ? plain : parse_extended(*extended);
    if (!user) return "username* is malformed";
    claim.credentials.user = *user;
    return {};
  }

  // nc = 8LHEX
  static std::string read_count(const AuthItem& item, Claim& claim) {
    const auto qop = item.parameter("qop");
    if (!qop) return claim.challenge.algorithm == DigestAlgorithm::md5 ? "" : "qop is missing";
    if (!iequals(*qop, "auth")) return "this qop was not offered";
    const std::string digits = item.parameter("nc").value_or("");
    const auto count = parse_hex(digits);
    if (digits.size() != 8 || !count || *count == 0) return "nc is not eight hexadecimal digits above zero";
    claim.cnonce = item.parameter("cnonce").value_or("");
    if (claim.cnonce.empty()) return "cnonce is missing";
    claim.count = static_cast<std::uint32_t>(*count);
    claim.challenge.qop_auth = true;
    return {};
  }

  // An unknown user costs the same computation as a known one.
  bool right_response(Claim& claim, std::string_view method, const std::optional<std::string>& password) {
    claim.credentials.password = password.value_or("no such user: this is nobody's password");
    const bool present = response_matches(claim, method);
    claim.challenge.session_cnonce = first_cnonce(claim.challenge.nonce);
    const bool first = response_matches(claim, method);
    return password.has_value() && (present || first);
  }

  static bool response_matches(const Claim& claim, std::string_view method) {
    const std::string expected = digest_response(claim.challenge, claim.credentials, method, claim.uri, claim.count, claim.cnonce);
    return equal_constant_time(as_bytes(expected), as_bytes(claim.response));
  }

  // Of a nonce in use; empty for any other.
  std::string first_cnonce(std::string_view nonce) {
    const auto number = parse_hex(nonce.substr(0, 16));
    const std::lock_guard lock(mutex);
    const auto known = used.find(number.value_or(0));
    return known == used.end() ? "" : known->second.first_cnonce;
  }

  // Empty when the nonce is ours, young, and this count of it is new; then the use is noted. Otherwise why it is stale.
  std::string use_nonce(const Claim& claim) {
    const std::string& nonce = claim.challenge.nonce;
    if (nonce.size() != nonce_length) return "the nonce is not of this server";
    const std::string content = nonce.substr(0, nonce_length - 2 * mac_octets);
    if (!equal_constant_time(as_bytes(sealed(content)), as_bytes(nonce))) return "the nonce is not of this server";
    const std::uint64_t number = parse_hex(content.substr(0, 16)).value_or(0);
    const auto made = static_cast<UnixTime>(parse_hex(content.substr(16)).value_or(0));
    const UnixTime now = clock->now();
    if (now - made > options.nonce_lifetime || made - now > options.nonce_lifetime) return "the nonce is too old";
    const std::lock_guard lock(mutex);
    return note_use(number, claim);
  }

  // Called with the mutex held.
  std::string note_use(std::uint64_t number, const Claim& claim) {
    const auto known = used.find(number);
    if (known != used.end()) return known->second.note(claim.count) ? "" : "the nonce count was used before";
    if (number < forgotten_below) return "the nonce has been forgotten";
    Uses& uses = used[number];
    uses.first_cnonce = claim.cnonce;
    (void)uses.note(claim.count);
    while (used.size() > std::max<std::size_t>(options.most_nonces, 1)) {
      forgotten_below = used.begin()->first + 1;
      used.erase(used.begin());
    }
    return {};
  }

  Options options;
  const Clock* clock;
  Bytes key = crypto::random_bytes(32);
  std::mutex mutex;  // guards what follows
  std::uint64_t next_number = 1;
  std::uint64_t forgotten_below = 0;   // unused nonces below this number are refused, for they may have been used
  std::map<std::uint64_t, Uses> used;  // by number: the oldest first
};

DigestVerifier::DigestVerifier(Options options, const Clock& clock) : impl_(std::make_unique<Impl>(std::move(options), clock)) {}
DigestVerifier::~DigestVerifier() = default;
DigestVerifier::DigestVerifier(DigestVerifier&&) noexcept = default;
DigestVerifier& DigestVerifier::operator=(DigestVerifier&&) noexcept = default;

std::vector<std::string> DigestVerifier::challenges(bool stale) const {
  std::vector<std::string> values;
  for (const DigestAlgorithm algorithm : impl_->options.algorithms) {
    DigestChallenge challenge;
    challenge.realm = impl_->options.realm;
    challenge.nonce = impl_->make_nonce();
    challenge.algorithm = algorithm;
    challenge.qop_auth = true;
    challenge.stale = stale;
    challenge.userhash = impl_->options.userhash;
    values.push_back(encode(challenge));
  }
  return values;
}

DigestVerifier::Verdict DigestVerifier::verify(const AuthItem& item, std::string_view method, std::string_view request_target,
                                               const Lookup& lookup, const UserOfHash& user_of_hash) const {
  auto read = impl_->read(item);
  if (auto* problem = std::get_if<std::string>(&read)) return {Outcome::refused, {}, std::move(*problem)};
  Claim& claim = std::get<Claim>(read);
  if (claim.hashed_user) {
    auto known = user_of_hash ? user_of_hash(claim.challenge.algorithm, ascii_lower(claim.credentials.user)) : std::nullopt;
    if (known) claim.credentials.user = *std::move(known);
  }
  const std::string user = claim.credentials.user;
  if (!same_target(claim.uri, request_target)) return {Outcome::refused, user, "the uri parameter names another resource"};
  const auto password = lookup(user);
  if (!impl_->right_response(claim, method, password)) return {Outcome::refused, user, password ? "wrong password" : "unknown user"};
  std::string problem = impl_->use_nonce(claim);
  if (!problem.empty()) return {Outcome::stale, user, std::move(problem)};
  return {Outcome::accepted, user, {}};
}

}  // namespace est::http
