// For tests: a small certification authority and identities under it, made anew in each test program.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"
#include "est/pki/issue.h"
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
    std::string subject = "CN=subject";
    std::vector<std::string> names;  // "DNS:a.example", "IP:127.0.0.1"
    std::vector<codec::Oid> purposes;
    crypto::KeyType key = crypto::KeyType::ec_p256;
    bool expired = false;
  };

  explicit AuthorityForTest(std::string_view subject, const AuthorityForTest* parent = nullptr)
      : key_(must(crypto::PrivateKey::generate(crypto::KeyType::ec_p256))), name_(must(codec::parse_name(subject))) {
    pki::CertificateSpec spec = spec_for(name_, key_);
    spec.extensions = {codec::make_basic_constraints(true),
                       codec::make_key_usage(codec::key_usage::key_cert_sign | codec::key_usage::crl_sign)};
    if (parent == nullptr) {
      certificate_ = must(pki::issue_self_signed(spec, key_));
      return;
    }
    certificate_ = must(pki::issue_certificate(spec, parent->issuer()));
    below_ = parent->below_;
    below_.insert(below_.begin(), certificate_);
  }

  // Chain: the leaf, then the intermediates without the root.
  [[nodiscard]] Identity issue(const Wish& wish) const {
    constexpr UnixTime minute = 60;
    crypto::PrivateKey key = must(crypto::PrivateKey::generate(wish.key));
    pki::CertificateSpec spec = spec_for(must(codec::parse_name(wish.subject)), key);
    if (wish.expired) spec.validity.not_after = system_clock().now() - minute;
    std::vector<codec::GeneralName> names;
    for (const std::string& name : wish.names) names.push_back(must(codec::parse_general_name(name)));
    if (!names.empty()) spec.extensions.push_back(codec::make_subject_alt_name(names));
    if (!wish.purposes.empty()) spec.extensions.push_back(codec::make_extended_key_usage(wish.purposes));
    Identity identity;
    identity.chain.push_back(must(pki::issue_certificate(spec, issuer())));
    identity.chain.insert(identity.chain.end(), below_.begin(), below_.end());
    identity.key = std::move(key);
    return identity;
  }

  [[nodiscard]] Identity server(const std::vector<std::string>& names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"}) const {
    return issue({"CN=server", names, {codec::oids::server_auth}});
  }
  [[nodiscard]] Identity client(const std::string& subject = "CN=device") const { return issue({subject, {}, {codec::oids::client_auth}}); }
  [[nodiscard]] const Bytes& certificate() const noexcept { return certificate_; }

 private:
  [[nodiscard]] static pki::CertificateSpec spec_for(const codec::Name& subject, const crypto::PrivateKey& key) {
    constexpr UnixTime hour = 3600;
    pki::CertificateSpec spec;
    spec.serial = pki::random_serial();
    spec.subject = subject;
    spec.public_key_info = key.public_key_info();
    spec.validity = {system_clock().now() - hour, system_clock().now() + 24 * hour};
    return spec;
  }
  [[nodiscard]] pki::Issuer issuer() const { return {name_, &key_, pki::key_identifier(key_.public_key_info())}; }

  crypto::PrivateKey key_;
  codec::Name name_;
  Bytes certificate_;
  std::vector<Bytes> below_;  // what follows a leaf
};

}  // namespace est::tls
