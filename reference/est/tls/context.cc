#include "est/tls/context.h"

#include <openssl/x509v3.h>

#include <algorithm>

#include "est/base/file.h"
#include "est/crypto/chain.h"
#include "est/crypto/host_name.h"
#include "est/tls/judge.h"
#include "est/tls/late.h"
#include "est/tls/mismatch.h"
#include "est/tls/names.h"

namespace est::tls {
namespace {

using crypto::openssl_error;

// Forward secrecy and AES or ChaCha20 only; what the names leave in, the exclusions take out. SHA-256 comes before SHA-384, as in
// RFC 8446 9.1: most processors compute it by instructions of its own, and with P-256 nothing is gained by the longer one.
constexpr const char* default_server_suites =
    "ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:"
    "!aNULL:!eNULL:!kRSA:!PSK:!SRP:!EXPORT:!3DES:!RC4:!MD5:!SEED:!CAMELLIA:!ARIA";
constexpr const char* server_suites_of_tls13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
// A client also meets servers that offer only TLS 1.2's mandatory suite, which is static RSA.
constexpr const char* default_client_suites = "DEFAULT:!PSK:!SRP:!3DES:!RC4:!SEED:!IDEA";

// Stated here, because the distribution's openssl.cnf would otherwise decide.
constexpr int default_security_level = 2;
constexpr long session_lifetime_seconds = 3600;
constexpr long most_cached_sessions = 10000;

int wire_version(Version version) {
  switch (version) {
    case Version::tls10:
      return TLS1_VERSION;
    case Version::tls11:
      return TLS1_1_VERSION;
    case Version::tls12:
      return TLS1_2_VERSION;
    case Version::tls13:
      return TLS1_3_VERSION;
    case Version::unknown:
      break;
  }
  return 0;
}

Status set_suites(SSL_CTX& context, const std::string& wanted, const char* otherwise) {
  SSL_CTX_set_security_level(&context, default_security_level);
  const char* list = wanted.empty() ? otherwise : wanted.c_str();
  if (SSL_CTX_set_cipher_list(&context, list) != 1) return openssl_error("the TLS suite list \"" + std::string(list) + "\" names no suite");
  return {};
}

// After set_suites(), whose list may carry the security level.
Status set_versions(SSL_CTX& context, Version least, Version most) {
  const int low = wire_version(least);
  const int high = wire_version(most);
  if (low == 0 || high == 0 || low > high) return Error{"the TLS version range is empty"};
  if (least < Version::tls12 && SSL_CTX_get_security_level(&context) > 0)
    return Error{std::string(to_string(least)) + " needs a suite list with \"@SECLEVEL=0\""};
  if (SSL_CTX_set_min_proto_version(&context, low) != 1 || SSL_CTX_set_max_proto_version(&context, high) != 1)
    return openssl_error("cannot limit the TLS versions");
  return {};
}

Result<crypto::KeyHandle> signing_key(const Identity& identity) {
  if (identity.signs_with) return mismatched_key(*identity.key, *identity.signs_with);
  EVP_PKEY_up_ref(identity.key->handle());
  return crypto::KeyHandle(identity.key->handle());
}

// Exactly the chain given: OpenSSL must not search its stores for more (SSL_MODE_NO_AUTO_CHAIN), which also costs time.
Status set_identity(SSL_CTX& context, const Identity& identity) {
  if (identity.chain.empty() || !identity.key) return Error{"a TLS identity needs a certificate and its key"};
  Result<crypto::X509Handle> leaf = crypto::parse_certificate(identity.chain.front());
  if (!leaf) return leaf.error();
  if (SSL_CTX_use_certificate(&context, leaf->get()) != 1) return openssl_error("the TLS certificate cannot be used");
  const Result<crypto::KeyHandle> key = signing_key(identity);
  if (!key) return key.error();
  if (SSL_CTX_use_PrivateKey(&context, key->get()) != 1) return openssl_error("the TLS key does not fit its certificate");
  for (std::size_t i = 1; i < identity.chain.size(); ++i) {
    Result<crypto::X509Handle> next = crypto::parse_certificate(identity.chain[i]);
    if (!next) return next.error();
    if (SSL_CTX_add1_chain_cert(&context, next->get()) != 1) return openssl_error("the TLS certificate chain cannot be used");
  }
  return {};
}

Result<crypto::SslContextHandle> new_context(const SSL_METHOD* method) {
  crypto::clear_errors();
  crypto::SslContextHandle context(SSL_CTX_new(method));
  if (!context) return openssl_error("cannot make a TLS context");
  // openssl.cnf may have set some; ours are complete and the same everywhere. A FIN without close_notify must stay visible.
  SSL_CTX_clear_options(context.get(), SSL_CTX_get_options(context.get()));
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_ENABLE_MIDDLEBOX_COMPAT | SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS);
  SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  return context;
}

// --- server

int accept_any(X509_STORE_CTX* context, void* /*argument*/) {
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

// http/1.1 when it is offered. Otherwise the extension is ignored: a client that offers something else may still speak HTTP/1.1.
int select_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_length, const unsigned char* in, unsigned in_length,
                    void* /*argument*/) {
  constexpr std::string_view http = "http/1.1";
  const BytesView offered(in, in_length);
  for (std::size_t at = 0; at < offered.size(); at += 1U + offered[at]) {
    const std::size_t length = offered[at];
    if (length > offered.size() - at - 1) break;
    const BytesView name = offered.subspan(at + 1, length);
    if (as_text(name) != http) continue;
    *out = name.data();
    *out_length = static_cast<unsigned char>(name.size());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

int verify_mode(ClientCertificate wanted) {
  switch (wanted) {
    case ClientCertificate::required:
      return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    case ClientCertificate::optional:
      return SSL_VERIFY_PEER;
    case ClientCertificate::none:
    case ClientCertificate::late:
      break;
  }
  return SSL_VERIFY_NONE;
}

Status set_client_certificate(SSL_CTX& context, const ServerProfile& profile) {
  SSL_CTX_set_verify(&context, verify_mode(profile.client_certificate), nullptr);
  if (profile.client_certificate == ClientCertificate::none) return {};
  SSL_CTX_set_cert_verify_callback(&context, accept_any, nullptr);
  std::vector<Bytes> named;
  for (const Bytes& der : profile.client_ca_certificates) {
    if (std::find(named.begin(), named.end(), der) != named.end()) continue;
    Result<crypto::X509Handle> certificate = crypto::parse_certificate(der);
    if (!certificate) return certificate.error();
    if (SSL_CTX_add_client_CA(&context, certificate->get()) != 1) return openssl_error("cannot name a client CA");
    named.push_back(der);
  }
  return {};
}

// No tickets: a session in the server's cache keeps the peer's whole chain, a ticket only its leaf. TLS 1.3 then issues
// cache keys as tickets; one is enough for an EST client. Sessions whose time is over are not swept out in between: nobody can resume
// them, and the cache is bounded.
Status set_resumption(SSL_CTX& context, bool wanted) {
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(&context, wanted ? SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_AUTO_CLEAR : SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(&context, wanted ? 1 : 0);
  SSL_CTX_set_timeout(&context, session_lifetime_seconds);
  SSL_CTX_sess_set_cache_size(&context, most_cached_sessions);
  constexpr std::string_view id = "estspec";
  const BytesView octets = as_bytes(id);
  if (SSL_CTX_set_session_id_context(&context, octets.data(), static_cast<unsigned>(octets.size())) != 1)
    return openssl_error("cannot set up TLS resumption");
  return {};
}

Status set_groups(SSL_CTX& context, const std::string& groups) {
  if (!groups.empty() && SSL_CTX_set1_groups_list(&context, groups.c_str()) != 1)
    return openssl_error("the TLS group list \"" + groups + "\" is not understood");
  return {};
}

Status configure(SSL_CTX& context, const ServerProfile& profile) {
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_dh_auto(&context, 1);
  SSL_CTX_set_alpn_select_cb(&context, select_protocol, nullptr);
  if (Status status = set_suites(context, profile.suites, default_server_suites); !status) return status;
  if (SSL_CTX_set_ciphersuites(&context, server_suites_of_tls13) != 1) return openssl_error("cannot set the suites of TLS 1.3");
  if (Status status = set_versions(context, profile.least, profile.most); !status) return status;
  if (Status status = set_groups(context, profile.groups); !status) return status;
  const bool anonymous = profile.identity.chain.empty() && !profile.identity.key && !profile.suites.empty();
  if (!anonymous) {
    if (Status status = set_identity(context, profile.identity); !status) return status;
  }
  if (Status status = set_names(context, profile.by_name); !status) return status;
  if (Status status = set_client_certificate(context, profile); !status) return status;
  if (Status status = set_resumption(context, profile.resumption); !status) return status;
  if (profile.last_touch) profile.last_touch(context);
  return {};
}

// --- client

// What certificates are compared with: no brackets, no final dot (RFC 6125 compares names, not spellings of a URL).
std::string reference_name(std::string name) {
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') return name.substr(1, name.size() - 2);
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  return name;
}

// RFC 6125: subjectAltName only (RFC 9110 4.3.4 forbids CN-ID); a wildcard stands for one whole left-most label.
Status set_expected_name(SSL_CTX& context, const std::string& name) {
  X509_VERIFY_PARAM* parameters = SSL_CTX_get0_param(&context);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (name.empty()) return {};
  const int set = crypto::is_ip_literal(name) ? X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str())
                                              : X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size());
  if (set != 1) return openssl_error("\"" + name + "\" is no name a certificate could have");
  return {};
}

Status set_anchors(SSL_CTX& context, const std::vector<Bytes>& anchors) {
  X509_STORE* store = SSL_CTX_get_cert_store(&context);
  for (const Bytes& der : anchors) {
    Result<crypto::X509Handle> anchor = crypto::parse_certificate(der);
    if (!anchor) return anchor.error();
    if (X509_STORE_add_cert(store, anchor->get()) != 1) return openssl_error("a trust anchor cannot be used");
  }
  return {};
}

Status set_protocols(SSL_CTX& context, const std::vector<std::string>& names) {
  Bytes wire;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) return Error{"an ALPN name has 1 to 255 octets"};
    wire.push_back(static_cast<Byte>(name.size()));
    append(wire, name);
  }
  // Zero is success here, unlike everywhere else.
  if (!wire.empty() && SSL_CTX_set_alpn_protos(&context, wire.data(), static_cast<unsigned>(wire.size())) != 0)
    return openssl_error("cannot set the ALPN names");
  return {};
}

