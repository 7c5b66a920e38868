// Signs and verifies CMS messages (RFC 5652 5.4 to 5.6): codec + crypto. Whether a signer may be trusted is the caller's decision
// (crypto::verify_chain); here only signatures are compared with keys.
#pragma once

#include <optional>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/codec/signed_data.h"
#include "est/crypto/key.h"

namespace est::pki {

struct MessageSpec {
  codec::Oid content_type;
  Bytes content;
  std::vector<Bytes> certificates;  // DER, for the bag
};

struct MessageSigner {
  const crypto::PrivateKey* key = nullptr;  // borrowed
  Bytes certificate;                        // named by issuer and serial; empty: named by `key_identifier`
  Bytes key_identifier;                     // RFC 5272 3.2: the form for keys without a certificate
  std::optional<UnixTime> signing_time;
  std::optional<crypto::Digest> digest;  // default: the key's natural one; SHA-512 for Ed25519 (RFC 8419 3.1)
};

// The signed message as a value, for those who want to change it before it is encoded. The signer's certificate is not added to the bag.
[[nodiscard]] Result<codec::SignedData> sign_message(const MessageSpec& spec, const MessageSigner& signer);
// Signs anew what a SignerInfo holds, after its attributes were changed.
[[nodiscard]] Status sign_again(codec::SignerInfo& info, BytesView content, const crypto::PrivateKey& key, crypto::Digest digest);

// True when the digest attribute fits the content and the signature verifies with the key. An error when an algorithm is not supported,
// does not fit the key, or there is no content. `content` is given apart for detached messages.
[[nodiscard]] Result<bool> verify_signer(const codec::SignerInfo& signer, BytesView content, BytesView public_key_info);

// The certificate of `candidates` (DER) that the signer's identifier names. Certificates that cannot be read are passed over.
[[nodiscard]] std::optional<codec::Certificate> signer_certificate(const codec::SignerIdentifier& id, const std::vector<Bytes>& candidates);
// Content of the subjectKeyIdentifier extension; nothing when it is absent or malformed.
[[nodiscard]] std::optional<Bytes> subject_key_identifier(const std::vector<codec::Extension>& extensions);

}  // namespace est::pki
