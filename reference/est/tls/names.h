// Inside est/tls only: which certificate a server shows to whom (RFC 6066 3).
#pragma once

#include <openssl/ssl.h>

#include <vector>

#include "est/base/result.h"
#include "est/tls/context.h"

namespace est::tls {

// Gives the context further identities, chosen by the name the client sends; names nobody has see the context's own certificate, and
// the server does not acknowledge them. A session made under one name is not resumed under another. Nothing to do without identities.
[[nodiscard]] Status set_names(SSL_CTX& context, const std::vector<Identity>& identities);

}  // namespace est::tls
