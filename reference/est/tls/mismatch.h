// Inside est/tls only, for negative tests: a key that claims to be another.
#pragma once

#include "est/base/result.h"
#include "est/crypto/handle.h"
#include "est/crypto/key.h"

namespace est::tls {

// The public half of `shown` with the private half of `used`, both on P-256.
[[nodiscard]] Result<crypto::KeyHandle> mismatched_key(const crypto::PrivateKey& shown, const crypto::PrivateKey& used);

}  // namespace est::tls
