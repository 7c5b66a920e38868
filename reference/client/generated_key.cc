#include "client/generated_key.h"

#include <algorithm>
#include <utility>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/der.h"
#include "est/codec/enveloped_data.h"
#include "est/codec/generated_key.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs8.h"
#include "est/codec/signed_data.h"
#include "est/codec/x509.h"
#include "est/crypto/envelope.h"
#include "est/ops/message.h"
#include "est/pki/envelope.h"
#include "est/pki/signed_message.h"

namespace client {
namespace {

using est::Bytes;
using est::BytesView;
using est::Error;
using est::Result;
using est::Status;
using est::codec::AlgorithmIdentifier;
using est::codec::Attribute;
using est::codec::SignedData;
using est::crypto::PrivateKey;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

// Octets that hold a key, wiped when they go.
class KeyOctets {
 public:
  explicit KeyOctets(Bytes octets) : octets_(std::move(octets)) {}
  KeyOctets(KeyOctets&& other) noexcept : octets_(std::exchange(other.octets_, {})) {}
  KeyOctets(const KeyOctets&) = delete;
  KeyOctets& operator=(const KeyOctets&) = delete;
  KeyOctets& operator=(KeyOctets&&) = delete;
  ~KeyOctets() { est::crypto::wipe(octets_); }

  [[nodiscard]] BytesView view() const { return octets_; }
  [[nodiscard]] Bytes& octets() { return octets_; }

