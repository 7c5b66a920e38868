#include "est/crypto/digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstdlib>

#include "est/crypto/handle.h"

namespace est::crypto {
namespace {

const EVP_MD* implementation(Digest algorithm) {
  switch (algorithm) {
    case Digest::md5:
      return EVP_md5();
    case Digest::sha1:
      return EVP_sha1();
    case Digest::sha256:
      return EVP_sha256();
    case Digest::sha384:
      return EVP_sha384();
    case Digest::sha512:
      return EVP_sha512();
    case Digest::sha512_256:
      return EVP_sha512_256();
  }
  std::abort();
}

}  // namespace

std::string_view to_string(Digest digest) noexcept {
  switch (digest) {
    case Digest::md5:
      return "MD5";
    case Digest::sha1:
      return "SHA-1";
    case Digest::sha256:
      return "SHA-256";
    case Digest::sha384:
      return "SHA-384";
    case Digest::sha512:
      return "SHA-512";
    case Digest::sha512_256:
      return "SHA-512-256";
  }
  return "unknown digest";
}

Bytes digest(Digest algorithm, BytesView data) {
  const EVP_MD* type = implementation(algorithm);
  Bytes out(static_cast<std::size_t>(EVP_MD_get_size(type)));
  unsigned size = 0;
  // Only a provider without the algorithm (FIPS mode and MD5) can make this fail; no caller could go on.
  if (EVP_Digest(data.data(), data.size(), out.data(), &size, type, nullptr) != 1 || size != out.size()) std::abort();
  return out;
}

Bytes random_bytes(std::size_t count) {
  Bytes out(count);
  if (count != 0 && RAND_bytes_ex(nullptr, out.data(), count, 0) != 1) std::abort();
  return out;
}

}  // namespace est::crypto
