// Message authentication codes.
#pragma once

#include <string_view>

#include "est/base/bytes.h"
#include "est/crypto/digest.h"

namespace est::crypto {

// HMAC (RFC 2104). Aborts the process when OpenSSL cannot provide it.
[[nodiscard]] Bytes hmac(Digest algorithm, BytesView key, BytesView data);

// PBKDF2 with HMAC (RFC 8018 5.2), as many octets as the digest has. Aborts as hmac() does.
[[nodiscard]] Bytes pbkdf2(Digest algorithm, std::string_view password, BytesView salt, int rounds);

}  // namespace est::crypto
