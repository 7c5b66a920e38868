#include "est/pki/request.h"

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "est/codec/der.h"
#include "est/crypto/handle.h"

namespace est::pki {
namespace {

using crypto::KeyType;
using X509ReqHandle = std::unique_ptr<X509_REQ, crypto::Deleter<X509_REQ_free>>;

RequestSpec full_spec() {
  RequestSpec spec;
  spec.subject = *codec::parse_name("CN=device-1,O=Acme");
  spec.extensions = {codec::make_subject_alt_name({*codec::parse_general_name("DNS:device-1.example")})};
  spec.challenge_password = "q83vEjRWeJA=";
  return spec;
}

// OpenSSL as the second reader of what we make.
bool openssl_accepts(BytesView der) {
  const Byte* at = der.data();
  const X509ReqHandle request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!request || at != der.data() + der.size()) return false;
  return X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())) == 1;
}

TEST(MakeRequest, OpensslAndWeAgreeForEveryKeyType) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::ec_p521, KeyType::rsa_2048, KeyType::ed25519}) {
    const auto der = make_request(full_spec(), *crypto::PrivateKey::generate(type));
    ASSERT_TRUE(der.ok()) << der.error().message;
    EXPECT_TRUE(openssl_accepts(*der)) << to_string(type);
    const auto decoded = codec::decode_certification_request(*der);
    ASSERT_TRUE(decoded.accepted()) << describe_first(decoded.findings);
    EXPECT_EQ(decoded.value->subject.to_string(), "CN=device-1,O=Acme");
    EXPECT_EQ(codec::challenge_password(*decoded.value).value, "q83vEjRWeJA=");
    EXPECT_EQ(codec::requested_subject_alt_name(*decoded.value).size(), 1U);
    const auto good = verify_request(*decoded.value);
    EXPECT_TRUE(good.ok() && *good);
  }
}

TEST(MakeRequest, WithoutAttributesAndSubject) {
  const auto der = make_request({}, *crypto::PrivateKey::generate(KeyType::ec_p256));
  ASSERT_TRUE(der.ok());
  EXPECT_TRUE(openssl_accepts(*der));
  const auto decoded = codec::decode_certification_request(*der);
  ASSERT_TRUE(decoded.accepted()) << describe_first(decoded.findings);
  EXPECT_TRUE(decoded.value->attributes.empty());
}

TEST(MakeRequest, DigestIsAChoiceWithinReason) {
  RequestSpec spec = full_spec();
  spec.digest = crypto::Digest::sha1;
  const auto weak = make_request(spec, *crypto::PrivateKey::generate(KeyType::rsa_1024));
  ASSERT_TRUE(weak.ok());
  const auto decoded = codec::decode_certification_request(*weak);
  EXPECT_EQ(crypto::digest_of(decoded.value->signature_algorithm), crypto::Digest::sha1);
  spec.digest = crypto::Digest::md5;
  EXPECT_FALSE(make_request(spec, *crypto::PrivateKey::generate(KeyType::ec_p256)).ok());
}

TEST(VerifyRequest, NoticesEveryChange) {
  const auto der = make_request(full_spec(), *crypto::PrivateKey::generate(KeyType::ec_p256));
  auto decoded = codec::decode_certification_request(*der);
  ASSERT_TRUE(decoded.accepted());
  codec::CertificationRequest request = *decoded.value;
  request.info[request.info.size() / 2] ^= 1U;
  EXPECT_FALSE(*verify_request(request));
  request = *decoded.value;
  request.signature.back() ^= 1U;
  EXPECT_FALSE(*verify_request(request));
  request = *decoded.value;
  request.key.der = crypto::PrivateKey::generate(KeyType::ec_p256)->public_key_info();
  EXPECT_FALSE(*verify_request(request));
  request = *decoded.value;
  request.signature_algorithm.algorithm = codec::oids::sha256_with_rsa;
  EXPECT_FALSE(verify_request(request).ok());
}

}  // namespace
}  // namespace est::pki
