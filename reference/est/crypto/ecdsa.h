// ECDSA (FIPS 186-5 6) of a digest that is there already. For the sources of this folder; others see key.h.
// OpenSSL 3.0 looks its algorithms up by name for every new context, which is a tenth of a signature: each thread keeps the one it used
// last, and by it a share in that key.
#pragma once

#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/crypto/handle.h"

namespace est::crypto {

// ECDSA-Sig-Value (RFC 3279 2.2.3).
[[nodiscard]] Result<Bytes> ecdsa_sign(EVP_PKEY* key, BytesView digest);
// False when `signature` is wrong or no ECDSA-Sig-Value at all.
[[nodiscard]] Result<bool> ecdsa_verify(EVP_PKEY* key, BytesView digest, BytesView signature);

}  // namespace est::crypto
