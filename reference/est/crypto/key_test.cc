#include "est/crypto/key.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "est/codec/der.h"
#include "est/crypto/public_key.h"

namespace est::crypto {
namespace {

namespace der = codec::der;
namespace oids = codec::oids;
using codec::AlgorithmIdentifier;
using codec::Oid;

const Bytes message = to_bytes("to be signed");

PrivateKey make(KeyType type) {
  auto key = PrivateKey::generate(type);
  EXPECT_TRUE(key.ok());
  return *key;
}

Bytes spki(const AlgorithmIdentifier& algorithm, BytesView key) { return der::sequence({codec::encode(algorithm), der::bit_string(key)}); }
Bytes rsa_key(BytesView n, BytesView e) { return der::sequence({der::unsigned_integer(n), der::unsigned_integer(e)}); }
Bytes rsa_spki(BytesView n, BytesView e) { return spki({oids::rsa_encryption, der::null()}, rsa_key(n, e)); }
Bytes ec_spki(const Oid& curve, BytesView point) { return spki({oids::ec_public_key, der::oid(curve)}, point); }
Bytes number(std::size_t octets, Byte last = 1) {
  Bytes out(octets, 0xc5);
  out.back() = last;
  return out;
}

TEST(KeyType, NamesGoBothWays) {
  for (const char* name : {"ec-p256", "ec-p384", "ec-p521", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519", "rsa-1024"}) {
    const auto type = key_type_by_name(name);
    ASSERT_TRUE(type.has_value()) << name;
    EXPECT_EQ(to_string(*type), name);
  }
  EXPECT_FALSE(key_type_by_name("EC-P256").has_value());
}

TEST(PrivateKey, SignaturesVerifyAndDamagedOnesDoNot) {
  struct Case {
    KeyType type;
    std::string_view algorithm, group;
    int bits;
    std::vector<Digest> digests;
  };
  const std::vector<Digest> sha = {Digest::sha1, Digest::sha256, Digest::sha384, Digest::sha512};
  const std::vector<Case> cases = {{KeyType::ec_p256, "EC", "P-256", 256, sha},
                                   {KeyType::ec_p384, "EC", "P-384", 384, sha},
                                   {KeyType::ec_p521, "EC", "P-521", 521, sha},
                                   {KeyType::rsa_1024, "RSA", "", 1024, sha},
                                   {KeyType::rsa_2048, "RSA", "", 2048, {Digest::md5, Digest::sha256}},
                                   {KeyType::ed25519, "Ed25519", "", 256, {Digest::sha256, Digest::md5}}};
  for (const Case& one : cases) {
    const PrivateKey key = make(one.type);
    const Bytes info = key.public_key_info();
    const auto facts = key_facts(info);
    ASSERT_TRUE(facts.ok()) << facts.error().message;
    EXPECT_EQ(facts->algorithm, one.algorithm);
    EXPECT_EQ(facts->group, one.group);
    EXPECT_EQ(facts->bits, one.bits);
    for (const Digest digest : one.digests) {
      const AlgorithmIdentifier algorithm = key.signature_algorithm(digest);
      auto signature = key.sign(digest, message);
      ASSERT_TRUE(signature.ok()) << signature.error().message;
      const auto good = verify(info, algorithm, message, *signature);
      EXPECT_TRUE(good.ok() && *good) << one.algorithm << to_string(digest);
      signature->back() ^= 1U;
      const auto bad = verify(info, algorithm, message, *signature);
      EXPECT_TRUE(bad.ok() && !*bad);
      const auto cut = verify(info, algorithm, message, {});
      EXPECT_TRUE(cut.ok() && !*cut);
      EXPECT_EQ(ERR_peek_error(), 0U);
    }
  }
}

// What a thread keeps of the key it signed with last is of no use to the next one, on the same curve or another.
TEST(PrivateKey, SignsInTurnEachForItself) {
  const std::vector<PrivateKey> keys = {make(KeyType::ec_p256), make(KeyType::ec_p256), make(KeyType::ec_p384)};
  for (std::size_t i = 0; i < 9; ++i) {
    const PrivateKey& key = keys[i * 2 % 3];
    const auto signature = key.sign(Digest::sha384, message);
    ASSERT_TRUE(signature.ok()) << signature.error().message;
    for (const PrivateKey& other : keys) {
      const auto good = verify(other.public_key_info(), other.signature_algorithm(Digest::sha384), message, *signature);
      ASSERT_TRUE(good.ok()) << good.error().message;
      EXPECT_EQ(*good, &other == &key);
    }
  }
}

TEST(PrivateKey, NaturalDigestFollowsTheKey) {
  EXPECT_EQ(make(KeyType::ec_p256).natural_digest(), Digest::sha256);
  EXPECT_EQ(make(KeyType::ec_p384).natural_digest(), Digest::sha384);
  EXPECT_EQ(make(KeyType::ec_p521).natural_digest(), Digest::sha512);
  EXPECT_EQ(make(KeyType::rsa_1024).natural_digest(), Digest::sha256);
  EXPECT_EQ(digest_of(make(KeyType::ec_p384).signature_algorithm(Digest::sha384)), Digest::sha384);
  EXPECT_FALSE(digest_of(make(KeyType::ed25519).signature_algorithm(Digest::sha256)).has_value());
}

TEST(PrivateKey, CombinationsWithoutAnIdentifierAreErrors) {
  EXPECT_FALSE(make(KeyType::ec_p256).sign(Digest::md5, message).ok());
  EXPECT_FALSE(make(KeyType::rsa_1024).sign(Digest::sha512_256, message).ok());
}

TEST(PrivateKey, SurvivesPemAndPkcs8) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::rsa_1024, KeyType::ed25519}) {
    const PrivateKey key = make(type);
    const auto from_pem = PrivateKey::from_pem(key.to_pem());
    ASSERT_TRUE(from_pem.ok()) << from_pem.error().message;
    EXPECT_EQ(from_pem->public_key_info(), key.public_key_info());
    const auto from_der = PrivateKey::from_pkcs8(key.to_pkcs8());
    ASSERT_TRUE(from_der.ok()) << from_der.error().message;
    EXPECT_EQ(from_der->public_key_info(), key.public_key_info());
  }
}