Status configure(SSL_CTX& context, const ClientProfile& profile) {
  if (profile.verify && !profile.judge && profile.expected_name.empty()) return Error{"a verifying TLS client needs the server's name"};
  // A server without RFC 5746 is met and reported (Facts::secure_renegotiation), not refused.
  SSL_CTX_set_options(&context, SSL_OP_LEGACY_SERVER_CONNECT);
  // VERIFY_NONE still verifies and keeps the outcome; it only does not act on it.
  SSL_CTX_set_verify(&context, profile.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (Status status = set_suites(context, profile.suites, default_client_suites); !status) return status;
  if (Status status = set_versions(context, profile.least, profile.most); !status) return status;
  if (Status status = set_groups(context, profile.groups); !status) return status;
  if (Status status = set_anchors(context, profile.anchors); !status) return status;
  if (profile.judge) {
    if (Status status = set_judge(context, profile.judge); !status) return status;
  } else if (Status status = set_expected_name(context, reference_name(profile.expected_name)); !status) {
    return status;
  }
  if (Status status = indicate_trusted_cas(context, profile.indicated_anchors); !status) return status;
  if (Status status = set_protocols(context, profile.alpn); !status) return status;
  count_certificate_requests(context);
  if (!profile.identity) return {};
  // A server may ask for the certificate only when it has seen the path; TLS 1.3 wants leave for that in the ClientHello.
  SSL_CTX_set_post_handshake_auth(&context, profile.post_handshake_authentication ? 1 : 0);
  return set_identity(context, *profile.identity);
}

}  // namespace

