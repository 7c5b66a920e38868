// Which key a client makes and by which algorithm it signs its request, with a view to what /csrattrs asks for
// (RFC 7030 4.5.2, RFC 9908 3.2 and 3.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/result.h"
#include "est/codec/csrattrs.h"
#include "est/crypto/key.h"

namespace client {

using KeyChoice = est::crypto::KeyType;

// "ec-p256", "ec-p384", "ec-p521", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519". The error lists them.
[[nodiscard]] est::Result<KeyChoice> parse_key_choice(std::string_view text);
// "sha256", "sha384", "sha512"; nothing weaker is made.
[[nodiscard]] est::Result<est::crypto::Digest> parse_digest_choice(std::string_view text);

// What is asked of the key and of the request's signature. Alternatives as they are given; empty lists ask for nothing.
struct KeyDemand {
  struct Kind {
    est::codec::Oid algorithm;  // id-ecPublicKey, rsaEncryption, id-Ed25519, id-Ed448
    est::codec::Oid curve;      // empty: any
    int bits = 0;               // RSA; 0: any
  };
  std::vector<Kind> keys;
  std::vector<est::codec::Oid> signatures;  // signature algorithms, or bare digests as some servers send
};
// Is this an element of CsrAttrs that a KeyDemand holds?
[[nodiscard]] bool concerns_key_or_signature(const est::codec::Oid& type);
// From the template when there is one, which then counts alone (RFC 9908 4); else from the list.
[[nodiscard]] KeyDemand key_demand(const est::codec::CsrAttrs& asked);

// `wished` if it fits; without a wish the first key that fits, P-256 if nothing is asked. Errors: what is asked cannot be made here, or the
// wish contradicts it; the sentence names what is asked and what to give.
[[nodiscard]] est::Result<KeyChoice> choose_key(const KeyDemand& demand, std::optional<KeyChoice> wished);
// Does an existing key do? The error says what is asked instead.
[[nodiscard]] est::Status check_key(const KeyDemand& demand, const est::crypto::PrivateKey& key);
// The digest of the request's signature: the wish, else what is asked, else the key's natural one. It means nothing to Ed25519.
[[nodiscard]] est::Result<est::crypto::Digest> choose_digest(const KeyDemand& demand, const est::crypto::PrivateKey& key,
                                                             std::optional<est::crypto::Digest> wished);

}  // namespace client
