#include "est/crypto/mac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

#include "est/crypto/public_key.h"

namespace est::crypto {

Bytes hmac(Digest algorithm, BytesView key, BytesView data) {
  const EVP_MD* digest = EVP_get_digestbyname(openssl_name(algorithm));
  Bytes code(EVP_MAX_MD_SIZE);
  unsigned length = 0;
  // OpenSSL takes a null key for "keep the last one".
  const Byte none = 0;
  const Byte* const octets = key.empty() ? &none : key.data();
  if (digest == nullptr || HMAC(digest, octets, static_cast<int>(key.size()), data.data(), data.size(), code.data(), &length) == nullptr)
    std::abort();
  code.resize(length);
  return code;
}

Bytes pbkdf2(Digest algorithm, std::string_view password, BytesView salt, int rounds) {
  const EVP_MD* digest = EVP_get_digestbyname(openssl_name(algorithm));
  if (digest == nullptr) std::abort();
  Bytes key(static_cast<std::size_t>(EVP_MD_get_size(digest)));
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(), static_cast<int>(salt.size()), rounds, digest,
                        static_cast<int>(key.size()), key.data()) != 1)
    std::abort();
  return key;
}

}  // namespace est::crypto
