// SubjectPublicKeyInfo to OpenSSL key without OpenSSL's own decoders: stricter, and several times faster.
// For the sources of this folder; others see key.h.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/x509.h"
#include "est/crypto/digest.h"
#include "est/crypto/handle.h"
#include "est/crypto/key.h"

namespace est::crypto {

// RSASSA-PSS-params (RFC 4055 3.1).
struct PssParameters {
  Digest digest = Digest::sha1;
  Digest mask_digest = Digest::sha1;
  std::int64_t salt_length = 20;
};
[[nodiscard]] Result<PssParameters> decode_pss_parameters(BytesView der);

struct PublicKey {
  std::shared_ptr<EVP_PKEY> handle;
  KeyFacts facts;
  bool pss_only = false;             // SubjectPublicKeyInfo says id-RSASSA-PSS
  std::optional<PssParameters> pss;  // the restrictions such a key may carry (RFC 4055 1.2)
};

// Sizes are bounded before any arithmetic: RSA modulus 512 to 16384 bits and odd, public exponent odd, 3 or more, at most 256 bits;
// EC on named curves only (RFC 5480 2.1.1), the point on the curve and not at infinity; Ed25519, Ed448 without parameters (RFC 8410 3).
// A key that this thread has loaded just before is not read again.
[[nodiscard]] Result<PublicKey> load_public_key(BytesView public_key_info);

// OpenSSL's name of the digest, for parameters that want text.
[[nodiscard]] const char* openssl_name(Digest digest) noexcept;

}  // namespace est::crypto
