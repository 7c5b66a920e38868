#include "conformance/steps/generated_key.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "est/codec/generated_key.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs8.h"
#include "est/ops/message.h"
#include "est/pki/envelope.h"
#include "est/pki/issue.h"
#include "est/pki/signed_message.h"

namespace conformance::steps {
namespace {

using est::Bytes;
using est::crypto::KeyType;
using est::crypto::PrivateKey;
namespace codec = est::codec;
namespace oids = est::codec::oids;

// A key generator's view: the key it made, its certificate, and who signs.
class GeneratedKeyTest : public ::testing::Test {
 protected:
  PrivateKey key = PrivateKey::generate(KeyType::ec_p256).value();
  Bytes certificate = certify();
  target::ProtectionKey secret{"device-secret", Bytes(32, 7), {}};

  [[nodiscard]] Bytes certify() const {
    est::pki::CertificateSpec spec{.serial = est::pki::random_serial(), .public_key_info = key.public_key_info()};
    spec.subject = *codec::parse_name("CN=device");
    spec.validity = {1'800'000'000, 1'900'000'000};
    return *est::pki::issue_self_signed(spec, key);
  }
  [[nodiscard]] codec::SignedData signed_package() const {
    const Bytes package = codec::encode_asymmetric_key_package({key.to_pkcs8()});
    return *est::pki::sign_message({oids::asymmetric_key_package, package, {certificate}}, {&key, certificate, {}, {}, {}});
  }
  [[nodiscard]] GeneratedKey read_enveloped(const Bytes& content, const target::ProtectionKey* with) const {
    const est::pki::Recipient recipient{est::to_bytes(secret.identifier), {}, secret.secret};
    const auto data = est::pki::seal({oids::signed_data, content}, recipient, {{oids::aes256_wrap, {}}});
    return read_generated_key(est::ops::serverkeygen_response(codec::encode_enveloped_data(*data), true, certificate), with);
  }
};

TEST_F(GeneratedKeyTest, ReadsAKeyInTheClear) {
  const auto read = read_generated_key(est::ops::serverkeygen_response(key.to_pkcs8(), false, certificate), nullptr);
  ASSERT_TRUE(read.key.has_value());
  EXPECT_EQ(read.artefacts.at("spki"), key.public_key_info());
  EXPECT_EQ(read.facts.at("generated-key"), "usable");
  EXPECT_EQ(read.certificates, std::vector<Bytes>{certificate});
  EXPECT_NE(read.artefacts.at("key-structure"), key.to_pkcs8());
}

TEST_F(GeneratedKeyTest, OpensAnEnvelopeAndVerifiesWhatIsInside) {
  const auto read = read_enveloped(codec::encode_bare_signed_data(signed_package()), &secret);
  ASSERT_TRUE(read.key.has_value());
  EXPECT_EQ(read.facts.at("envelope"), "opened");
  EXPECT_EQ(read.facts.at("envelope-content"), "SignedData");
  EXPECT_EQ(read.facts.at("signature"), "valid");
  EXPECT_EQ(read.facts.at("key-package"), "1");
  EXPECT_EQ(read.facts.at("signed-content-type"), "id-ct-KP-aKeyPackage");
}

TEST_F(GeneratedKeyTest, SaysWhatIsWrongInside) {
  auto broken = signed_package();
  broken.signers.front().signature.back() ^= 1U;
  EXPECT_EQ(read_enveloped(codec::encode_bare_signed_data(broken), &secret).facts.at("signature"), "invalid");
  auto anonymous = signed_package();
  anonymous.certificates.clear();
  EXPECT_EQ(read_enveloped(codec::encode_bare_signed_data(anonymous), &secret).facts.at("signature"), "no certificate of the signer");
  const auto unsigned_key = read_enveloped(key.to_pkcs8(), &secret);
  EXPECT_EQ(unsigned_key.facts.at("envelope-content"), "no SignedData");
  EXPECT_TRUE(unsigned_key.key.has_value());
  EXPECT_EQ(read_enveloped(codec::encode_signed_data(signed_package()), &secret).facts.at("envelope-content"),
            "ContentInfo with SignedData");
}

TEST_F(GeneratedKeyTest, AnEnvelopeForAnotherStaysClosed) {
  const target::ProtectionKey other{"device-secret", Bytes(32, 8), {}};
  const auto read = read_enveloped(codec::encode_bare_signed_data(signed_package()), &other);
  EXPECT_FALSE(read.key.has_value());
  EXPECT_NE(read.facts.at("envelope"), "opened");
  EXPECT_FALSE(read.artefacts.contains("spki"));
}

TEST_F(GeneratedKeyTest, ProtectionIsAskedForByAttributes) {
  EXPECT_TRUE(protection_attributes("none", nullptr, "usual").empty());
  const auto named = protection_attributes("symmetric", &secret, "usual");
  ASSERT_EQ(named.size(), 2U);
  EXPECT_EQ(named.front().type, oids::decrypt_key_identifier);
  EXPECT_EQ(named.back().type, oids::smime_capabilities);
  EXPECT_EQ(protection_attributes("symmetric", &secret, "none").size(), 1U);
  EXPECT_EQ(protection_attributes("unknown-asymmetric", nullptr, "usual").front().type, oids::asymmetric_decrypt_key_identifier);
}

}  // namespace
}  // namespace conformance::steps
