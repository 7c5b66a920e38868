#include "est/pki/envelope.h"

#include <gtest/gtest.h>
#include <openssl/cms.h>

#include "est/codec/der.h"
#include "est/crypto/handle.h"
#include "est/pki/issue.h"

namespace est::pki {
namespace {

using codec::AlgorithmIdentifier;
using codec::KeyManagement;
using crypto::KeyType;
namespace der = codec::der;
namespace oids = codec::oids;
using CmsHandle = std::unique_ptr<CMS_ContentInfo, crypto::Deleter<CMS_ContentInfo_free>>;

const Bytes content = to_bytes("the content of an envelope");

Envelope envelope() { return {oids::data, content}; }

std::vector<AlgorithmIdentifier> only(const codec::Oid& oid, Bytes parameters = {}) { return {{oid, std::move(parameters)}}; }

crypto::PrivateKey key_of(KeyType type) { return *crypto::PrivateKey::generate(type); }

Recipient holder(const crypto::PrivateKey& key) { return {to_bytes("device key"), key.public_key_info(), {}}; }

// Seals, reads back by our codec without a finding, and lets OpenSSL open it.
void round_trip(const Recipient& recipient, const std::vector<AlgorithmIdentifier>& capabilities, const crypto::EnvelopeKey& opener,
                KeyManagement expected) {
  const auto sealed = seal(envelope(), recipient, capabilities);
  ASSERT_TRUE(sealed.ok()) << sealed.error().message;
  const Bytes message = codec::encode_enveloped_data(*sealed);
  const auto read = codec::decode_enveloped_data(message);
  ASSERT_TRUE(read.accepted()) << describe_first(read.findings);
  EXPECT_TRUE(read.findings.empty()) << describe_first(read.findings);
  EXPECT_EQ(read.value->recipients.front().management, expected);
  EXPECT_EQ(read.value->recipients.front().keys.front().recipient.key_identifier, recipient.identifier);
  const auto opened = crypto::open_envelope(message, opener);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(*opened, content);
}

TEST(Seal, OpensslOpensWhatASecretProtects) {
  for (const auto& [size, wrap] :
       {std::pair<std::size_t, const codec::Oid*>{16, &oids::aes128_wrap}, {24, &oids::aes192_wrap}, {32, &oids::aes256_wrap}}) {
    const Recipient recipient{to_bytes("secret 1"), {}, crypto::random_bytes(size)};
    round_trip(recipient, {{oids::rsa_encryption, {}}, {*wrap, {}}}, {{}, recipient.secret}, KeyManagement::key_encryption_key);
  }
}

TEST(Seal, OpensslOpensKeyTransport) {
  const auto key = key_of(KeyType::rsa_2048);
  for (const auto& capability : {AlgorithmIdentifier{oids::rsa_encryption, {}},
                                 {oids::rsaes_oaep, {}},
                                 {oids::rsaes_oaep, oaep_default_parameters()},
                                 {oids::rsaes_oaep, oaep_sha256_parameters()}})
    round_trip(holder(key), {{oids::aes256_wrap, {}}, capability, {oids::aes128_cbc, {}}}, {key, {}}, KeyManagement::key_transport);
}

TEST(Seal, OpensslOpensKeyAgreement) {
  const Bytes wrap = codec::encode(AlgorithmIdentifier{oids::aes128_wrap, {}});
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::ec_p521}) {
    const auto key = key_of(type);
    for (const auto& capabilities : {only(oids::dh_std_sha256_kdf, wrap), only(oids::dh_std_sha384_kdf), only(oids::aes192_wrap)})
      round_trip(holder(key), capabilities, {key, {}}, KeyManagement::key_agreement);
  }
}

TEST(Seal, TakesNoAlgorithmTheRecipientDoesNotName) {
  const auto rsa = key_of(KeyType::rsa_2048);
  const Recipient secret{to_bytes("s"), {}, Bytes(32, 1)};
  EXPECT_FALSE(seal(envelope(), secret, only(oids::aes128_wrap)).ok());
  EXPECT_FALSE(seal(envelope(), holder(rsa), only(oids::aes256_wrap)).ok());
  EXPECT_FALSE(seal(envelope(), holder(rsa), only(oids::rsaes_oaep, der::integer(1))).ok());
  EXPECT_FALSE(seal(envelope(), holder(key_of(KeyType::ec_p256)), only(oids::rsa_encryption)).ok());
  EXPECT_FALSE(seal(envelope(), holder(key_of(KeyType::ed25519)), only(oids::aes256_wrap)).ok());
  EXPECT_FALSE(seal(envelope(), secret, {}).ok());
  EXPECT_EQ(seal(envelope(), secret, {{oids::aes256_wrap, {}}, {oids::aes128_cbc, {}}})->content_encryption.algorithm, oids::aes128_cbc);
}

TEST(Open, AnotherKeyDoesNotFit) {
  const auto key = key_of(KeyType::ec_p256);
  const auto sealed = seal(envelope(), holder(key), only(oids::aes256_wrap));
  ASSERT_TRUE(sealed.ok());
  const Bytes message = codec::encode_enveloped_data(*sealed);
  EXPECT_FALSE(crypto::open_envelope(message, {key_of(KeyType::ec_p256), {}}).ok());
  EXPECT_FALSE(crypto::open_envelope(message, {{}, Bytes(32, 1)}).ok());
  EXPECT_FALSE(crypto::open_envelope(BytesView(message).first(20), {key, {}}).ok());
}

Bytes encoded(CMS_ContentInfo* message) {
  unsigned char* out = nullptr;
  const int size = i2d_CMS_ContentInfo(message, &out);
  Bytes der;
  if (size > 0) der.assign(out, out + size);
  OPENSSL_free(out);
  return der;
}

// What OpenSSL seals for the holder of a certificate, named by issuer and serial number or by key identifier.
Bytes sealed_by_openssl(const crypto::PrivateKey& key, unsigned flags) {
  CertificateSpec spec;
  spec.serial = random_serial();
  spec.subject = *codec::parse_name("CN=recipient");
  spec.validity = {1'700'000'000, 1'900'000'000};
  const Bytes der = *issue_self_signed(spec, key);
  const Byte* at = der.data();
  const crypto::X509Handle certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const CmsHandle message(CMS_EnvelopedData_create(EVP_aes_128_cbc()));
  CMS_set_detached(message.get(), 0);
  EXPECT_NE(CMS_add1_recipient_cert(message.get(), certificate.get(), flags), nullptr);
  const crypto::BioHandle in(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  EXPECT_EQ(CMS_final(message.get(), in.get(), nullptr, CMS_BINARY), 1);
  return encoded(message.get());
}

TEST(DecodeEnvelopedData, ReadsWhatOpensslSeals) {
  for (const KeyType type : {KeyType::rsa_2048, KeyType::ec_p256}) {
    const auto key = key_of(type);
    for (const unsigned flags : {0U, static_cast<unsigned>(CMS_USE_KEYID)}) {
      const Bytes message = sealed_by_openssl(key, flags);
      const auto read = codec::decode_enveloped_data(message);
      ASSERT_TRUE(read.accepted()) << describe_first(read.findings);
      EXPECT_EQ(read.value->recipients.front().keys.front().recipient.by_key_identifier, flags != 0);
      EXPECT_EQ(codec::encode_enveloped_data(*read.value), message);
      EXPECT_EQ(crypto::open_envelope(message, {key, {}}).value(), content);
    }
  }
}

}  // namespace
}  // namespace est::pki
