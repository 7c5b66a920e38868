// Message authentication codes.
#pragma once

#include "est/base/bytes.h"
#include "est/crypto/digest.h"

namespace est::crypto {

// HMAC (RFC 2104). Aborts the process when OpenSSL cannot provide it.
[[nodiscard]] Bytes hmac(Digest algorithm, BytesView key, BytesView data);

}  // namespace est::crypto
