// A client certificate asked for when an operation needs it (RFC 7030 3.3.2): on TLS 1.2 by a renegotiation that the server starts,
// on TLS 1.3 by post-handshake authentication (RFC 8446 4.6.2).
#include "est/tls/late.h"

#include "est/tls/context.h"

namespace est::tls {
namespace {

bool ask_by_post_handshake(SSL* ssl) {
  SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_POST_HANDSHAKE, nullptr);
  return SSL_verify_client_post_handshake(ssl) == 1;
}

// Without the first option nothing may be renegotiated; with the second the client's offer of its present session is not taken, for a
// resumed session would leave no client certificate, even where one is insisted on.
bool ask_by_renegotiation(SSL* ssl) {
  if (SSL_get_secure_renegotiation_support(ssl) != 1) return false;
  SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
  SSL_set_options(ssl, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
  return SSL_renegotiate(ssl) == 1;
}

}  // namespace

bool ask_for_client_certificate(SSL* ssl) {
  crypto::clear_errors();
  const bool asked = SSL_version(ssl) == TLS1_3_VERSION ? ask_by_post_handshake(ssl) : ask_by_renegotiation(ssl);
  crypto::clear_errors();
  if (!asked) SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
  return asked;
}

void asking_is_over(SSL* ssl) { SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION); }

}  // namespace est::tls