std::string written(const PrivateKey& key, bool encrypted, bool traditional) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  std::string password = "secret";
  auto* pass = reinterpret_cast<unsigned char*>(password.data());
  const EVP_CIPHER* cipher = encrypted ? EVP_aes_128_cbc() : nullptr;
  if (traditional)
    PEM_write_bio_PrivateKey_traditional(bio.get(), key.handle(), cipher, encrypted ? pass : nullptr, 6, nullptr, nullptr);
  else
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key.handle(), cipher, encrypted ? password.data() : nullptr, 6, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

TEST(PrivateKey, ReadsTraditionalPemAndNamesEncryption) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::rsa_1024}) {
    const PrivateKey key = make(type);
    EXPECT_TRUE(PrivateKey::from_pem(written(key, false, true)).ok());
    // As `openssl ecparam -genkey` writes it: parameters first.
    EXPECT_TRUE(
        PrivateKey::from_pem("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + written(key, false, true))
            .ok());
    for (const bool traditional : {false, true}) {
      const auto locked = PrivateKey::from_pem(written(key, true, traditional));
      ASSERT_FALSE(locked.ok());
      EXPECT_NE(locked.error().message.find("encrypted"), std::string::npos) << locked.error().message;
    }
  }
}

TEST(PrivateKey, RefusesWhatIsNoUsableKey) {
  for (const char* text : {"", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"})
    EXPECT_FALSE(PrivateKey::from_pem(text).ok()) << text;
  EXPECT_FALSE(PrivateKey::from_pkcs8({}).ok());
  Bytes extended = make(KeyType::ec_p256).to_pkcs8();
  extended.push_back(0);
  EXPECT_FALSE(PrivateKey::from_pkcs8(extended).ok());
  const KeyHandle agreement(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), agreement.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &text));
  EXPECT_FALSE(PrivateKey::from_pem({text, size}).ok());
  EXPECT_EQ(ERR_peek_error(), 0U);
}

