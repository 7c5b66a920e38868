// Inside est/tls only: client certificates that are asked for after the handshake.
#pragma once

#include <openssl/ssl.h>

namespace est::tls {

// A client's context: each CertificateRequest is counted, for certificate_requests_of().
void count_certificate_requests(SSL_CTX& context);

}  // namespace est::tls
