// The target profile: what the target claims (ICS) and how to reach it (IXIT), from one YAML file and/or plain flags.
// Secrets are references (environment variable or file), resolved here and handed to steps; they never enter `public_json`.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/engine/evidence.h"
#include "conformance/target/declaration.h"
#include "est/base/result.h"
#include "est/crypto/key.h"
#include "est/net/address.h"
#include "est/tls/context.h"

namespace conformance::target {

// Claims a server profile may make (the vocabulary of `needs`): name and meaning.
[[nodiscard]] const Claims& server_claims();
// Claims of proxy profiles beside those.
[[nodiscard]] const Claims& proxy_claims();

struct Password {
  std::string user;
  std::string password;
};

// What the suite may ask an operator to do: a command line (with {placeholders}), "prompt", or, in programs, a function.
struct OperatorAction {
  using Values = std::map<std::string, std::string, std::less<>>;  // the placeholders that have a value
  std::string command;
  bool prompt = false;
  std::function<est::Status(const Values&)> call = {};
};

// A key that protects what /serverkeygen delivers (RFC 7030 4.4.1): its identifier at the target, and what opens the envelope.
struct ProtectionKey {
  std::string identifier;                      // octets
  est::Bytes secret;                           // AES key; empty for the others
  std::optional<est::crypto::PrivateKey> key;  // RSA or EC; nothing for one whose use is forbidden
};

struct CsrPolicy {
  std::string subject = "CN=estspec-{n}";                         // RFC 4514; {n} is unique in a run
  std::vector<std::string> subject_alt_names;                     // "DNS:estspec-{n}.example"
  est::crypto::KeyType key_type = est::crypto::KeyType::ec_p256;  // used where a scenario does not say
  std::vector<est::crypto::KeyType> key_types = {est::crypto::KeyType::ec_p256};
};

// What the suite is to a proxy: the EST server behind it.
struct Upstream {
  est::net::Endpoint listen;                               // where the suite waits for the proxy
  std::string name = "localhost";                          // what the proxy calls it: the DNS name in the upstream's certificate
  std::string files;                                       // folder of what the proxy was configured with; see peer/upstream_files.h
  std::map<std::string, std::string, std::less<>> labels;  // the front's to the upstream's, where they differ
  // From those files; set by whoever loads them. Certificates as SHA-256 fingerprints in hexadecimal.
  std::string user;
  std::string registration_authority;
  std::vector<std::string> ca_certificates;  // what /cacerts has

  [[nodiscard]] std::string label_of(const std::string& front) const;
};

constexpr int most_jobs = 64;

struct Limits {
  int jobs = 4;                      // scenarios at a time
  double requests_per_second = 0;    // 0: no limit
  std::size_t max_certificates = 0;  // 0: no limit
  std::int64_t longest_wait_seconds = 30;
  std::int64_t operator_seconds = 60;
};

struct Profile : Declaration {
  std::string role = "server";
  est::net::Url url;
  std::string label;  // default CA label, may be empty
  // Where a feature has an address of its own: feature name -> URL ("late-client-certificate" -> another port).
  std::map<std::string, est::net::Url, std::less<>> urls;
  std::vector<std::string> server_names;  // DNS names the target holds certificates for, each its own
  std::vector<est::Bytes> trust_anchors;
  std::optional<Password> password;  // first enrollment by password
  // Further users by what is uncommon in their password: "colon", "non-ascii". Claims speak of them.
  std::map<std::string, Password, std::less<>> odd_passwords;
  // Values for otpChallenge (RFC 7894), each good for one enrollment of the user above. Once sent they are of no use to anybody.
  std::vector<std::string> one_time_passwords;
  // Identities the operator supplies, by name: "client" (first enrollment or re-enroll), "manufacturer", "ra", "expired", "revoked",
  // "wrong-purpose" ...
  std::map<std::string, est::tls::Identity, std::less<>> identities;
  // A CA whose certificates the target accepts for client authentication and whose key the suite holds: from it the suite mints
  // expired, not-yet-valid and wrong-purpose certificates.
  std::optional<est::tls::Identity> client_ca;
  // Fields every HTTP request carries beside the suite's own, for a target that wants more than EST does; a step's `headers` has the last
  // word.
  std::vector<std::pair<std::string, std::string>> request_headers;
  // Where a variant of policy lives: feature name -> label ("manual-approval" -> "manual").
  std::map<std::string, std::string, std::less<>> labels;
  std::map<std::string, OperatorAction, std::less<>> operator_actions;  // "approve", "revoke", "restart", "reload", "expire-crl", ...
  std::map<std::string, ProtectionKey, std::less<>> protection_keys;    // "symmetric", "key-transport", "key-agreement", "restricted"
  CsrPolicy csr;
  Limits limits;
  std::optional<Upstream> upstream;          // of a proxy, and only there
  std::vector<std::string> further_secrets;  // that are no part of the above

  [[nodiscard]] std::vector<std::string> unanswered() const;  // claims that are neither claimed nor denied by a mapping

  // Everything above that is not secret, in a stable form: stored in results.json and handed to checks.
  [[nodiscard]] engine::Json public_json() const;
  // A salted digest (PBKDF2) of each password and shared secret by what it is for, so that its holder can show later which one was used.
  // Takes some tenths of a second. A weak password can be guessed with its help, as with any digest.
  [[nodiscard]] engine::Json secret_digests() const;
  // Every secret value, for redaction.
  [[nodiscard]] std::vector<std::string> secrets() const;
};

// Errors: "file:line: what is wrong; cure".
[[nodiscard]] est::Result<Profile> load_profile(const std::string& path);
// The same of its text; `path` is for messages and for the files it names, which are relative to its folder.
[[nodiscard]] est::Result<Profile> parse_profile(std::string_view text, const std::string& path);

struct Flags {
  std::string url, trust_anchor, user, password, client_certificate, client_key, label;
  std::string upstream_listen, upstream_name, upstream_files;  // of proxies
};
// Flags override the profile's fields; without a profile, claims follow from the flags given.
[[nodiscard]] est::Result<Profile> apply_flags(std::optional<Profile> profile, const Flags& flags);
// The same for a proxy, whose profile gets an `upstream` if it has none.
[[nodiscard]] est::Result<Profile> apply_proxy_flags(std::optional<Profile> profile, const Flags& flags);

}  // namespace conformance::target
