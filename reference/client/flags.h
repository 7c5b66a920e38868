// The command line of est-client, as it was written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace client {

struct Flags {
  std::string operation;  // "cacerts", "csrattrs", "enroll", "reenroll", "serverkeygen", "fullcmc", "provision"

  std::string url, label;
  std::vector<std::string> anchors, implicit_anchors, crls;
  std::string store, fingerprint;
  bool ask = false;
  bool every_root = false;

  std::optional<std::string> user, password;
  std::string password_file, password_env;
  bool ask_password = false;
  std::string client_cert, client_key, passphrase;

  std::string key_type, digest, key, csr, subject, key_usage, otp, revocation_challenge;
  std::vector<std::string> names, purposes;
  std::string linking = "auto";
  bool no_attributes = false;
  bool keep_key = false;
  std::optional<std::int64_t> days_left;
  std::string cmc_secret, cmc_user;
  bool crmf = false;
  std::string protect_id, protect_key, protect_secret_file;

  std::string out, out_key, format = "pem", out_passphrase;
  bool force = false;

  std::string proxy, proxy_user, proxy_password;
  double timeout = 60;
  double connect_timeout = 10;
  std::string tls_min = "1.2", tls_max = "1.3";
  std::string tls_suites, tls_groups;  // OpenSSL lists; empty: defaults
  std::uint64_t retry_limit = 300;
  bool approve_redirects = false, transfer_encoding = false;
  bool json = false, timings = false;
};

// Adds the operations to `app`; parsing fills `flags`, which must live as long.
void add_operations(CLI::App& app, Flags& flags);

}  // namespace client
