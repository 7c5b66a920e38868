#include "est/crypto/key_file.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <algorithm>
#include <climits>

#include "est/crypto/chain.h"
#include "est/crypto/envelope.h"

namespace est::crypto {
namespace {

using Pkcs12Handle = std::unique_ptr<PKCS12, Deleter<PKCS12_free>>;
using EncryptedKeyHandle = std::unique_ptr<X509_SIG, Deleter<X509_SIG_free>>;

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, X509_free); }
};
using X509StackHandle = std::unique_ptr<STACK_OF(X509), FreeStack>;

constexpr int iterations = 100'000;

bool looks_like_pem(BytesView content) { return as_text(content).find("-----BEGIN ") != std::string_view::npos; }

// The whole input as one structure, or nothing.
template <class Handle, class Read>
Handle read_der(BytesView der, Read read) {
  if (der.size() > INT_MAX) return nullptr;
  const Byte* at = der.data();
  Handle handle(read(nullptr, &at, static_cast<long>(der.size())));
  if (handle && at != der.data() + der.size()) handle.reset();
  clear_errors();
  return handle;
}

int give_passphrase(char* buffer, int size, int, void* passphrase) {
  const auto& text = *static_cast<const std::string_view*>(passphrase);
  if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

BioHandle memory(BytesView content) { return BioHandle(BIO_new_mem_buf(content.data(), static_cast<int>(content.size()))); }

Result<PrivateKey> checked_key(const EVP_PKEY* key) {
  using InfoHandle = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>;
  const InfoHandle info(EVP_PKEY2PKCS8(key));
  unsigned char* out = nullptr;
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) : 0;
  if (size <= 0) return openssl_error("the private key cannot be read");
  auto result = PrivateKey::from_pkcs8(BytesView(out, static_cast<std::size_t>(size)));
  OPENSSL_clear_free(out, static_cast<std::size_t>(size));
  return result;
}

// PKCS #8 first, which is told apart best; then what OpenSSL recognises by itself (PKCS #1, SEC 1).
Result<PrivateKey> plain_der(BytesView der) {
  auto key = PrivateKey::from_pkcs8(der);
  if (key) return key;
  const auto other = read_der<KeyHandle>(der, d2i_AutoPrivateKey);
  return other ? checked_key(other.get()) : std::move(key);
}

Result<PrivateKey> encrypted_key(BytesView content, std::string_view passphrase) {
  if (passphrase.empty()) return Error{"the private key is encrypted and there is no passphrase"};
  clear_errors();
  const BioHandle bio = memory(content);
  const KeyHandle key(looks_like_pem(content) ? PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &passphrase)
                                              : d2i_PKCS8PrivateKey_bio(bio.get(), nullptr, give_passphrase, &passphrase));
  const Error failure = openssl_error("the private key cannot be decrypted; is the passphrase right?");
  if (!key) return failure;
  return checked_key(key.get());
}

Error cannot_open(bool mac_fits) {
  if (!mac_fits) {
    clear_errors();
    return Error{"the passphrase does not open the PKCS #12 file"};
  }
  return openssl_error("the PKCS #12 file cannot be opened; if it uses old algorithms, export it again with 'openssl pkcs12 -legacy'");
}

bool mac_fits(PKCS12* file, const std::string& passphrase) {
  if (PKCS12_mac_present(file) == 0) return true;
  if (!passphrase.empty()) return PKCS12_verify_mac(file, passphrase.c_str(), -1) == 1;
  return PKCS12_verify_mac(file, nullptr, 0) == 1 || PKCS12_verify_mac(file, "", 0) == 1;
}

Result<Pkcs12> contents(const EVP_PKEY* key, const X509* certificate, const STACK_OF(X509) * others) {
  Pkcs12 result;
  if (key != nullptr) {
    auto read = checked_key(key);
    if (!read) return read.error();
    result.key = *std::move(read);
  }
  if (certificate != nullptr) result.certificates.push_back(to_der(*certificate));
  for (int i = 0; others != nullptr && i < sk_X509_num(others); ++i) result.certificates.push_back(to_der(*sk_X509_value(others, i)));
  return result;
}

Result<X509StackHandle> stack_from(const std::vector<Bytes>& certificates) {
  X509StackHandle stack(sk_X509_new_null());
  for (const Bytes& each : certificates) {
    auto certificate = parse_certificate(each);
    if (!certificate) return certificate.error();
    if (!stack || sk_X509_push(stack.get(), certificate->get()) == 0) return openssl_error("no memory for certificates");
    static_cast<void>(certificate->release());
  }
  return stack;
}

}  // namespace

bool is_encrypted_key(BytesView content) {
  const std::string_view text = as_text(content);
  if (looks_like_pem(content))
    return text.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") != std::string_view::npos ||
           text.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos;
  return read_der<EncryptedKeyHandle>(content, d2i_X509_SIG) != nullptr;
}

Result<PrivateKey> read_private_key(BytesView content, std::string_view passphrase) {
  if (content.size() > INT_MAX) return Error{"the private key file is too large"};
  if (is_encrypted_key(content)) return encrypted_key(content, passphrase);
  return looks_like_pem(content) ? PrivateKey::from_pem(as_text(content)) : plain_der(content);
}

Result<std::string> to_encrypted_pem(const PrivateKey& key, std::string_view passphrase) {
  clear_errors();
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (passphrase.empty() || passphrase.size() > PEM_BUFSIZE) return Error{"the passphrase must have 1 to 1024 characters"};
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key.handle(), EVP_aes_256_cbc(), passphrase.data(),
                                            static_cast<int>(passphrase.size()), nullptr, nullptr) != 1)
    return openssl_error("the private key cannot be encrypted");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

bool is_pkcs12(BytesView der) { return read_der<Pkcs12Handle>(der, d2i_PKCS12) != nullptr; }

Result<Pkcs12> read_pkcs12(BytesView der, std::string_view passphrase) {
  const auto file = read_der<Pkcs12Handle>(der, d2i_PKCS12);
  if (!file) return Error{"this is no PKCS #12 file"};
  std::string word(passphrase);
  const bool fits = mac_fits(file.get(), word);
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  const bool good = fits && PKCS12_parse(file.get(), word.c_str(), &key, &certificate, &others) == 1;
  const KeyHandle key_owner(key);
  const X509Handle certificate_owner(certificate);
  const X509StackHandle others_owner(others);
  wipe(word);
  if (!good) return cannot_open(fits);
  clear_errors();
  return contents(key, certificate, others);
}

Result<Bytes> make_pkcs12(const PrivateKey& key, const std::vector<Bytes>& certificates, std::string_view passphrase) {
  if (passphrase.empty()) return Error{"a PKCS #12 file needs a passphrase"};
  if (certificates.empty()) return Error{"there is no certificate for the PKCS #12 file"};
  const auto leaf = parse_certificate(certificates.front());
  if (!leaf) return leaf.error();
  const auto others = stack_from({certificates.begin() + 1, certificates.end()});
  if (!others) return others.error();
  clear_errors();
  std::string word(passphrase);
  const Pkcs12Handle file(PKCS12_create(word.c_str(), nullptr, key.handle(), leaf->get(), others->get(), NID_aes_256_cbc, NID_aes_256_cbc,
                                        iterations, iterations, 0));
  wipe(word);
  unsigned char* out = nullptr;
  const int size = file ? i2d_PKCS12(file.get(), &out) : 0;
  if (size <= 0) return openssl_error("the PKCS #12 file cannot be made");
  Bytes der(out, out + size);
  OPENSSL_free(out);
  return der;
}

}  // namespace est::crypto
