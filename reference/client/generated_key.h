// A key the server generated: how its protection is asked for, and the answer taken apart (RFC 7030 4.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/secret.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/pkcs10.h"
#include "est/crypto/key.h"

namespace client {

// What the new key is to be encrypted for, beyond TLS. Both sides know it under the identifier; how they came to is outside of EST.
struct KeyProtection {
  est::Bytes identifier;
  std::optional<est::crypto::PrivateKey> key;  // asymmetric: its public half encrypts; RSA (key transport) or EC (key agreement)
  Secret secret;                               // symmetric: an AES key of 16, 24 or 32 octets
};

// DecryptKeyIdentifier or AsymmetricDecryptKeyIdentifier, and SMIMECapabilities with what can be opened here (RFC 7030 4.4.1). Errors:
// neither or both kinds of key, a secret of another size, a key that can do neither, no identifier.
[[nodiscard]] est::Result<std::vector<est::codec::Attribute>> protection_attributes(const KeyProtection& protection);

struct GeneratedKey {
  est::crypto::PrivateKey key;
  std::vector<est::Bytes> certificates;  // the one of the key first
  bool enveloped = false;
  std::optional<est::Bytes>
      signer;  // DER: who signed the key package, if its certificate was there; whether to trust it is up to the caller
};

// `protection` is what was asked for; nothing: the key comes in the clear inside TLS. The body holds the key and is the caller's to wipe.
// Errors (none quotes a part of the key): not the two parts of RFC 7030 4.4.2, protected though not asked for or the other way round, an
// envelope for another recipient, a signature of the key package that does not verify, no usable key, a certificate of another key.
[[nodiscard]] est::Result<GeneratedKey> read_generated_key(std::string_view content_type, est::BytesView body,
                                                           const KeyProtection* protection);

}  // namespace client
