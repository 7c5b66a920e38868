#include "client/files.h"

#include <algorithm>
#include <map>
#include <utility>

#include "est/base/file.h"
#include "est/base/text.h"
#include "est/codec/cms.h"
#include "est/codec/pem.h"
#include "est/codec/x509.h"
#include "est/crypto/chain.h"
#include "est/crypto/envelope.h"
#include "est/crypto/key_file.h"
#include "est/crypto/token_key.h"

namespace client {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::crypto::PrivateKey;
namespace codec = est::codec;

// The content of a file that may hold a key: wiped when done with.
class Content {
 public:
  explicit Content(std::string text) : text_(std::move(text)) {}
  Content(Content&& other) noexcept : text_(std::move(other.text_)) { est::crypto::wipe(other.text_); }
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  Content& operator=(Content&&) = delete;
  ~Content() { est::crypto::wipe(text_); }

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] est::BytesView octets() const { return est::as_bytes(text_); }
  [[nodiscard]] bool is_pem() const { return text_.find("-----BEGIN ") != std::string::npos; }

 private:
  std::string text_;
};

Result<Content> load(const std::string& path) {
  if (est::crypto::is_token_uri(path)) return Content(path);
  auto text = est::read_file(path);
  if (!text) return text.error();
  if (text->empty()) return Error{path + " is empty"};
  return Content(*std::move(text));
}

Error in_file(const std::string& path, const std::string& why) { return Error{path + ": " + why}; }

// Each file's passphrase is asked for once.
class Passphrases {
 public:
  explicit Passphrases(const AskPassphrase& ask) : ask_(ask) {}

  Result<Secret> of(const std::string& path) {
    const auto known = known_.find(path);
    if (known != known_.end()) return known->second;
    if (!ask_) return in_file(path, "it is encrypted and there is no passphrase; give one, or decrypt it with 'openssl pkey'");
    auto answer = ask_("the passphrase of " + est::printable(path));
    if (answer) known_.emplace(path, *answer);
    return answer;
  }

  [[nodiscard]] const AskPassphrase& ask() const { return ask_; }

 private:
  const AskPassphrase& ask_;
  std::map<std::string, Secret> known_;
};

Result<est::crypto::Pkcs12> open_container(const Content& content, const std::string& path, Passphrases& passphrases) {
  auto opened = est::crypto::read_pkcs12(content.octets(), {});  // some have none
  if (opened) return opened;
  const auto passphrase = passphrases.of(path);
  if (!passphrase) return passphrase.error();
  opened = est::crypto::read_pkcs12(content.octets(), passphrase->reveal());
  if (!opened) return in_file(path, opened.error().message);
  return opened;
}

Result<PrivateKey> token_key(std::string_view uri, const AskPassphrase& ask) {
  // What the URI asks about the token and the object; a PIN, if somebody put it there, is behind the question mark.
  const std::string named = est::printable(uri.substr(0, uri.find('?')));
  est::crypto::AskPin pin;
  if (ask)
    pin = [&]() -> Result<std::string> {
      auto answer = ask("the PIN of " + named);
      if (!answer) return answer.error();
      return std::string(answer->reveal());
    };
  auto key = est::crypto::find_token_key(uri, pin);
  if (!key) return in_file(named, key.error().message + (ask ? "" : "; --passphrase gives a PIN"));
  return key;
}

Result<PrivateKey> key_in(const Content& content, const std::string& path, Passphrases& passphrases) {
  if (est::crypto::is_token_uri(content.text())) return token_key(est::trim(content.text()), passphrases.ask());
  if (est::crypto::is_pkcs12(content.octets())) {
    auto container = open_container(content, path, passphrases);
    if (!container) return container.error();
    if (!container->key) return in_file(path, "there is no private key in this PKCS #12 file");
    return *std::move(container->key);
  }
  Secret passphrase;
  if (est::crypto::is_encrypted_key(content.octets())) {
    auto given = passphrases.of(path);
    if (!given) return given.error();
    passphrase = *std::move(given);
  }
  auto key = est::crypto::read_private_key(content.octets(), passphrase.reveal());
  if (!key) return in_file(path, key.error().message);
  return key;
}

// --- Certificates

// certs-only messages; nothing when it is none.
std::vector<Bytes> certificates_of_message(est::BytesView der) {
  const auto message = codec::decode_certs_only(der);
  return message.value ? message.value->certificates : std::vector<Bytes>{};
}

void append_all(std::vector<Bytes>& to, const std::vector<Bytes>& from) { to.insert(to.end(), from.begin(), from.end()); }