// An EC key whose stored public half belongs to another key.
TEST(PrivateKey, RefusesHalvesThatDoNotMatch) {
  const Bytes mine = make(KeyType::ec_p256).to_pkcs8();
  const Bytes other = make(KeyType::ec_p256).to_pkcs8();
  Bytes mixed = mine;
  std::copy(other.end() - 64, other.end(), mixed.end() - 64);
  EXPECT_FALSE(PrivateKey::from_pkcs8(mixed).ok());
}

TEST(PublicKey, HostileOnesAreRefused) {
  const Bytes good_point = der::concat({make(KeyType::ec_p256).public_key_info()});
  const Bytes point(good_point.end() - 65, good_point.end());
  Bytes off_curve = point;
  off_curve.back() ^= 1U;
  Bytes hybrid = point;
  hybrid.front() = static_cast<Byte>(6U | (point.back() & 1U));
  const Bytes e = {1, 0, 1};
  const Bytes n = number(128);
  const Bytes explicit_curve = der::sequence({der::integer(1), der::sequence({})});
  struct Case {
    std::string_view why;
    Bytes info;
  };
  const std::vector<Case> cases = {
      {"empty", {}},
      {"not DER", {0x30, 0x80}},
      {"trailing", der::concat({make(KeyType::ed25519).public_key_info(), der::null()})},
      {"RSA 64 kbit", rsa_spki(number(8192), e)},
      {"RSA 16 bit", rsa_spki(number(2), e)},
      {"RSA even modulus", rsa_spki(number(128, 2), e)},
      {"RSA e=1", rsa_spki(n, Bytes{1})},
      {"RSA e=0", rsa_spki(n, Bytes{0})},
      {"RSA e even", rsa_spki(n, Bytes{2})},
      {"RSA e of 1024 bits", rsa_spki(n, number(127))},
      {"RSA negative modulus", spki({oids::rsa_encryption, der::null()}, der::sequence({der::integer(-5), der::integer(3)}))},
      {"RSA without NULL", spki({oids::rsa_encryption, {}}, rsa_key(n, e))},
      {"RSA with trailing", spki({oids::rsa_encryption, der::null()}, der::concat({rsa_key(n, e), der::null()}))},
      {"EC without curve", spki({oids::ec_public_key, {}}, point)},
      {"EC implicit curve", spki({oids::ec_public_key, der::null()}, point)},
      {"EC explicit curve", spki({oids::ec_public_key, explicit_curve}, point)},
      {"EC unknown curve", ec_spki(Oid("1.2.3.4"), point)},
      {"EC point off the curve", ec_spki(oids::prime256v1, off_curve)},
      {"EC point at infinity", ec_spki(oids::prime256v1, Bytes{0})},
      {"EC hybrid point", ec_spki(oids::prime256v1, hybrid)},
      {"EC no point", ec_spki(oids::prime256v1, {})},
      {"EC short point", ec_spki(oids::prime256v1, BytesView(point).first(64))},
      {"EC point of another curve", ec_spki(oids::secp384r1, point)},
      {"EC zero point", ec_spki(oids::prime256v1, Bytes(65, 4))},
      {"Ed25519 with NULL", spki({oids::ed25519, der::null()}, Bytes(32, 1))},
      {"Ed25519 short", spki({oids::ed25519, {}}, Bytes(31, 1))},
      {"unknown algorithm", spki({Oid("1.2.3"), {}}, Bytes(32, 1))},
  };
  for (const Case& one : cases) {
    EXPECT_FALSE(key_facts(one.info).ok()) << one.why;
    EXPECT_FALSE(verify(one.info, {oids::ecdsa_with_sha256, {}}, message, message).ok()) << one.why;
    EXPECT_EQ(ERR_peek_error(), 0U) << one.why;
  }
}

