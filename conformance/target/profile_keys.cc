#include "conformance/target/profile_keys.h"

namespace conformance::target {
namespace {

void add(std::vector<ProfileKey>& keys, const std::vector<ProfileKey>& more) { keys.insert(keys.end(), more.begin(), more.end()); }

const std::vector<ProfileKey>& common_keys() {
  static const std::vector<ProfileKey> keys{
      {"role", "server (the default), client or proxy"},
      {"target", "the product, for the report"},
      {"target.name", "its name; required"},
      {"target.vendor", "who makes it"},
      {"target.version", "its version; quote it"},
      {"claims", "what it can do: a list of names, or a mapping of names to true and false, which --certify wants complete"},
      {"deviations", "known and not yet mended: a list of {scenario, verdict, reason, owner, expires}"},
      {"access", "how it is reached or made to act"},
      {"limits", "what a run may cost"},
  };
  return keys;
}

const std::vector<ProfileKey>& server_keys() {
  static const std::vector<ProfileKey> keys{
      {"access.url", "https://HOST:PORT, without a path; required"},
      {"access.trust-anchor", "PEM file, or a list of them, that the target's own certificate chains to; required"},
      {"access.label", "default CA label"},
      {"access.password", "{user, password: {env: NAME} or {file: PATH}}: for a first enrollment"},
      {"access.odd-passwords", "{colon: ..., non-ascii: ...}: further users, by what is uncommon in their password"},
      {"access.one-time-passwords", "file with a value for otpChallenge (RFC 7894) in each line"},
      {"access.identities", "certificates the suite may show, by name: {certificate, key}"},
      {"access.client-ca", "{certificate, key} of a CA whose certificates the target accepts from clients"},
      {"access.headers", "HTTP fields every request has beside the suite's own"},
      {"access.serverkeygen", "keys that protect generated ones: symmetric, key-transport, key-agreement, restricted"},
      {"access.labels", "where a variant of policy lives: feature to CA label"},
      {"access.urls", "where a variant has an address of its own: feature to URL"},
      {"access.server-names", "DNS names the target holds certificates for"},
      {"access.operator", "commands, or prompt: approve, revoke, restart, reload, expire-crl, remove-crl, renew-crl"},
      {"csr", "what the target's CA accepts"},
      {"csr.subject", "RFC 4514; {n} becomes unique in every request"},
      {"csr.san", "list of DNS:, IP:, email: and URI: names"},
      {"csr.key-type", "used where a scenario does not say"},
      {"csr.key-types", "each is claimed and tested"},
      {"limits.jobs", "scenarios at a time"},
      {"limits.requests-per-second", "pace; 0: no limit"},
      {"limits.certificates", "most certificates a run may have issued; 0: no limit"},
      {"limits.longest-wait", "seconds the suite waits for one answer or one Retry-After"},
      {"limits.operator", "seconds an operator's action may take"},
  };
  return keys;
}

const std::vector<ProfileKey>& client_keys() {
  static const std::vector<ProfileKey> keys{
      {"access.command", "run by /bin/sh for each thing the client is to do, with {placeholders}"},
      {"access.commands", "the same, one for each operation"},
      {"access.trigger", "http://HOST:PORT/PATH that is told by POST what to do"},
      {"access.person", "true: a person makes the client act"},
      {"access.reset", "command before each scenario"},
      {"access.seed", "command before each step"},
      {"access.headers", "HTTP fields of every answer that has an EST message"},
      {"access.cannot-status", "exit status that says: my client cannot do this"},
      {"limits.jobs", "scenarios at a time"},
      {"limits.seconds", "for one step, until the client is stopped"},
  };
  return keys;
}

const std::vector<ProfileKey>& upstream_keys() {
  static const std::vector<ProfileKey> keys{
      {"upstream", "what the suite is to the proxy: the server behind it"},
      {"upstream.listen", "HOST:PORT where the suite waits for the proxy"},
      {"upstream.name", "DNS name in the upstream's certificate"},
      {"upstream.files", "folder made by estspec proxy --prepare"},
      {"upstream.labels", "the front's CA labels to the upstream's, where they differ"},
  };
  return keys;
}

}  // namespace

std::vector<ProfileKey> profile_keys(std::string_view role) {
  std::vector<ProfileKey> keys = common_keys();
  add(keys, role == "client" ? client_keys() : server_keys());
  if (role == "proxy") add(keys, upstream_keys());
  return keys;
}

}  // namespace conformance::target
