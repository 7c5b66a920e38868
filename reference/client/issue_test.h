// Certificates for tests: quick to make, with whatever is to be odd about them.
#pragma once

#include <string>
#include <vector>

#include "est/codec/x509.h"
#include "est/crypto/key.h"
#include "est/pki/issue.h"

namespace client {

inline constexpr est::UnixTime test_now = 1'800'000'000;
inline constexpr est::UnixTime test_year = 31'536'000;

// A name with a key; issues certificates.
struct TestAuthority {
  est::codec::Name name;
  est::crypto::PrivateKey key;

  explicit TestAuthority(const std::string& subject, est::crypto::KeyType type = est::crypto::KeyType::ec_p256)
      : name(est::codec::parse_name(subject).value()), key(est::crypto::PrivateKey::generate(type).value()) {}
  TestAuthority(const TestAuthority& same_name, est::crypto::KeyType type)
      : name(same_name.name), key(est::crypto::PrivateKey::generate(type).value()) {}
};

struct TestCertificate {
  est::UnixTime from = test_now - test_year;
  est::UnixTime until = test_now + test_year;
  bool ca = true;
  std::vector<est::codec::Extension> extensions = {};
};

inline est::Bytes issue(const TestAuthority& subject, const TestAuthority& issuer, const TestCertificate& wanted = {}) {
  est::pki::CertificateSpec spec;
  spec.serial = est::pki::random_serial();
  spec.subject = subject.name;
  spec.public_key_info = subject.key.public_key_info();
  spec.validity = {wanted.from, wanted.until};
  spec.extensions = wanted.extensions;
  if (wanted.ca) spec.extensions.push_back(est::codec::make_basic_constraints(true));
  const est::Bytes issuer_id = est::pki::key_identifier(issuer.key.public_key_info());
  return est::pki::issue_certificate(spec, {issuer.name, &issuer.key, issuer_id}).value();
}

inline est::Bytes issue_self(const TestAuthority& subject, const TestCertificate& wanted = {}) { return issue(subject, subject, wanted); }

}  // namespace client