TEST(PublicKey, CompressedPointsAndOtherCurvesAreRead) {
  const Bytes info = make(KeyType::ec_p256).public_key_info();
  Bytes point(info.end() - 65, info.end() - 32);
  point.front() = static_cast<Byte>(2U | (info.back() & 1U));
  const auto facts = key_facts(ec_spki(oids::prime256v1, point));
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  for (const char* group : {"P-224", "secp256k1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"}) {
    const KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", group));
    unsigned char* out = nullptr;
    const int size = i2d_PUBKEY(key.get(), &out);
    const auto read = key_facts({out, static_cast<std::size_t>(size)});
    OPENSSL_free(out);
    ASSERT_TRUE(read.ok()) << group << read.error().message;
    EXPECT_EQ(read->group, group);
  }
}

// A key is read into the place of the one before it: neither may leave anything of itself behind.
TEST(PublicKey, OnesReadInARowHaveNothingInCommon) {
  for (const auto type : {KeyType::ec_p256, KeyType::ec_p384}) {
    const Digest digest = type == KeyType::ec_p256 ? Digest::sha256 : Digest::sha384;
    std::vector<PrivateKey> keys;
    std::vector<Bytes> signatures;
    for (int i = 0; i < 3; ++i) {
      keys.push_back(make(type));
      signatures.push_back(*keys.back().sign(digest, message));
    }
    Bytes off_curve = keys[0].public_key_info();
    off_curve.back() ^= 1U;
    for (std::size_t i = 0; i < 27; ++i) {
      const PrivateKey& key = keys[i % 3];
      const Bytes& signature = signatures[i / 3 % 3];
      if (i % 2 == 0) {
        EXPECT_FALSE(key_facts(off_curve).ok());
      }
      const auto good = verify(key.public_key_info(), key.signature_algorithm(digest), message, signature);
      ASSERT_TRUE(good.ok()) << good.error().message;
      EXPECT_EQ(*good, i % 3 == i / 3 % 3);
      EXPECT_EQ(key_facts(key.public_key_info())->group, type == KeyType::ec_p256 ? "P-256" : "P-384");
    }
  }
}

TEST(Verify, ParametersAndKeyMustFitTheAlgorithm) {
  const PrivateKey ec = make(KeyType::ec_p256);
  const PrivateKey rsa = make(KeyType::rsa_1024);
  const PrivateKey ed = make(KeyType::ed25519);
  const Bytes null = der::null();
  struct Case {
    const PrivateKey* key;
    AlgorithmIdentifier algorithm;
    bool accepted;
  };
  const std::vector<Case> cases = {
      {&rsa, {oids::sha256_with_rsa, null}, true},
      {&rsa, {oids::sha256_with_rsa, {}}, true},
      {&rsa, {oids::sha256_with_rsa, Bytes{5, 0, 5, 0}}, false},
      {&rsa, {oids::sha256_with_rsa, der::integer(1)}, false},
      {&rsa, {oids::rsa_encryption, null}, false},
      {&rsa, {oids::ecdsa_with_sha256, {}}, false},
      {&rsa, {oids::ed25519, {}}, false},
      {&ec, {oids::ecdsa_with_sha256, {}}, true},
      {&ec, {oids::ecdsa_with_sha256, null}, false},
      {&ec, {oids::sha256_with_rsa, null}, false},
      {&ed, {oids::ed25519, {}}, true},
      {&ed, {oids::ed25519, null}, false},
      {&ed, {oids::ed448, {}}, false},
      {&rsa, {Oid("1.2.3"), {}}, false},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto signature = cases[i].key->sign(Digest::sha256, message);
    const auto result = verify(cases[i].key->public_key_info(), cases[i].algorithm, message, *signature);
    EXPECT_EQ(result.ok(), cases[i].accepted) << i;
    if (result.ok()) {
      EXPECT_TRUE(*result) << i;
    }
  }
}