Result<std::vector<Bytes>> certificates_of_pem(std::string_view text, const std::string& path) {
  auto blocks = codec::decode_pem(text);
  if (!blocks.accepted()) return in_file(path, "the PEM text cannot be read: " + est::describe_first(blocks.findings));
  std::vector<Bytes> found;
  for (codec::PemBlock& block : *blocks.value) {
    if (block.label == "CERTIFICATE" || block.label == "X509 CERTIFICATE") found.push_back(block.der);
    if (block.label == "PKCS7" || block.label == "CMS") append_all(found, certificates_of_message(block.der));
    est::crypto::wipe(block.der);
  }
  return found;
}

Result<std::vector<Bytes>> certificates_in(const Content& content, const std::string& path, Passphrases& passphrases) {
  if (content.is_pem()) return certificates_of_pem(content.text(), path);
  if (est::crypto::is_pkcs12(content.octets())) {
    auto container = open_container(content, path, passphrases);
    if (!container) return container.error();
    return std::move(container->certificates);
  }
  auto found = certificates_of_message(content.octets());
  if (found.empty()) found.push_back(est::to_bytes(content.octets()));
  return found;
}

Result<std::vector<Bytes>> checked_certificates(const Content& content, const std::string& path, Passphrases& passphrases) {
  auto found = certificates_in(content, path, passphrases);
  if (!found) return found.error();
  if (found->empty()) return in_file(path, "there is no certificate in it; name a file with a '-----BEGIN CERTIFICATE-----' block");
  for (std::size_t i = 0; i < found->size(); ++i)
    if (const auto good = est::crypto::parse_certificate(found->at(i)); !good)
      return in_file(path, "certificate " + std::to_string(i + 1) + ": " + good.error().message);
  return found;
}

// Moves the certificate of the key to the front.
bool put_first(std::vector<Bytes>& certificates, const PrivateKey& key) {
  const Bytes own = key.public_key_info();
  const auto belongs = [&](const Bytes& der) {
    const auto certificate = codec::decode_certificate(der);
    return certificate.value && certificate.value->spki == own;
  };
  const auto found = std::find_if(certificates.begin(), certificates.end(), belongs);
  if (found == certificates.end()) return false;
  std::rotate(certificates.begin(), found, found + 1);
  return true;
}

}  // namespace

Result<PrivateKey> read_key(const std::string& path, const AskPassphrase& ask) {
  const auto content = load(path);
  if (!content) return content.error();
  Passphrases passphrases(ask);
  return key_in(*content, path, passphrases);
}

Result<std::vector<Bytes>> read_certificates(const std::string& path, const AskPassphrase& ask) {
  const auto content = load(path);
  if (!content) return content.error();
  Passphrases passphrases(ask);
  return checked_certificates(*content, path, passphrases);
}

Result<est::tls::Identity> read_identity(const std::string& certificate_path, const std::string& key_path, const AskPassphrase& ask) {
  const std::string& key_file = key_path.empty() ? certificate_path : key_path;
  Passphrases passphrases(ask);
  const auto certificate_content = load(certificate_path);
  if (!certificate_content) return certificate_content.error();
  auto certificates = checked_certificates(*certificate_content, certificate_path, passphrases);
  if (!certificates) return certificates.error();
  const auto key_content = load(key_file);
  if (!key_content) return key_content.error();
  auto key = key_in(*key_content, key_file, passphrases);
  if (!key) return key.error();
  if (!put_first(*certificates, *key))
    return Error{"no certificate in " + certificate_path + " belongs to the private key in " + key_file +
                 "; name files that belong together"};
  return est::tls::Identity{*std::move(certificates), *std::move(key), {}};
}

std::string certificates_pem(const std::vector<Bytes>& certificates) {
  std::string text;
  for (const Bytes& each : certificates) text += codec::encode_pem("CERTIFICATE", each);
  return text;
}

Result<std::string> key_pem(const PrivateKey& key, const Secret& passphrase) {
  if (!key.token_uri().empty()) return key.token_uri() + "\n";
  if (!passphrase.empty()) return est::crypto::to_encrypted_pem(key, passphrase.reveal());
  std::string text = key.to_pem();
  if (text.empty()) return Error{"the private key cannot be written as PEM"};
  return text;
}

Result<Bytes> pkcs12(const PrivateKey& key, const std::vector<Bytes>& chain, const Secret& passphrase) {
  return est::crypto::make_pkcs12(key, chain, passphrase.reveal());
}

}  // namespace client