 private:
  Bytes octets_;
};

Error unusable(const std::string& why) { return Error{"the server's answer with the generated key cannot be used: " + why}; }

// --- What is asked for

enum class Technique { transport, agreement };

Result<Technique> technique_of(const PrivateKey& key) {
  const auto facts = est::crypto::key_facts(key.public_key_info());
  if (!facts) return facts.error();
  if (facts->algorithm == "RSA") return Technique::transport;
  const bool curve = facts->group == "P-256" || facts->group == "P-384" || facts->group == "P-521";
  if (facts->algorithm == "EC" && curve) return Technique::agreement;
  return Error{"a key of type " + facts->algorithm + " cannot protect another one; take an RSA key or one on P-256, P-384 or P-521"};
}

AlgorithmIdentifier agreement_with(const codec::Oid& scheme, const codec::Oid& wrap) {
  return {scheme, codec::encode(AlgorithmIdentifier{wrap, {}})};
}

const codec::Oid& wrap_of_size(std::size_t octets) {
  if (octets == 32) return oids::aes256_wrap;
  return octets == 24 ? oids::aes192_wrap : oids::aes128_wrap;
}

// In the order of preference (RFC 8551 2.5.2). Old padding comes last, for servers that know nothing else.
std::vector<AlgorithmIdentifier> key_encryption_algorithms(Technique technique) {
  if (technique == Technique::transport)
    return {{oids::rsaes_oaep, est::pki::oaep_sha256_parameters()},
            {oids::rsaes_oaep, est::pki::oaep_default_parameters()},
            {oids::rsa_encryption, der::null()}};
  return {agreement_with(oids::dh_std_sha256_kdf, oids::aes256_wrap),
          agreement_with(oids::dh_std_sha256_kdf, oids::aes128_wrap),
          agreement_with(oids::dh_std_sha384_kdf, oids::aes256_wrap),
          {oids::aes256_wrap, {}},
          {oids::aes128_wrap, {}}};
}

std::vector<Attribute> attributes_for(const codec::Oid& type, BytesView identifier, std::vector<AlgorithmIdentifier> capabilities) {
  capabilities.push_back({oids::aes256_cbc, {}});
  capabilities.push_back({oids::aes128_cbc, {}});
  return {codec::make_octet_string_attribute(type, identifier), codec::make_smime_capabilities(capabilities)};
}

// --- The certificate

bool belongs_to(const PrivateKey& key, BytesView public_key_info) {
  if (est::equal(key.public_key_info(), public_key_info)) return true;
  const Bytes probe = est::crypto::random_bytes(32);  // the same key can be written in two ways
  const auto digest = key.natural_digest();
  const auto signature = key.sign(digest, probe);
  if (!signature) return false;
  const auto good = est::crypto::verify(public_key_info, key.signature_algorithm(digest), probe, *signature);
  return good && *good;
}

Result<std::vector<Bytes>> certificates_of(BytesView part, const PrivateKey& key) {
  auto read = est::ops::read_certs_only_body(part);
  if (!read.accepted()) return unusable("the part with the certificate is malformed: " + est::describe_first(read.findings));
  std::vector<Bytes>& found = *read.value;
  const auto own = std::find_if(found.begin(), found.end(), [&](const Bytes& each) {
    const auto certificate = codec::decode_certificate(each);
    return certificate.value && belongs_to(key, certificate.value->spki);
  });
  if (own == found.end()) return unusable("the certificate is not that of the key");
  std::rotate(found.begin(), own, own + 1);
  return std::move(found);
}

// --- The key

// OpenSSL reads the first version of the structure only; the second adds a copy of the public key.
Result<PrivateKey> key_from(BytesView private_key_info) {
  auto decoded = codec::decode_private_key_info(private_key_info);
  if (!decoded.accepted()) {
    if (decoded.value) est::crypto::wipe(decoded.value->private_key);
    return unusable("the key is no PKCS #8: " + est::describe_first(decoded.findings));
  }
  decoded.value->version = 0;
  decoded.value->public_key.reset();
  decoded.value->attributes.clear();
  const KeyOctets plain(codec::encode(*decoded.value));
  est::crypto::wipe(decoded.value->private_key);
  auto key = PrivateKey::from_pkcs8(plain.view());
  if (!key) return unusable(key.error().message);
  return key;
}

// AsymmetricKeyPackage (RFC 5958 2), or the bare key that some put in its place.
Result<PrivateKey> key_from_package(BytesView content) {
  auto package = codec::decode_asymmetric_key_package(content);
  if (!package.accepted()) return key_from(content);
  std::vector<KeyOctets> keys;
  for (Bytes& each : *package.value) keys.emplace_back(std::move(each));
  if (keys.size() != 1) return unusable("the package holds " + std::to_string(keys.size()) + " keys");
  return key_from(keys.front().view());
}

// Nothing when no signer's certificate is there.
Result<std::optional<Bytes>> signer_of(const SignedData& data) {
  std::optional<Bytes> found;
  for (const codec::SignerInfo& signer : data.signers) {
    const auto certificate = est::pki::signer_certificate(signer.id, data.certificates);
    if (!certificate) continue;
    const auto good = est::pki::verify_signer(signer, *data.content, certificate->spki);
    if (!good) return unusable("the signature of the key package cannot be checked: " + good.error().message);
    if (!*good) return unusable("the signature of the key package does not verify");
    if (!found) found = certificate->der;
  }
  return found;
}

struct OpenedKey {
  PrivateKey key;
  std::optional<Bytes> signer;
};

// RFC 5652 6.1: the encrypted content is a SignedData; a ContentInfo around it is read, too. A key that nobody signed is taken: it came
// over an authenticated connection.
Result<OpenedKey> read_opened(KeyOctets& content) {
  auto data = codec::decode_bare_signed_data(content.view());
  if (!data.value) data = codec::decode_signed_data(content.view());
  if (!data.value || !data.value->content) {
    auto key = key_from_package(content.view());
    if (!key) return key.error();
    return OpenedKey{*std::move(key), {}};
  }
  auto signer = signer_of(*data.value);
  const KeyOctets package(std::move(*data.value->content));
  if (!signer) return signer.error();
  auto key = key_from_package(package.view());
  if (!key) return key.error();
  return OpenedKey{*std::move(key), *std::move(signer)};
}

codec::KeyManagement wanted_management(const KeyProtection& protection) {
  if (!protection.key) return codec::KeyManagement::key_encryption_key;
  const auto technique = technique_of(*protection.key);
  return technique && *technique == Technique::transport ? codec::KeyManagement::key_transport : codec::KeyManagement::key_agreement;
}

// Why an envelope did not open, as far as its recipients tell.
std::string whose_envelope(BytesView envelope, const KeyProtection& protection) {
  const auto data = codec::decode_enveloped_data(envelope);
  if (!data.value) return "the envelope is malformed: " + est::describe_first(data.findings);
  const codec::KeyManagement wanted = wanted_management(protection);
  bool right_kind = false;
  for (const codec::RecipientInfo& recipient : data.value->recipients) {
    if (recipient.management != wanted) continue;
    right_kind = true;
    for (const codec::EncryptedKey& key : recipient.keys)
      if (!key.recipient.by_key_identifier || key.recipient.key_identifier == protection.identifier)
        return "the envelope names the right key, but that does not open it; do both sides have the same one?";
  }
  if (right_kind) return "the envelope is for a key with another identifier than the one asked for";
  return "the envelope has no recipient of the kind asked for (" + std::string(to_string(wanted)) + ")";
}

Result<OpenedKey> open(BytesView envelope, const KeyProtection& protection) {
  est::crypto::EnvelopeKey with{protection.key, est::to_bytes(protection.secret.octets())};
  auto content = est::crypto::open_envelope(envelope, with);
  est::crypto::wipe(with.secret);
  if (!content) return unusable(whose_envelope(envelope, protection) + " (" + content.error().message + ")");
  KeyOctets opened(*std::move(content));
  return read_opened(opened);
}

Result<OpenedKey> read_key_part(const codec::GeneratedKeyPart& part, const KeyProtection* protection) {
  const bool enveloped = part.kind == codec::PartKind::enveloped_key;
  if (enveloped && protection == nullptr)
    return unusable("the key is encrypted, which was not asked for, so there is nothing to open it with");
  if (!enveloped && protection != nullptr)
    return unusable("the key is not encrypted though that was asked for (RFC 7030 4.4.2); take it for disclosed and ask for another one");
  auto base64 = codec::decode_base64(est::as_text(part.part.body), codec::Base64Mode::lenient);
  KeyOctets octets(std::move(*base64.value));
  if (est::has_errors(base64.findings)) return unusable("the part with the key is no base64: " + base64.findings.front().id);
  if (enveloped) return open(octets.view(), *protection);
  auto key = key_from(octets.view());
  if (!key) return key.error();
  return OpenedKey{*std::move(key), {}};
}

// --- The frame

// Lines that end in LF alone break RFC 2046 and harm nobody.
bool is_fatal(const est::Finding& finding) { return finding.severity == est::Severity::error && finding.id != "multipart.bare-lf"; }

Status check_frame(const est::Decoded<codec::GeneratedKeyAnswer>& answer) {
  const auto fatal = std::find_if(answer.findings.begin(), answer.findings.end(), is_fatal);
  if (fatal != answer.findings.end()) return unusable(fatal->detail);
  if (!answer.value || !answer.value->key || !answer.value->certificates) return unusable("a part is missing");
  return {};
}

void wipe_parts(est::Decoded<codec::GeneratedKeyAnswer>& answer) {
  if (!answer.value) return;
  for (codec::GeneratedKeyPart& each : answer.value->parts) est::crypto::wipe(each.part.body);
}

Result<GeneratedKey> read_parts(const codec::GeneratedKeyAnswer& answer, const KeyProtection* protection) {
  const codec::GeneratedKeyPart& key_part = answer.parts[*answer.key];
  auto opened = read_key_part(key_part, protection);
  if (!opened) return opened.error();
  auto certificates = certificates_of(answer.parts[*answer.certificates].part.body, opened->key);
  if (!certificates) return certificates.error();
  return GeneratedKey{std::move(opened->key), *std::move(certificates), key_part.kind == codec::PartKind::enveloped_key,
                      std::move(opened->signer)};
}

}  // namespace

Result<std::vector<Attribute>> protection_attributes(const KeyProtection& protection) {
  if (protection.identifier.empty()) return Error{"the key that is to protect the generated one has no identifier"};
  if (protection.key.has_value() != protection.secret.empty())
    return Error{"the generated key is protected either by a private key or by a secret; give one"};
  if (!protection.key) {
    const std::size_t size = protection.secret.octets().size();
    if (size != 16 && size != 24 && size != 32)
      return Error{"the secret that is to protect the generated key has " + std::to_string(size) + " octets; AES takes 16, 24 or 32"};
    return attributes_for(oids::decrypt_key_identifier, protection.identifier, {{wrap_of_size(size), {}}});
  }
  const auto technique = technique_of(*protection.key);
  if (!technique) return technique.error();
  return attributes_for(oids::asymmetric_decrypt_key_identifier, protection.identifier, key_encryption_algorithms(*technique));
}

Result<GeneratedKey> read_generated_key(std::string_view content_type, BytesView body, const KeyProtection* protection) {
  auto answer = codec::decode_generated_key_answer(content_type, body);
  const Status sound = check_frame(answer);
  auto result = sound ? read_parts(*answer.value, protection) : Result<GeneratedKey>(sound.error());
  wipe_parts(answer);
  return result;
}

}  // namespace client
