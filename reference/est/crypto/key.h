// Key pairs, signatures and their verification. A PrivateKey is immutable and may be used by several threads at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/x509.h"
#include "est/crypto/digest.h"
#include "est/crypto/handle.h"

namespace est::crypto {

enum class KeyType { ec_p256, ec_p384, ec_p521, rsa_2048, rsa_3072, rsa_4096, ed25519, rsa_1024 };

// "ec-p256", "ec-p384", "ec-p521", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519", "rsa-1024" (weak: for negative tests only)
[[nodiscard]] std::string_view to_string(KeyType type) noexcept;
[[nodiscard]] std::optional<KeyType> key_type_by_name(std::string_view name);

class PrivateKey {
 public:
  [[nodiscard]] static Result<PrivateKey> generate(KeyType type);
  // PKCS #8, SEC 1 or PKCS #1 PEM; encrypted PEM is an error that says so. Private and public half are tested against each other.
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem);
  [[nodiscard]] static Result<PrivateKey> from_pkcs8(BytesView der);

  // A key that stays where `uri` says; see token_key.h.
  [[nodiscard]] static Result<PrivateKey> in_token(KeyHandle handle, std::string_view uri);

  [[nodiscard]] std::string to_pem() const;  // unencrypted PKCS #8; empty for a key in a token
  [[nodiscard]] Bytes to_pkcs8() const;      // likewise
  // The PKCS #11 URI of a key that cannot be had; else empty.
  [[nodiscard]] const std::string& token_uri() const noexcept { return token_uri_; }
  [[nodiscard]] Bytes public_key_info() const;  // SubjectPublicKeyInfo TLV
  // Ed25519 ignores the digest. An empty `algorithm` where no identifier exists (MD5 with EC, SHA-512/256); sign() then fails.
  [[nodiscard]] codec::AlgorithmIdentifier signature_algorithm(Digest digest) const;
  [[nodiscard]] Digest natural_digest() const;  // SHA-256 for P-256 and RSA, SHA-384 for P-384, SHA-512 for P-521
  [[nodiscard]] Result<Bytes> sign(Digest digest, BytesView data) const;
  [[nodiscard]] EVP_PKEY* handle() const noexcept { return key_.get(); }

 private:
  explicit PrivateKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}
  static Result<PrivateKey> checked(KeyHandle handle);
  std::string token_uri_;
  std::shared_ptr<EVP_PKEY> key_;  // shared: EVP_PKEY is reference-counted and immutable here
};

// True when `signature` over `data` verifies. An error when the algorithm is unknown or does not fit the key, its parameters are not
// what RFC 3279, 4055, 5758 or 8410 say, or the key is malformed, oversized or on an unnamed curve. Understands RSA PKCS #1 v1.5 and
// ECDSA with SHA-1, -256, -384, -512, RSASSA-PSS, Ed25519, Ed448, and MD5 with RSA: whether a digest is good enough is the caller's policy.
[[nodiscard]] Result<bool> verify(BytesView public_key_info, const codec::AlgorithmIdentifier& algorithm, BytesView data,
                                  BytesView signature);

// What policy asks about a public key. Errors as in verify().
struct KeyFacts {
  std::string algorithm;  // "EC", "RSA", "Ed25519" ...
  std::string group;      // "P-256"; empty for RSA
  int bits = 0;           // modulus or field size
};
[[nodiscard]] Result<KeyFacts> key_facts(BytesView public_key_info);

// The digest inside a signature algorithm (RSASSA-PSS: from its parameters); nothing for Ed25519 and unknown ones.
[[nodiscard]] std::optional<Digest> digest_of(const codec::AlgorithmIdentifier& algorithm);

}  // namespace est::crypto
