#include "est/crypto/key_file.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "est/codec/pem.h"
#include "est/crypto/chain.h"

namespace est::crypto {
namespace {

constexpr std::string_view passphrase = "correct horse";

const PrivateKey& key_of(KeyType type) {
  static const PrivateKey ec = PrivateKey::generate(KeyType::ec_p256).value();
  static const PrivateKey rsa = PrivateKey::generate(KeyType::rsa_2048).value();
  static const PrivateKey edwards = PrivateKey::generate(KeyType::ed25519).value();
  if (type == KeyType::rsa_2048) return rsa;
  return type == KeyType::ed25519 ? edwards : ec;
}

constexpr std::array types{KeyType::ec_p256, KeyType::rsa_2048, KeyType::ed25519};

Bytes certificate_of(const PrivateKey& key) {
  const X509Handle certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.handle());
  X509_sign(certificate.get(), key.handle(), EVP_sha256());
  return to_der(*certificate);
}

Bytes traditional_der(const PrivateKey& key) {
  unsigned char* out = nullptr;
  const int size = i2d_PrivateKey(key.handle(), &out);
  Bytes der(out, out + size);
  OPENSSL_free(out);
  return der;
}

std::string old_encrypted_pem(const PrivateKey& key) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey_traditional(bio.get(), key.handle(), EVP_aes_128_cbc(), reinterpret_cast<const Byte*>(passphrase.data()),
                                       static_cast<int>(passphrase.size()), nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

void expect_key(const Result<PrivateKey>& read, const PrivateKey& key) {
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->public_key_info(), key.public_key_info());
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(ReadPrivateKey, EveryPlainForm) {
  for (const KeyType type : types) {
    const PrivateKey& key = key_of(type);
    for (const Bytes& content : {to_bytes(key.to_pem()), key.to_pkcs8(), traditional_der(key)}) {
      EXPECT_FALSE(is_encrypted_key(content));
      EXPECT_FALSE(is_pkcs12(content));
      expect_key(read_private_key(content), key);
    }
  }
}

TEST(ReadPrivateKey, EncryptedPem) {
  for (const KeyType type : types) {
    const PrivateKey& key = key_of(type);
    const auto pem = to_encrypted_pem(key, passphrase);
    ASSERT_TRUE(pem.ok());
    EXPECT_TRUE(is_encrypted_key(as_bytes(*pem)));
    expect_key(read_private_key(as_bytes(*pem), passphrase), key);
    const auto der = codec::decode_pem(*pem).value->front().der;
    EXPECT_TRUE(is_encrypted_key(der));
    expect_key(read_private_key(der, passphrase), key);
    for (const std::string_view wrong : {"", "correct horsf"}) {
      EXPECT_FALSE(read_private_key(as_bytes(*pem), wrong).ok());
      EXPECT_FALSE(read_private_key(der, wrong).ok());
    }
  }
  const std::string old = old_encrypted_pem(key_of(KeyType::rsa_2048));
  EXPECT_TRUE(is_encrypted_key(as_bytes(old)));
  expect_key(read_private_key(as_bytes(old), passphrase), key_of(KeyType::rsa_2048));
}

TEST(ReadPrivateKey, GarbageIsAnError) {
  const Bytes pkcs8 = key_of(KeyType::ec_p256).to_pkcs8();
  std::vector<Bytes> bad{
      {}, to_bytes("hello"), to_bytes("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), Bytes(100, 0x30)};
  for (std::size_t size = 0; size < pkcs8.size(); size += 7)
    bad.emplace_back(pkcs8.begin(), pkcs8.begin() + static_cast<std::ptrdiff_t>(size));
  bad.push_back(pkcs8);
  bad.back().push_back(0);
  for (const Bytes& content : bad) {
    EXPECT_FALSE(read_private_key(content, passphrase).ok()) << hex(content);
    EXPECT_FALSE(is_pkcs12(content));
    EXPECT_EQ(ERR_peek_error(), 0U);
  }
}

TEST(ToEncryptedPem, NeedsAPassphrase) {
  EXPECT_FALSE(to_encrypted_pem(key_of(KeyType::ec_p256), "").ok());
  EXPECT_FALSE(to_encrypted_pem(key_of(KeyType::ec_p256), std::string(2000, 'x')).ok());
}

TEST(Pkcs12, ThereAndBack) {
  const PrivateKey other = PrivateKey::generate(KeyType::ec_p384).value();
  for (const KeyType type : {KeyType::ec_p256, KeyType::rsa_2048}) {
    const PrivateKey& key = key_of(type);
    const std::vector<Bytes> chain{certificate_of(key), certificate_of(other)};
    const auto file = make_pkcs12(key, chain, passphrase);
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_TRUE(is_pkcs12(*file));
    const auto read = read_pkcs12(*file, passphrase);
    ASSERT_TRUE(read.ok()) << read.error().message;
    ASSERT_TRUE(read->key.has_value());
    EXPECT_EQ(read->key->public_key_info(), key.public_key_info());
    EXPECT_EQ(read->certificates, chain);
    for (const std::string_view wrong : {"", "correct horsf"}) {
      const auto refused = read_pkcs12(*file, wrong);
      ASSERT_FALSE(refused.ok());
      EXPECT_EQ(refused.error().message, "the passphrase does not open the PKCS #12 file");
    }
    EXPECT_EQ(ERR_peek_error(), 0U);
  }
}

TEST(Pkcs12, WhatMakesNone) {
  const PrivateKey& key = key_of(KeyType::ec_p256);
  EXPECT_FALSE(make_pkcs12(key, {certificate_of(key)}, "").ok());
  EXPECT_FALSE(make_pkcs12(key, {}, passphrase).ok());
  EXPECT_FALSE(make_pkcs12(key, {Bytes{0x30}}, passphrase).ok());
  EXPECT_FALSE(make_pkcs12(key, {certificate_of(key), Bytes{0x30}}, passphrase).ok());
  EXPECT_FALSE(make_pkcs12(key, {certificate_of(key_of(KeyType::rsa_2048))}, passphrase).ok());
}

TEST(Pkcs12, DamageIsAnErrorAndNoCrash) {
  const PrivateKey& key = key_of(KeyType::ec_p256);
  const Bytes file = make_pkcs12(key, {certificate_of(key)}, passphrase).value();
  EXPECT_FALSE(read_pkcs12(to_bytes("garbage"), passphrase).ok());
  for (std::size_t size = 0; size < file.size(); size += 101) EXPECT_FALSE(read_pkcs12(BytesView(file).first(size), passphrase).ok());
}

}  // namespace
}  // namespace est::crypto
