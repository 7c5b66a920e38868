#include "est/crypto/envelope.h"

#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include <array>
#include <climits>

#include "est/crypto/public_key.h"

namespace est::crypto {
namespace {

using CipherHandle = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;
using CmsHandle = std::unique_ptr<CMS_ContentInfo, Deleter<CMS_ContentInfo_free>>;
using KdfHandle = std::unique_ptr<EVP_KDF, Deleter<EVP_KDF_free>>;
using KdfContextHandle = std::unique_ptr<EVP_KDF_CTX, Deleter<EVP_KDF_CTX_free>>;

const EVP_CIPHER* wrap_cipher(std::size_t octets) {
  if (octets == 16) return EVP_aes_128_wrap();
  if (octets == 24) return EVP_aes_192_wrap();
  return octets == 32 ? EVP_aes_256_wrap() : nullptr;
}

const EVP_CIPHER* cbc_cipher(std::size_t octets) {
  if (octets == 16) return EVP_aes_128_cbc();
  if (octets == 24) return EVP_aes_192_cbc();
  return octets == 32 ? EVP_aes_256_cbc() : nullptr;
}

Result<Bytes> encrypt(const EVP_CIPHER* cipher, BytesView key, const Byte* iv, BytesView content, std::string_view what) {
  clear_errors();
  const CipherHandle context(EVP_CIPHER_CTX_new());
  if (cipher == nullptr || !context || content.size() > INT_MAX / 2) return Error{std::string(what) + ": the key has no size of AES"};
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  Bytes out(content.size() + 64);
  int size = 0;
  int rest = 0;
  if (EVP_EncryptInit_ex(context.get(), cipher, nullptr, key.data(), iv) != 1 ||
      EVP_EncryptUpdate(context.get(), out.data(), &size, content.data(), static_cast<int>(content.size())) != 1 ||
      EVP_EncryptFinal_ex(context.get(), out.data() + size, &rest) != 1)
    return openssl_error(what);
  out.resize(static_cast<std::size_t>(size) + static_cast<std::size_t>(rest));
  return out;
}

bool set_padding(EVP_PKEY_CTX* context, RsaPadding padding) {
  if (padding == RsaPadding::pkcs1) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  const EVP_MD* digest = padding == RsaPadding::oaep_sha256 ? EVP_sha256() : EVP_sha1();
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 && EVP_PKEY_CTX_set_rsa_oaep_md(context, digest) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1;
}

std::optional<KeyType> curve_of(const KeyFacts& facts) {
  if (facts.group == "P-256") return KeyType::ec_p256;
  if (facts.group == "P-384") return KeyType::ec_p384;
  if (facts.group == "P-521") return KeyType::ec_p521;
  return {};
}

bool unlock(CMS_ContentInfo* message, const EnvelopeKey& with) {
  if (with.key) return CMS_decrypt_set1_pkey(message, with.key->handle(), nullptr) == 1;
  Bytes secret = with.secret;
  const bool good = CMS_decrypt_set1_key(message, secret.data(), secret.size(), nullptr, 0) == 1;
  wipe(secret);
  return good;
}

}  // namespace

void wipe(Bytes& secret) noexcept {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

void wipe(std::string& secret) noexcept {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

Result<Bytes> aes_key_wrap(BytesView wrapping_key, BytesView key) {
  return encrypt(wrap_cipher(wrapping_key.size()), wrapping_key, nullptr, key, "cannot wrap the key");
}

Result<Bytes> aes_cbc_encrypt(BytesView key, BytesView iv, BytesView content) {
  if (iv.size() != 16) return Error{"AES-CBC needs an initialisation vector of 16 octets"};
  return encrypt(cbc_cipher(key.size()), key, iv.data(), content, "cannot encrypt the content");
}

Result<Bytes> rsa_encrypt(BytesView public_key_info, RsaPadding padding, BytesView content) {
  auto key = load_public_key(public_key_info);
  if (!key) return key.error();
  clear_errors();
  const KeyContextHandle context(EVP_PKEY_CTX_new(key->handle.get(), nullptr));
  if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 || !set_padding(context.get(), padding))
    return openssl_error("the key cannot be used for RSA encryption");
  std::size_t size = 0;
  if (EVP_PKEY_encrypt(context.get(), nullptr, &size, content.data(), content.size()) != 1) return openssl_error("cannot encrypt by RSA");
  Bytes out(size);
  if (EVP_PKEY_encrypt(context.get(), out.data(), &size, content.data(), content.size()) != 1)
    return openssl_error("cannot encrypt by RSA");
  out.resize(size);
  return out;
}

Result<Agreement> agree(BytesView public_key_info) {
  auto peer = load_public_key(public_key_info);
  if (!peer) return peer.error();
  const auto curve = curve_of(peer->facts);
  if (!curve) return Error{"the key is on no curve that is used for key agreement here"};
  const auto own = PrivateKey::generate(*curve);
  if (!own) return own.error();
  clear_errors();
  const KeyContextHandle context(EVP_PKEY_CTX_new(own->handle(), nullptr));
  std::size_t size = 0;
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 || EVP_PKEY_derive_set_peer(context.get(), peer->handle.get()) != 1 ||
      EVP_PKEY_derive(context.get(), nullptr, &size) != 1)
    return openssl_error("cannot agree on a key");
  Agreement agreement{own->public_key_info(), Bytes(size)};
  if (EVP_PKEY_derive(context.get(), agreement.secret.data(), &size) != 1) return openssl_error("cannot agree on a key");
  agreement.secret.resize(size);
  return agreement;
}

Result<Bytes> x963_kdf(Digest digest, BytesView secret, BytesView shared_info, std::size_t size) {
  clear_errors();
  const KdfHandle kdf(EVP_KDF_fetch(nullptr, "X963KDF", nullptr));
  const KdfContextHandle context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  if (!context) return openssl_error("X9.63 key derivation is not there");
  std::string name = openssl_name(digest);
  Bytes key = to_bytes(secret);
  Bytes info = to_bytes(shared_info);
  const std::array parameters{OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name.data(), 0),
                              OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
                              OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
  Bytes out(size);
  const bool good = EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) == 1;
  wipe(key);
  if (!good) return openssl_error("cannot derive a key");
  return out;
}

Result<Bytes> open_envelope(BytesView content_info, const EnvelopeKey& with) {
  clear_errors();
  if (content_info.size() > INT_MAX) return Error{"the envelope is too large"};
  const Byte* at = content_info.data();
  const CmsHandle message(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(content_info.size())));
  if (!message) return openssl_error("the envelope cannot be read");
  if (!unlock(message.get(), with)) return openssl_error("no recipient of the envelope fits the key");
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (!out || CMS_decrypt(message.get(), nullptr, nullptr, nullptr, out.get(), CMS_BINARY) != 1)
    return openssl_error("the content of the envelope cannot be decrypted");
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  Bytes content = to_bytes(std::string_view(text, static_cast<std::size_t>(size)));
  OPENSSL_cleanse(text, static_cast<std::size_t>(size));
  clear_errors();
  return content;
}

}  // namespace est::crypto
