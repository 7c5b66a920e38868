// For tests: a small certification authority and identities under it, made anew in each test program by OpenSSL alone.
#pragma once

#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "est/crypto/digest.h"
#include "est/crypto/handle.h"
#include "est/crypto/key.h"
#include "est/tls/context.h"

namespace est::tls {

// The value, or an exception that fails the test with the reason.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

// A root, or an intermediate under `parent`.
class AuthorityForTest {
 public:
  struct Wish {
    std::string name = "subject";
    std::vector<std::string> alternative_names;  // "DNS:a.example", "IP:127.0.0.1"
    std::string purposes;                        // "serverAuth,clientAuth"; empty: no such extension
    crypto::KeyType key = crypto::KeyType::ec_p256;
    bool expired = false;
  };

  explicit AuthorityForTest(const std::string& name, const AuthorityForTest* parent = nullptr)
      : key_(must(crypto::PrivateKey::generate(crypto::KeyType::ec_p256))) {
    const crypto::X509Handle made = draft(name, key_, 24 * hour);
    extend(*made, NID_basic_constraints, "critical,CA:TRUE");
    extend(*made, NID_key_usage, "critical,keyCertSign,cRLSign");
    // A root signs itself.
    (parent == nullptr ? *this : *parent).sign(*made, parent == nullptr ? made.get() : nullptr);
    certificate_ = crypto::to_der(*made);
    if (parent == nullptr) return;
    below_ = parent->below_;
    below_.insert(below_.begin(), certificate_);
  }

  // Chain: the leaf, then the intermediates without the root.
  [[nodiscard]] Identity issue(const Wish& wish) const {
    crypto::PrivateKey key = must(crypto::PrivateKey::generate(wish.key));
    const crypto::X509Handle made = draft(wish.name, key, wish.expired ? -60 : 24 * hour);
    if (!wish.alternative_names.empty()) extend(*made, NID_subject_alt_name, join(wish.alternative_names, ","));
    if (!wish.purposes.empty()) extend(*made, NID_ext_key_usage, wish.purposes);
    sign(*made);
    Identity identity;
    identity.chain.push_back(crypto::to_der(*made));
    identity.chain.insert(identity.chain.end(), below_.begin(), below_.end());
    identity.key = std::move(key);
    return identity;
  }

  [[nodiscard]] Identity server(const std::vector<std::string>& names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"}) const {
    return issue({"server", names, "serverAuth"});
  }
  [[nodiscard]] Identity client(const std::string& name = "device") const { return issue({name, {}, "clientAuth"}); }
  [[nodiscard]] const Bytes& certificate() const noexcept { return certificate_; }

 private:
  static constexpr long hour = 3600;

  static void demand(bool done) {
    if (!done) throw std::runtime_error(crypto::openssl_error("making a certificate").message);
  }

  [[nodiscard]] static crypto::X509Handle draft(const std::string& name, const crypto::PrivateKey& key, long seconds_left) {
    crypto::X509Handle made(X509_new());
    demand(made != nullptr && X509_set_version(made.get(), X509_VERSION_3) == 1);
    Bytes serial = crypto::random_bytes(8);
    serial.front() = 1;  // positive and minimal
    demand(ASN1_STRING_set(X509_get_serialNumber(made.get()), serial.data(), static_cast<int>(serial.size())) == 1);
    const BytesView text = as_bytes(name);
    demand(X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, text.data(), static_cast<int>(text.size()),
                                      -1, 0) == 1);
    demand(X509_gmtime_adj(X509_getm_notBefore(made.get()), -hour) != nullptr);
    demand(X509_gmtime_adj(X509_getm_notAfter(made.get()), seconds_left) != nullptr);
    demand(X509_set_pubkey(made.get(), key.handle()) == 1);
    return made;
  }

  static void extend(X509& certificate, int type, const std::string& value) {
    X509V3_CTX context{};
    const std::unique_ptr<X509_EXTENSION, crypto::Deleter<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, type, value.c_str()));
    demand(extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1);
  }

  // `issuer`: whose name is written; nothing: this authority's certificate.
  void sign(X509& certificate, const X509* issuer = nullptr) const {
    const crypto::X509Handle own = issuer == nullptr ? must(crypto::parse_certificate(certificate_)) : nullptr;
    demand(X509_set_issuer_name(&certificate, X509_get_subject_name(own ? own.get() : issuer)) == 1);
    demand(X509_sign(&certificate, key_.handle(), EVP_sha256()) > 0);
  }

  crypto::PrivateKey key_;
  Bytes certificate_;
  std::vector<Bytes> below_;  // what follows a leaf
};

}  // namespace est::tls
