#include "est/crypto/ecdsa.h"

namespace est::crypto {
namespace {

// `kept`, made anew unless it is of this very key: it has a share in its key, so no other can have come to the same address.
EVP_PKEY_CTX* context_of(EVP_PKEY* key, KeyContextHandle& kept, int (*begin)(EVP_PKEY_CTX*)) {
  clear_errors();
  if (kept && EVP_PKEY_CTX_get0_pkey(kept.get()) == key) return kept.get();
  kept.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (kept && begin(kept.get()) != 1) kept.reset();
  return kept.get();
}

}  // namespace

Result<Bytes> ecdsa_sign(EVP_PKEY* key, BytesView digest) {
  thread_local KeyContextHandle kept;
  EVP_PKEY_CTX* context = context_of(key, kept, EVP_PKEY_sign_init);
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = signature.size();
  if (context == nullptr || EVP_PKEY_sign(context, signature.data(), &size, digest.data(), digest.size()) != 1)
    return openssl_error("cannot sign");
  signature.resize(size);
  return signature;
}

Result<bool> ecdsa_verify(EVP_PKEY* key, BytesView digest, BytesView signature) {
  thread_local KeyContextHandle kept;
  EVP_PKEY_CTX* context = context_of(key, kept, EVP_PKEY_verify_init);
  if (context == nullptr) return openssl_error("cannot set up the verification of a signature");
  const bool good = EVP_PKEY_verify(context, signature.data(), signature.size(), digest.data(), digest.size()) == 1;
  clear_errors();
  return good;
}

}  // namespace est::crypto
