#include "est/crypto/key.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <climits>

#include "est/crypto/ecdsa.h"
#include "est/crypto/public_key.h"

namespace est::crypto {
namespace {

using Pkcs8Handle = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>;

struct KeyTypeName {
  KeyType type;
  std::string_view name;
};
constexpr std::array<KeyTypeName, 8> key_type_names = {{{KeyType::ec_p256, "ec-p256"},
                                                        {KeyType::ec_p384, "ec-p384"},
                                                        {KeyType::ec_p521, "ec-p521"},
                                                        {KeyType::rsa_2048, "rsa-2048"},
                                                        {KeyType::rsa_3072, "rsa-3072"},
                                                        {KeyType::rsa_4096, "rsa-4096"},
                                                        {KeyType::ed25519, "ed25519"},
                                                        {KeyType::rsa_1024, "rsa-1024"}}};

// A private operation on a larger modulus takes seconds; OpenSSL itself goes to 16384.
constexpr int most_private_modulus_bits = 8192;

KeyHandle generate_rsa(std::size_t bits) { return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits)); }
KeyHandle generate_ec(const char* group) { return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", group)); }

KeyHandle generate_handle(KeyType type) {
  switch (type) {
    case KeyType::ec_p256:
      return generate_ec("P-256");
    case KeyType::ec_p384:
      return generate_ec("P-384");
    case KeyType::ec_p521:
      return generate_ec("P-521");
    case KeyType::rsa_1024:
      return generate_rsa(1024);
    case KeyType::rsa_2048:
      return generate_rsa(2048);
    case KeyType::rsa_3072:
      return generate_rsa(3072);
    case KeyType::rsa_4096:
      return generate_rsa(4096);
    case KeyType::ed25519:
      return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }
  return nullptr;
}

Bytes spki_of(const EVP_PKEY* key) {
  clear_errors();
  unsigned char* out = nullptr;
  const int size = i2d_PUBKEY(key, &out);
  Bytes bytes;
  if (size > 0) bytes.assign(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

// Nobody is there to be asked; notes that OpenSSL wanted to.
int no_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

std::string_view to_string(KeyType type) noexcept {
  for (const KeyTypeName& one : key_type_names)
    if (one.type == type) return one.name;
  return "unknown key type";
}

std::optional<KeyType> key_type_by_name(std::string_view name) {
  for (const KeyTypeName& one : key_type_names)
    if (one.name == name) return one.type;
  return {};
}

Result<PrivateKey> PrivateKey::generate(KeyType type) {
  clear_errors();
  KeyHandle key = generate_handle(type);
  if (!key) return openssl_error("cannot generate a key of type " + std::string(to_string(type)));
  return PrivateKey(std::move(key));
}

Result<PrivateKey> PrivateKey::checked(KeyHandle handle) {
  const PrivateKey key(std::move(handle));
  if (EVP_PKEY_get_bits(key.handle()) > most_private_modulus_bits) return Error{"the private key has more than 8192 bits"};
  const Bytes spki = key.public_key_info();
  const auto facts = key_facts(spki);
  if (!facts) return Error{"the private key is of no use: " + facts.error().message};
  // One signature shows that the halves belong together, for every type alike.
  const Bytes probe = to_bytes("pairwise consistency");
  const Digest digest = key.natural_digest();
  const auto signature = key.sign(digest, probe);
  if (!signature) return Error{"the private key is of no use: " + signature.error().message};
  const auto good = verify(spki, key.signature_algorithm(digest), probe, *signature);
  if (!good || !*good) return Error{"the private key does not belong to the public key stored with it"};
  return key;
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  clear_errors();
  if (pem.size() > INT_MAX) return Error{"the private key file is too large"};
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  bool asked = false;
  KeyHandle key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, &asked) : nullptr);
  const Error failure = openssl_error("no private key can be read from the PEM text");
  if (asked) return Error{"the private key is encrypted; decrypt it first, for instance with 'openssl pkey'"};
  if (!key) return failure;
  return checked(std::move(key));
}

Result<PrivateKey> PrivateKey::from_pkcs8(BytesView der) {
  clear_errors();
  const Byte* at = der.data();
  const Pkcs8Handle info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (!info) return openssl_error("the private key is not PKCS #8");
  if (at != der.data() + der.size()) return Error{"the private key is not PKCS #8: octets are left after it"};
  KeyHandle key(EVP_PKCS82PKEY(info.get()));
  if (!key) return openssl_error("the PKCS #8 private key cannot be read");
  clear_errors();
  return checked(std::move(key));
}

Result<PrivateKey> PrivateKey::in_token(KeyHandle handle, std::string_view uri) {
  auto key = checked(std::move(handle));
  if (key) key->token_uri_ = uri;
  return key;
}

std::string PrivateKey::to_pem() const {
  if (!token_uri_.empty()) return {};
  clear_errors();
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), handle(), nullptr, nullptr, 0, nullptr, nullptr) != 1) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

Bytes PrivateKey::to_pkcs8() const {
  if (!token_uri_.empty()) return {};
  clear_errors();
  const Pkcs8Handle info(EVP_PKEY2PKCS8(handle()));
  unsigned char* out = nullptr;
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) : 0;
  Bytes bytes;
  if (size > 0) {
    bytes.assign(out, out + size);
    OPENSSL_clear_free(out, static_cast<std::size_t>(size));
  }
  return bytes;
}

Bytes PrivateKey::public_key_info() const { return spki_of(handle()); }

Digest PrivateKey::natural_digest() const {
  if (EVP_PKEY_get_base_id(handle()) != EVP_PKEY_EC) return Digest::sha256;
  const int bits = EVP_PKEY_get_bits(handle());
  if (bits <= 256) return Digest::sha256;
  return bits <= 384 ? Digest::sha384 : Digest::sha512;
}

Result<Bytes> PrivateKey::sign(Digest digest, BytesView data) const {
  if (signature_algorithm(digest).algorithm.empty())
    return Error{"no signature algorithm joins this key with " + std::string(to_string(digest))};
  const int type = EVP_PKEY_get_base_id(handle());
  if (type == EVP_PKEY_EC) return ecdsa_sign(handle(), crypto::digest(digest, data));
  clear_errors();
  const bool edwards = type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448;
  const DigestContextHandle context(EVP_MD_CTX_new());
  const char* name = edwards ? nullptr : openssl_name(digest);
  if (!context || EVP_DigestSignInit_ex(context.get(), nullptr, name, nullptr, nullptr, handle(), nullptr) != 1)
    return openssl_error("cannot sign");
  std::size_t size = 0;
  if (EVP_DigestSign(context.get(), nullptr, &size, data.data(), data.size()) != 1) return openssl_error("cannot sign");
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()) != 1) return openssl_error("cannot sign");
  signature.resize(size);
  return signature;
}

Result<KeyFacts> key_facts(BytesView public_key_info) {
  auto key = load_public_key(public_key_info);
  if (!key) return key.error();
  return std::move(key->facts);
}

}  // namespace est::crypto
