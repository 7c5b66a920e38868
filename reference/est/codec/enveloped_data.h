// CMS EnvelopedData (RFC 5652 section 6) as a value: who can open it, and by which algorithms. Nothing is decrypted here; see
// pki/envelope.h.
//
// Finding ids, beside der.* and x509.*. Errors: cms.content-info, cms.content-type (not id-envelopedData), cms.version (RFC 5652 6.1),
// cms.recipients.none, cms.recipient.version (6.2.1 to 6.2.3), cms.recipient.choice (none of the five), cms.recipient.identifier,
// cms.recipient.keys (a key agreement without encrypted key), cms.encrypted-content.missing,
// cms.unprotected-attributes.empty (6.1).
// Warning: cms.recipients.order (not in the order of a SET OF).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"
#include "est/codec/x509.h"

namespace est::codec {

// How the content-encryption key is managed: the CHOICE of RecipientInfo.
enum class KeyManagement { key_transport, key_agreement, key_encryption_key, password, other };
[[nodiscard]] std::string_view to_string(KeyManagement management) noexcept;  // "KeyTransRecipientInfo" ...

// RecipientIdentifier, KeyAgreeRecipientIdentifier, or a KEKIdentifier (which is a key identifier always).
struct RecipientIdentifier {
  Bytes key_identifier;  // subjectKeyIdentifier or keyIdentifier
  Name issuer;           // used when `by_key_identifier` is false
  Bytes serial;          // content octets of the INTEGER
  bool by_key_identifier = true;
};

struct EncryptedKey {
  RecipientIdentifier recipient;
  Bytes key;  // encrypted
};

struct RecipientInfo {
  KeyManagement management = KeyManagement::other;
  std::int64_t version = 0;
  Bytes originator;  // key agreement: the OriginatorIdentifierOrKey TLV
  std::optional<Bytes> user_keying_material;
  AlgorithmIdentifier key_encryption;
  std::vector<EncryptedKey> keys;  // one; key agreement may have several. Empty for password and other
};

struct EnvelopedData {
  std::int64_t version = 2;
  std::vector<RecipientInfo> recipients;
  Oid content_type;  // of what is encrypted
  AlgorithmIdentifier content_encryption;
  Bytes encrypted_content;
  bool originator_info = false;  // certificates or CRLs of the originator's were there; they are not kept
};

// ContentInfo{ id-envelopedData, EnvelopedData }. originatorInfo and unprotectedAttrs are delimited and left out.
[[nodiscard]] Decoded<EnvelopedData> decode_enveloped_data(BytesView der);
// Versions are written as they are. Recipients of the kinds password and other cannot be written and are left out.
[[nodiscard]] Bytes encode_enveloped_data(const EnvelopedData& data);

// OriginatorIdentifierOrKey with an originatorKey: an ephemeral public key (RFC 5753 3.1.1).
[[nodiscard]] Bytes make_originator_key(const PublicKeyInfo& key);

}  // namespace est::codec
