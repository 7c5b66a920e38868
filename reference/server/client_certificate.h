// Judges one client certificate chain against a snapshot of trust (RFC 5280 6, RFC 7030 3.3.2).
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "est/base/clock.h"
#include "server/authenticator.h"

namespace server {

// The identity, or a sentence that tells the client what is wrong and what to do.
// Explicit anchors come first; a certificate they know but refuse (expired, revoked ...) is not tried under the implicit ones.
// CRLs are consulted for certificates under explicit anchors, if trust.check_crl.
[[nodiscard]] std::variant<CertificateIdentity, std::string> verify_client_certificate(const std::vector<est::Bytes>& chain,
                                                                                       const Trust& trust, est::UnixTime now);

[[nodiscard]] std::string revoked_sentence(const est::codec::Certificate& certificate);

}  // namespace server
