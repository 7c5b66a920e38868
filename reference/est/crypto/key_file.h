// Private keys and certificates in the containers that files use: PEM and DER, encrypted or not (RFC 5958, RFC 8018), and PKCS #12 (RFC
// 7292).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/crypto/key.h"

namespace est::crypto {

// PEM with an encrypted key somewhere in it, or DER of an EncryptedPrivateKeyInfo.
[[nodiscard]] bool is_encrypted_key(BytesView content);
// PEM or DER; the passphrase is used when the key is encrypted. Errors: no key, a wrong passphrase (told apart), a key of no use.
[[nodiscard]] Result<PrivateKey> read_private_key(BytesView content, std::string_view passphrase = {});
// PKCS #8 PEM encrypted by PBES2 with AES-256-CBC.
[[nodiscard]] Result<std::string> to_encrypted_pem(const PrivateKey& key, std::string_view passphrase);

struct Pkcs12 {
  std::optional<PrivateKey> key;
  std::vector<Bytes> certificates;  // DER; that of the key first
};
[[nodiscard]] bool is_pkcs12(BytesView der);
// Errors: a wrong passphrase, algorithms that OpenSSL has retired.
[[nodiscard]] Result<Pkcs12> read_pkcs12(BytesView der, std::string_view passphrase);
// The key's certificate first; AES-256-CBC and HMAC-SHA256.
[[nodiscard]] Result<Bytes> make_pkcs12(const PrivateKey& key, const std::vector<Bytes>& certificates, std::string_view passphrase);

}  // namespace est::crypto
