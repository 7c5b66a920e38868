// The server's configuration: one YAML file, or a value built by a program. The keys are in README.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/result.h"
#include "est/http/auth.h"
#include "est/net/address.h"
#include "est/net/server.h"
#include "est/tls/context.h"
#include "server/policy.h"

namespace server {

// Where a user's password comes from. The configuration file itself never holds one; `literal` is for programs.
struct UserSource {
  enum class Kind { literal, environment, file };
  std::string name;  // may be empty (RFC 7030 3.2.3: a password without user)
  Kind kind = Kind::file;
  std::string value;                    // the password, the variable's name, or the path
  std::string one_time_passwords = {};  // file of RFC 7894 otpChallenge values, one a line; empty: none
};

struct TlsConfig {
  est::tls::Version least = est::tls::Version::tls12;
  est::tls::Version most = est::tls::Version::tls13;
  std::string suites;  // OpenSSL list for TLS 1.2; empty: the library's safe default
  std::string groups;  // OpenSSL list; empty: the library's default
  est::tls::ClientCertificate client_certificate = est::tls::ClientCertificate::optional;
  bool resumption = true;
  std::function<void(SSL_CTX&)> last_touch = {};  // est::tls::ServerProfile::last_touch; not in the file
};

// PEM files: leaf first, then intermediates; and its key.
struct CertificateFiles {
  std::string certificate, key;
};

// /serverkeygen (RFC 7030 4.4). Identifiers are text, the octets of which requests use.
struct KeygenConfig {
  bool offered = false;
  std::vector<est::crypto::KeyType> key_types = {est::crypto::KeyType::ec_p256};  // the first where the request names none of them
  struct Secret {
    std::string identifier;
    std::string file;  // an AES key in hexadecimal
  };
  struct Holder {
    std::string identifier;
    std::string certificate;  // PEM
  };
  std::vector<Secret> symmetric_keys;
  std::vector<Holder> asymmetric_keys;
};

// Who made devices, and how it names them; its anchors are implicit ones. See Manufacturer in trust.h.
struct ManufacturerConfig {
  std::string anchors;       // PEM file
  est::codec::Oid identity;  // attribute type
  std::string organization;
};

struct Config {
  std::vector<est::net::Endpoint> listen = {{"127.0.0.1", 8443}};
  std::vector<est::net::Endpoint> listen_late;  // here client certificates are asked for late, whatever `tls` says
  unsigned threads = 0;                         // event loops; 0: as many as there are processors
  unsigned workers = 2;  // threads for what takes long, or waits for the CA's database by itself; 0: the loops' own do
  est::net::ServerLimits limits;
  std::optional<est::net::Endpoint> metrics;  // nothing: nothing is measured
  TlsConfig tls;

  std::string ca_directory;
  std::string server_certificate, server_key;        // PEM: leaf first, then intermediates
  std::vector<CertificateFiles> named_certificates;  // further ones, for the DNS names in them (SNI)
  std::vector<std::string> explicit_anchors;         // PEM; the CA's own certificates are always in
  std::vector<std::string> implicit_anchors;         // PEM; manufacturers and other third parties (RFC 7030 2.2.1)
  std::vector<ManufacturerConfig> manufacturers;     // see LabelPolicy::device_identity
  std::string own_crl;                               // PEM; written by `est-server crl` and `revoke`, read for checking
  std::vector<std::string> crls;                     // PEM or DER; of other CAs
  bool check_crl = false;                            // of client certificates under explicit anchors
  std::int64_t crl_validity_seconds = 30LL * 86400;  // of CRLs this server's commands make

  std::string realm = "estspec";
  std::vector<est::http::DigestAlgorithm> digest_algorithms = {est::http::DigestAlgorithm::sha256, est::http::DigestAlgorithm::md5};
  bool content_transfer_encoding = false;  // answers carry the field that RFC 8951 3 took away, for clients that still demand it
  std::vector<UserSource> users;
  std::string users_file;  // "name: password" lines; must not be readable by others

  KeygenConfig keygen;
  Policies labels;
};

// Paths in the file are relative to its folder. Errors: "file:line: problem; cure". Files it names are not opened here.
[[nodiscard]] est::Result<Config> load_config(const std::string& path);
[[nodiscard]] est::Result<Config> parse_config(std::string_view text, const std::string& path);

// "name: password" lines of a users file. The caller has read it and checked its mode.
[[nodiscard]] est::Result<std::vector<UserSource>> parse_users(std::string_view text, const std::string& path);

}  // namespace server
