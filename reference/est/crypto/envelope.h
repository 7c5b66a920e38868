// The operations CMS EnvelopedData is made of (RFC 5652 6, RFC 3394, RFC 8017 7, RFC 5753): sealing piece by piece, so that
// pki/envelope.h decides what goes where; opening by OpenSSL's CMS, which is thereby a second opinion on what we seal.
#pragma once

#include <optional>
#include <string>

#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/crypto/digest.h"
#include "est/crypto/key.h"

namespace est::crypto {

// Overwrites and empties: for octets that were a key.
void wipe(Bytes& secret) noexcept;
void wipe(std::string& secret) noexcept;

// AES Key Wrap (RFC 3394): both 16, 24 or 32 octets.
[[nodiscard]] Result<Bytes> aes_key_wrap(BytesView wrapping_key, BytesView key);
// CBC with PKCS #7 padding. `key` has 16, 24 or 32 octets, `iv` 16.
[[nodiscard]] Result<Bytes> aes_cbc_encrypt(BytesView key, BytesView iv, BytesView content);

enum class RsaPadding { pkcs1, oaep_sha1, oaep_sha256 };
[[nodiscard]] Result<Bytes> rsa_encrypt(BytesView public_key_info, RsaPadding padding, BytesView content);

// Ephemeral-static ECDH with a fresh key on the same curve.
struct Agreement {
  Bytes ephemeral_public_key_info;
  Bytes secret;
};
[[nodiscard]] Result<Agreement> agree(BytesView public_key_info);
// ANSI X9.63 key derivation (SEC 1 3.6.1), as RFC 5753 uses it.
[[nodiscard]] Result<Bytes> x963_kdf(Digest digest, BytesView secret, BytesView shared_info, std::size_t size);

// What opens an envelope: a private key (key transport or agreement) or a key-encryption key.
struct EnvelopeKey {
  std::optional<PrivateKey> key;
  Bytes secret;
};
// The content of a ContentInfo with EnvelopedData or AuthEnvelopedData. Recipient identifiers are not compared: whichever recipient the
// key fits is taken. Errors: not readable, no recipient fits, padding wrong.
[[nodiscard]] Result<Bytes> open_envelope(BytesView content_info, const EnvelopeKey& with);

}  // namespace est::crypto
