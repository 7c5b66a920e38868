// Owners for OpenSSL's handles: every C pointer is born inside one.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

#include "est/base/result.h"

namespace est::crypto {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};

using BioHandle = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContextHandle = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContextHandle = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using X509Handle = std::unique_ptr<X509, Deleter<X509_free>>;
using X509CrlHandle = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using X509StoreHandle = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using X509StoreContextHandle = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
using SslContextHandle = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using SslHandle = std::unique_ptr<SSL, Deleter<SSL_free>>;
using SslSessionHandle = std::unique_ptr<SSL_SESSION, Deleter<SSL_SESSION_free>>;

// Empties OpenSSL's error queue of this thread and says in one sentence what was in it, after `what`.
[[nodiscard]] Error openssl_error(std::string_view what);

// Empties it, at the cost of a look when it is empty already; ERR_clear_error() goes through all its places each time.
void clear_errors() noexcept;

}  // namespace est::crypto
