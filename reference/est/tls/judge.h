// Inside est/tls only: what a client's context carries beside OpenSSL's own settings.
#pragma once

#include <openssl/ssl.h>

#include <optional>
#include <vector>

#include "est/base/result.h"
#include "est/tls/context.h"

namespace est::tls {

// Verification by `judge` instead of OpenSSL's.
[[nodiscard]] Status set_judge(SSL_CTX& context, const ServerJudge& judge);
// The judge's view of the peer's chain, for resumed sessions: an X509_V_* code, 0 when good; nothing when the context has no judge.
[[nodiscard]] std::optional<long> judged_again(SSL* ssl, const std::vector<Bytes>& chain);

// trusted_ca_keys (RFC 6066 6) for TLS 1.2 and certificate_authorities (RFC 8446 4.2.4) for TLS 1.3, with the subjects of `anchors` (DER).
[[nodiscard]] Status indicate_trusted_cas(SSL_CTX& context, const std::vector<Bytes>& anchors);

}  // namespace est::tls