Result<Identity> load_identity(const std::string& certificate_path, const std::string& key_path) {
  const Result<std::string> certificates = read_file(certificate_path);
  if (!certificates) return certificates.error();
  Result<std::vector<Bytes>> chain = crypto::certificates_from_pem(*certificates);
  if (!chain) return Error{certificate_path + ": " + chain.error().message};
  const Result<std::string> key_text = read_file(key_path);
  if (!key_text) return key_text.error();
  Result<crypto::PrivateKey> key = crypto::PrivateKey::from_pem(*key_text);
  if (!key) return Error{key_path + ": " + key.error().message};
  Result<crypto::X509Handle> leaf = crypto::parse_certificate(chain->front());
  if (!leaf) return Error{certificate_path + ": " + leaf.error().message};
  if (X509_check_private_key(leaf->get(), key->handle()) != 1) {
    crypto::clear_errors();
    return Error{key_path + ": this key does not belong to the first certificate of " + certificate_path};
  }
  return Identity{std::move(*chain), std::move(*key)};
}

Result<std::shared_ptr<const ServerContext>> ServerContext::make(const ServerProfile& profile) {
  Result<crypto::SslContextHandle> context = new_context(TLS_server_method());
  if (!context) return context.error();
  if (Status status = configure(**context, profile); !status) return status.error();
  return std::shared_ptr<const ServerContext>(
      new ServerContext(std::move(*context), profile.client_certificate == ClientCertificate::late));
}

Result<std::shared_ptr<const ClientContext>> ClientContext::make(const ClientProfile& profile) {
  Result<crypto::SslContextHandle> context = new_context(TLS_client_method());
  if (!context) return context.error();
  if (Status status = configure(**context, profile); !status) return status.error();
  return std::shared_ptr<const ClientContext>(new ClientContext(std::move(*context), profile));
}

Result<crypto::SslHandle> new_connection(const ServerContext& context) {
  crypto::clear_errors();
  crypto::SslHandle ssl(SSL_new(context.handle()));
  if (!ssl) return openssl_error("cannot make a TLS connection");
  SSL_set_accept_state(ssl.get());
  return ssl;
}

Result<crypto::SslHandle> new_connection(const ClientContext& context) {
  crypto::clear_errors();
  crypto::SslHandle ssl(SSL_new(context.handle()));
  if (!ssl) return openssl_error("cannot make a TLS connection");
  SSL_set_connect_state(ssl.get());
  std::string name = context.profile().server_name;
  if (name.empty()) name = reference_name(context.profile().expected_name);
  // RFC 6066 3: literal addresses are not permitted in SNI.
  if (!name.empty() && !crypto::is_ip_literal(name) && SSL_set_tlsext_host_name(ssl.get(), name.c_str()) != 1)
    return openssl_error("\"" + name + "\" cannot be sent as server name");
  return ssl;
}

}  // namespace est::tls
