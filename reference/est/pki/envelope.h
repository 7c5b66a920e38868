// Seals content for one recipient in CMS EnvelopedData (RFC 5652 6; RFC 7030 4.4.2). crypto::open_envelope is the other direction.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/enveloped_data.h"
#include "est/crypto/envelope.h"

namespace est::pki {

// Whom it is for. Which technique is used follows from the key: RSA means key transport, EC key agreement (ephemeral-static ECDH,
// RFC 5753), a secret means a key-encryption key.
struct Recipient {
  Bytes identifier;       // subjectKeyIdentifier, or keyIdentifier of the secret
  Bytes public_key_info;  // empty when there is a secret
  Bytes secret;           // 16, 24 or 32 octets (AES); secret
};

struct Envelope {
  codec::Oid content_type;
  Bytes content;
};

// The first algorithm in `capabilities` (RFC 8551 2.5.2, in order of preference) that fits the recipient's key, with its parameters as they
// go into keyEncryptionAlgorithm: AES Key Wrap of the secret's size; rsaEncryption, or id-RSAES-OAEP with the parameters of RFC 3560 for
// SHA-1 (also when left out) or SHA-256; dhSinglePass-stdDH-sha256kdf or -sha384kdf with an AES Key Wrap, where a bare AES Key Wrap will do
// as well. Nothing when there is none. Errors: a public key of another kind.
[[nodiscard]] Result<std::optional<codec::AlgorithmIdentifier>> key_encryption_for(
    const Recipient& recipient, const std::vector<codec::AlgorithmIdentifier>& capabilities);

// The content is encrypted by the first AES-CBC of `capabilities`, else AES-256-CBC. Errors: no capability fits; see key_encryption_for.
[[nodiscard]] Result<codec::EnvelopedData> seal(const Envelope& envelope, const Recipient& recipient,
                                                const std::vector<codec::AlgorithmIdentifier>& capabilities);

// RSAES-OAEP-params for SHA-256 with MGF1 over SHA-256 (RFC 4055 4.1), and the default ones, which are an empty SEQUENCE.
[[nodiscard]] Bytes oaep_sha256_parameters();
[[nodiscard]] Bytes oaep_default_parameters();

}  // namespace est::pki
