// TLS contexts by profile. A context is immutable after make() and may be shared by threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/crypto/handle.h"
#include "est/crypto/key.h"
#include "est/tls/facts.h"

namespace est::tls {

// A certificate chain (leaf first, DER) with its key.
struct Identity {
  std::vector<Bytes> chain;
  std::optional<crypto::PrivateKey> key;
  // For negative tests, P-256 only: signatures are made with this key, as somebody would who has got hold of the certificate alone.
  std::optional<crypto::PrivateKey> signs_with = {};
};
[[nodiscard]] Result<Identity> load_identity(const std::string& certificate_path,
                                             const std::string& key_path);  // PEM files; checks they fit

// `late`: not in the handshake, but when the application calls ask_for_client_certificate().
enum class ClientCertificate { none, optional, required, late };

// TLS 1.0 and 1.1 exist for negative tests only: a `least` below TLS 1.2 needs a suite list with "@SECLEVEL=0", or make() says so.
struct ServerProfile {
  Identity identity;  // may be empty only when `suites` names anonymous ones
  // Further ones, each shown to clients that name one of its certificate's DNS names by SNI (RFC 6066 3). All others see `identity`.
  std::vector<Identity> by_name;
  Version least = Version::tls12;
  Version most = Version::tls13;
  std::string suites;  // OpenSSL list for TLS 1.2 and below; empty: a safe default without NULL, anon, export, 3DES, RC4, static RSA
  std::string groups;  // OpenSSL list of key exchange groups; empty: default
  ClientCertificate client_certificate = ClientCertificate::optional;
  // The certificate is *requested* here and judged by the application, which knows explicit from implicit anchors
  // and can say why: the handshake itself accepts any certificate whose key is proven. These names go into the request.
  std::vector<Bytes> client_ca_certificates;
  bool resumption = true;                         // server-side cache, so that the peer's chain survives
  std::function<void(SSL_CTX&)> last_touch = {};  // called when all is set, by programs that need what this profile cannot say
};

// Why a client does not want this server. `code` is an X509_V_ERR_* as in crypto::ChainResult and chooses the alert; 0: untrusted.
struct ServerRefusal {
  std::string reason;
  int code = 0;
};
// Judges a server's chain (DER, leaf first). Called inside the handshake, before anything secret is sent, and again on a resumed session.
// Threads: on the connection's; by several at once where they share the context.
using ServerJudge = std::function<std::optional<ServerRefusal>(const std::vector<Bytes>& chain)>;

struct ClientProfile {
  std::vector<Bytes> anchors;
  bool verify = true;         // chain and name (RFC 6125: SAN only, no CN); when false the outcome is still recorded in Facts
  std::string expected_name;  // DNS name or IP literal; required when `verify`
  std::optional<Identity> identity;
  Version least = Version::tls12;
  Version most = Version::tls13;
  std::string suites;       // OpenSSL list; empty: default. May carry "@SECLEVEL=0" for negative tests
  std::string groups;       // OpenSSL list; empty: default
  std::string server_name;  // SNI; empty: expected_name if it is a DNS name, else none
  std::vector<std::string> alpn;
  bool post_handshake_authentication = true;  // offered when there is an identity (RFC 8446 4.6.2)
  // Verifies in place of `anchors` and `expected_name`; the latter then only makes the SNI.
  ServerJudge judge = {};
  // Told to the server as the only ones of use: trusted_ca_keys (RFC 6066 6), on TLS 1.3 certificate_authorities (RFC 8446 4.2.4).
  std::vector<Bytes> indicated_anchors = {};
};

class ServerContext {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const ServerContext>> make(const ServerProfile& profile);
  [[nodiscard]] SSL_CTX* handle() const noexcept { return context_.get(); }
  [[nodiscard]] bool asks_late() const noexcept { return asks_late_; }

 private:
  ServerContext(crypto::SslContextHandle context, bool asks_late) : context_(std::move(context)), asks_late_(asks_late) {}
  crypto::SslContextHandle context_;
  bool asks_late_;
};

class ClientContext {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const ClientContext>> make(const ClientProfile& profile);
  [[nodiscard]] SSL_CTX* handle() const noexcept { return context_.get(); }
  [[nodiscard]] const ClientProfile& profile() const noexcept { return profile_; }

 private:
  ClientContext(crypto::SslContextHandle context, ClientProfile profile) : context_(std::move(context)), profile_(std::move(profile)) {}
  crypto::SslContextHandle context_;
  ClientProfile profile_;
};

// A connection of this context in its role: SNI and ALPN set, no transport yet. The SSL keeps the context alive.
[[nodiscard]] Result<crypto::SslHandle> new_connection(const ServerContext& context);
[[nodiscard]] Result<crypto::SslHandle> new_connection(const ClientContext& context);

// Reads the facts of a finished handshake. Again after a renegotiation, which changes the channel binding and perhaps the peer's chain.
[[nodiscard]] Facts facts_of(SSL* ssl, bool is_server);

// Appends every alert that `ssl` sends or receives from now on. `into` must outlive the connection. What comes back is handshakes_of() at
// each time, in the care of `ssl`; null when there is no memory for it.
const unsigned* record_alerts(SSL* ssl, std::vector<Alert>& into);

// Server, after the handshake: asks for the client's certificate, by renegotiation (TLS 1.2) or post-handshake authentication (TLS 1.3).
// Reading from `ssl` does the rest, and handshakes_of() tells when it is done; call asking_is_over() then. False, and nothing is sent,
// where it cannot be done: the client did not offer post-handshake authentication, or has no secure renegotiation (RFC 5746).
[[nodiscard]] bool ask_for_client_certificate(SSL* ssl);
void asking_is_over(SSL* ssl);  // no more renegotiation

// Client: how often the server asked for a certificate, counted from record_alerts() on.
[[nodiscard]] unsigned certificate_requests_of(const SSL* ssl);

// How often a handshake of `ssl` ended, counted from record_alerts() on: tells when facts are stale.
[[nodiscard]] unsigned handshakes_of(const SSL* ssl);

}  // namespace est::tls
