#include "est/pki/signed_message.h"

#include <gtest/gtest.h>
#include <openssl/cms.h>

#include "est/codec/der.h"
#include "est/crypto/chain.h"
#include "est/crypto/handle.h"
#include "est/pki/issue.h"

namespace est::pki {
namespace {

using crypto::KeyType;
using CmsHandle = std::unique_ptr<CMS_ContentInfo, crypto::Deleter<CMS_ContentInfo_free>>;
constexpr UnixTime signed_at = 1'800'000'000;
const codec::Oid content_type("1.3.6.1.5.5.7.12.2");

struct Party {
  crypto::PrivateKey key;
  Bytes certificate;
  explicit Party(KeyType type) : key(*crypto::PrivateKey::generate(type)) {
    CertificateSpec spec;
    spec.serial = random_serial();
    spec.subject = *codec::parse_name("CN=signer,O=Acme");
    spec.validity = {signed_at - 10, signed_at + 1000};
    certificate = *issue_self_signed(spec, key);
  }
  [[nodiscard]] MessageSigner by_serial() const { return {&key, certificate, {}, signed_at, {}}; }
  [[nodiscard]] MessageSigner by_key() const { return {&key, {}, key_identifier(key.public_key_info()), {}, {}}; }
};

// OpenSSL as the second reader: finds the certificate in the bag, checks the signature, gives the content back.
std::string openssl_reads(BytesView der) {
  const Byte* at = der.data();
  const CmsHandle message(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size())));
  const crypto::BioHandle out(BIO_new(BIO_s_mem()));
  if (!message || CMS_verify(message.get(), nullptr, nullptr, nullptr, out.get(), CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
    return crypto::openssl_error("OpenSSL refuses").message;
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

TEST(SignMessage, OpensslAndWeAgreeForEveryKeyTypeAndName) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::ec_p521, KeyType::rsa_2048, KeyType::ed25519}) {
    const Party party(type);
    for (const MessageSigner& signer : {party.by_serial(), party.by_key()}) {
      const auto data = sign_message({content_type, to_bytes("content"), {party.certificate}}, signer);
      ASSERT_TRUE(data.ok()) << data.error().message;
      const Bytes der = codec::encode_signed_data(*data);
      // OpenSSL 3.0 has no Ed25519 in CMS (RFC 8419).
      if (type != KeyType::ed25519) {
        EXPECT_EQ(openssl_reads(der), "content") << to_string(type);
      }
      const auto read = codec::decode_signed_data(der);
      ASSERT_TRUE(read.accepted()) << describe_first(read.findings);
      EXPECT_TRUE(read.findings.empty()) << describe_first(read.findings);
      const auto certificate = signer_certificate(read.value->signers.front().id, read.value->certificates);
      ASSERT_TRUE(certificate.has_value());
      const auto good = verify_signer(read.value->signers.front(), *read.value->content, certificate->spki);
      EXPECT_TRUE(good.ok() && *good) << to_string(type);
    }
  }
}

Bytes openssl_signs(const Party& party, unsigned flags) {
  const auto certificate = crypto::parse_certificate(party.certificate);
  const crypto::BioHandle in(BIO_new_mem_buf("content", 7));
  const CmsHandle message(CMS_sign(certificate->get(), party.key.handle(), nullptr, in.get(), flags | CMS_BINARY));
  Byte* out = nullptr;
  const int size = i2d_CMS_ContentInfo(message.get(), &out);
  Bytes der(out, out + size);
  OPENSSL_free(out);
  return der;
}

// RSA is named rsaEncryption there, and without attributes the signature covers the content itself.
TEST(VerifySigner, UnderstandsWhatOpensslMakes) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::rsa_2048}) {
    const Party party(type);
    for (const unsigned flags : {0U, static_cast<unsigned>(CMS_NOATTR), static_cast<unsigned>(CMS_USE_KEYID)}) {
      const auto read = codec::decode_signed_data(openssl_signs(party, flags));
      ASSERT_TRUE(read.accepted()) << describe_first(read.findings);
      const auto good = verify_signer(read.value->signers.front(), *read.value->content, party.key.public_key_info());
      ASSERT_TRUE(good.ok()) << good.error().message;
      EXPECT_TRUE(*good) << flags;
    }
  }
}

TEST(VerifySigner, NoticesEveryChange) {
  const Party party(KeyType::ec_p256);
  const Party other(KeyType::ec_p256);
  const Bytes key = party.key.public_key_info();
  const codec::SignedData data = *sign_message({content_type, to_bytes("content"), {}}, party.by_key());
  const codec::SignerInfo& good = data.signers.front();
  EXPECT_TRUE(*verify_signer(good, *data.content, key));
  EXPECT_FALSE(*verify_signer(good, to_bytes("other"), key));
  EXPECT_FALSE(*verify_signer(good, *data.content, other.key.public_key_info()));
  codec::SignerInfo changed = good;
  changed.signature.back() ^= 1U;
  EXPECT_FALSE(*verify_signer(changed, *data.content, key));
  changed = good;
  changed.signed_attributes_der.back() ^= 1U;
  EXPECT_FALSE(*verify_signer(changed, *data.content, key));
  changed = good;
  changed.digest_algorithm.algorithm = content_type;
  EXPECT_FALSE(verify_signer(changed, *data.content, key).ok());
}

TEST(SignerCertificate, TheWrongOnesAreNotTaken) {
  const Party party(KeyType::ec_p256);
  const Party other(KeyType::ec_p256);
  for (const MessageSigner& signer : {party.by_serial(), party.by_key()}) {
    const codec::SignedData data = *sign_message({content_type, to_bytes("content"), {}}, signer);
    const codec::SignerIdentifier& id = data.signers.front().id;
    EXPECT_FALSE(signer_certificate(id, {other.certificate, to_bytes("no certificate")}).has_value());
    EXPECT_TRUE(signer_certificate(id, {other.certificate, party.certificate}).has_value());
  }
}

TEST(SignMessage, WithoutKeyOrWithAnUnreadableCertificate) {
  EXPECT_FALSE(sign_message({content_type, {}, {}}, {}).ok());
  const Party party(KeyType::ec_p256);
  MessageSigner signer = party.by_serial();
  signer.certificate = to_bytes("no certificate");
  EXPECT_FALSE(sign_message({content_type, {}, {}}, signer).ok());
}

}  // namespace
}  // namespace est::pki
