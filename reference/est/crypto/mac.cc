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

}  // namespace est::crypto
