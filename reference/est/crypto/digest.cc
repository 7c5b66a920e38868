#include "est/crypto/digest.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstdlib>

#include "est/crypto/handle.h"
#include "est/crypto/public_key.h"

namespace est::crypto {
namespace {

using Fetched = std::unique_ptr<EVP_MD, Deleter<EVP_MD_free>>;

// Asking OpenSSL 3.0 for an algorithm anew for each use costs more than a short digest.
const EVP_MD* implementation(Digest algorithm) {
  static const std::array<Fetched, 6> all = [] {
    std::array<Fetched, 6> fetched;
    for (const Digest one : {Digest::md5, Digest::sha1, Digest::sha256, Digest::sha384, Digest::sha512, Digest::sha512_256})
      fetched.at(static_cast<std::size_t>(one)).reset(EVP_MD_fetch(nullptr, openssl_name(one), nullptr));
    clear_errors();  // of what a provider has not
    return fetched;
  }();
  return all.at(static_cast<std::size_t>(algorithm)).get();
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
  // Only a provider without the algorithm (FIPS mode and MD5) can make this fail; no caller could go on.
  if (type == nullptr) std::abort();
  Bytes out(static_cast<std::size_t>(EVP_MD_get_size(type)));
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), out.data(), &size, type, nullptr) != 1 || size != out.size()) std::abort();
  return out;
}

Bytes random_bytes(std::size_t count) {
  Bytes out(count);
  if (count != 0 && RAND_bytes_ex(nullptr, out.data(), count, 0) != 1) std::abort();
  return out;
}

}  // namespace est::crypto