Bytes pss_parameters(const Oid& hash, std::int64_t salt) {
  const Bytes hash_algorithm = codec::encode(AlgorithmIdentifier{hash, der::null()});
  const Bytes mask = der::sequence({der::oid(Oid("1.2.840.113549.1.1.8")), hash_algorithm});
  return der::sequence({der::context(0, hash_algorithm), der::context(1, mask), der::context(2, der::integer(salt))});
}

Bytes pss_sign(const PrivateKey& key, const char* digest, int salt) {
  const DigestContextHandle context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;
  EVP_DigestSignInit_ex(context.get(), &padding, digest, nullptr, nullptr, key.handle(), nullptr);
  EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
  EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, salt);
  std::size_t size = 512;
  Bytes out(size);
  EXPECT_EQ(EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()), 1);
  out.resize(size);
  return out;
}

TEST(Verify, RsassaPss) {
  const PrivateKey key = make(KeyType::rsa_1024);
  const Bytes info = key.public_key_info();
  const Bytes signature = pss_sign(key, "SHA256", 32);
  const AlgorithmIdentifier right = {oids::rsassa_pss, pss_parameters(oids::sha256, 32)};
  EXPECT_EQ(digest_of(right), Digest::sha256);
  const auto good = verify(info, right, message, signature);
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_TRUE(*good);
  const auto other_salt = verify(info, {oids::rsassa_pss, pss_parameters(oids::sha256, 20)}, message, signature);
  EXPECT_TRUE(other_salt.ok() && !*other_salt);
  const auto defaults = verify(info, {oids::rsassa_pss, der::sequence({})}, message, pss_sign(key, "SHA1", 20));
  ASSERT_TRUE(defaults.ok()) << defaults.error().message;
  EXPECT_TRUE(*defaults);
}

TEST(Verify, OddPssParametersAreErrors) {
  const PrivateKey key = make(KeyType::rsa_1024);
  const Bytes info = key.public_key_info();
  const std::vector<Bytes> odd = {{},
                                  der::null(),
                                  pss_parameters(oids::sha256, -1),
                                  pss_parameters(oids::sha256, 1 << 20),
                                  pss_parameters(Oid("1.2.3"), 32),
                                  der::sequence({der::context(3, der::integer(2))}),
                                  der::sequence({der::context(3, der::boolean(true))}),
                                  der::sequence({der::context(0, der::null())}),
                                  der::sequence({der::context(2, der::integer(20)), der::context(0, der::null())}),
                                  der::sequence({der::null()})};
  for (std::size_t i = 0; i < odd.size(); ++i) EXPECT_FALSE(verify(info, {oids::rsassa_pss, odd[i]}, message, message).ok()) << i;
}

TEST(Verify, PssOnlyKeysKeepTheirRestrictions) {
  const PrivateKey key = make(KeyType::rsa_1024);
  const auto plain = codec::decode_public_key_info(key.public_key_info());
  ASSERT_TRUE(plain.accepted());
  const Bytes bound = spki({oids::rsassa_pss, pss_parameters(oids::sha256, 32)}, plain.value->key);
  const auto good = verify(bound, {oids::rsassa_pss, pss_parameters(oids::sha256, 32)}, message, pss_sign(key, "SHA256", 32));
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_TRUE(*good);
  EXPECT_FALSE(verify(bound, {oids::rsassa_pss, pss_parameters(oids::sha384, 32)}, message, message).ok());
  EXPECT_FALSE(verify(bound, {oids::sha256_with_rsa, der::null()}, message, *key.sign(Digest::sha256, message)).ok());
}

}  // namespace
}  // namespace est::crypto
