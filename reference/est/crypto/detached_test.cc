#include "est/crypto/detached.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"

namespace est::crypto {
namespace {

using ::testing::HasSubstr;

// A certificate as a user makes one, for the key given.
Bytes self_signed(const PrivateKey& key, const std::string& name) {
  const X509Handle certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 7);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  X509_set_pubkey(certificate.get(), key.handle());
  X509_sign(certificate.get(), key.handle(), EVP_sha256());
  return to_der(*certificate);
}

class Detached : public ::testing::TestWithParam<KeyType> {
 protected:
  const PrivateKey key_ = *PrivateKey::generate(GetParam());
  const Bytes certificate_ = self_signed(key_, "Ada");
  const Bytes content_ = to_bytes("{\"what\": \"was signed\"}\r\n");
};

TEST_P(Detached, FitsItsContentAndNamesItsSigner) {
  const auto signature = sign_detached(content_, key_, {certificate_});
  ASSERT_TRUE(signature.ok()) << signature.error().message;
  const auto signer = verify_detached(content_, *signature);
  ASSERT_TRUE(signer.ok()) << signer.error().message;
  EXPECT_EQ(signer->subject, "CN=Ada");
  EXPECT_EQ(signer->certificate, certificate_);
  EXPECT_NEAR(static_cast<double>(signer->signed_at), static_cast<double>(system_clock().now()), 600);
  Bytes other = content_;
  other.back() ^= 1U;
  EXPECT_FALSE(verify_detached(other, *signature).ok());
}

// No octet of the signature can be another one.
TEST_P(Detached, EveryOctetCounts) {
  const Bytes signature = *sign_detached(content_, key_, {certificate_});
  for (std::size_t at = 0; at < signature.size(); ++at) {
    Bytes changed = signature;
    changed[at] ^= 1U;
    EXPECT_FALSE(verify_detached(content_, changed).ok()) << at;
  }
  Bytes longer = signature;
  longer.push_back(0);
  EXPECT_FALSE(verify_detached(content_, longer).ok());
}

TEST_P(Detached, WantsTheKeysOwnCertificate) {
  const auto other = PrivateKey::generate(KeyType::ec_p256);
  const auto signature = sign_detached(content_, *other, {certificate_});
  ASSERT_FALSE(signature.ok());
  EXPECT_THAT(signature.error().message, HasSubstr("is not that of the key"));
}

INSTANTIATE_TEST_SUITE_P(Keys, Detached, ::testing::Values(KeyType::ec_p256, KeyType::rsa_2048),
                         [](const auto& one) { return one.param == KeyType::ec_p256 ? "P256" : "Rsa2048"; });

}  // namespace
}  // namespace est::crypto
