#include "est/pki/envelope.h"

#include <array>

#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace est::pki {
namespace {

using codec::AlgorithmIdentifier;
using codec::EnvelopedData;
using codec::KeyManagement;
using codec::Oid;
using codec::RecipientInfo;
namespace der = codec::der;
namespace oids = codec::oids;

constexpr std::size_t block = 16;

struct Aes {
  const Oid* oid;
  std::size_t octets;
};
constexpr std::array wraps{Aes{&oids::aes128_wrap, 16}, Aes{&oids::aes192_wrap, 24}, Aes{&oids::aes256_wrap, 32}};
constexpr std::array ciphers{Aes{&oids::aes128_cbc, 16}, Aes{&oids::aes192_cbc, 24}, Aes{&oids::aes256_cbc, 32}};

// Octets of the key, or 0 when the table does not have the algorithm.
template <std::size_t N>
std::size_t key_octets(const std::array<Aes, N>& table, const Oid& oid) {
  for (const Aes& one : table)
    if (*one.oid == oid) return one.octets;
  return 0;
}

AlgorithmIdentifier content_cipher(const std::vector<AlgorithmIdentifier>& capabilities) {
  for (const AlgorithmIdentifier& one : capabilities)
    if (key_octets(ciphers, one.algorithm) != 0) return {one.algorithm, {}};
  return {oids::aes256_cbc, {}};
}

std::optional<AlgorithmIdentifier> wrap_for_secret(const AlgorithmIdentifier& capability, std::size_t octets) {
  if (key_octets(wraps, capability.algorithm) != octets) return {};
  return AlgorithmIdentifier{capability.algorithm, {}};
}

std::optional<AlgorithmIdentifier> transport(const AlgorithmIdentifier& capability) {
  if (capability.algorithm == oids::rsa_encryption) return AlgorithmIdentifier{oids::rsa_encryption, der::null()};
  if (capability.algorithm != oids::rsaes_oaep) return {};
  if (capability.parameters.empty() || capability.parameters == oaep_default_parameters())
    return AlgorithmIdentifier{oids::rsaes_oaep, oaep_default_parameters()};
  if (capability.parameters == oaep_sha256_parameters()) return capability;
  return {};
}

std::optional<AlgorithmIdentifier> read_wrap(BytesView parameters) {
  Findings findings;
  der::Reader from(parameters, findings);
  auto algorithm = codec::read_algorithm(from, "KeyWrapAlgorithm");
  if (!algorithm || key_octets(wraps, algorithm->algorithm) == 0) return {};
  return AlgorithmIdentifier{algorithm->algorithm, {}};
}

AlgorithmIdentifier scheme(const Oid& oid, const Oid& wrap) { return {oid, codec::encode(AlgorithmIdentifier{wrap, {}})}; }

std::optional<AlgorithmIdentifier> agreement(const AlgorithmIdentifier& capability) {
  if (key_octets(wraps, capability.algorithm) != 0) return scheme(oids::dh_std_sha256_kdf, capability.algorithm);
  if (capability.algorithm != oids::dh_std_sha256_kdf && capability.algorithm != oids::dh_std_sha384_kdf) return {};
  if (capability.parameters.empty()) return scheme(capability.algorithm, oids::aes256_wrap);
  const auto wrap = read_wrap(capability.parameters);
  return wrap ? std::optional(scheme(capability.algorithm, wrap->algorithm)) : std::nullopt;
}

// ECC-CMS-SharedInfo ::= SEQUENCE { keyInfo AlgorithmIdentifier, entityUInfo [0] OPTIONAL, suppPubInfo [2] OCTET STRING }   (RFC 5753 7.2)
Bytes shared_info(const AlgorithmIdentifier& wrap, std::size_t octets) {
  const auto bits = static_cast<Byte>(octets * 8 >> 8U);
  const Bytes size{0, 0, bits, static_cast<Byte>(octets * 8)};
  return der::sequence({codec::encode(wrap), der::context(2, der::octet_string(size))});
}

crypto::RsaPadding padding_of(const AlgorithmIdentifier& algorithm) {
  if (algorithm.algorithm == oids::rsa_encryption) return crypto::RsaPadding::pkcs1;
  return algorithm.parameters == oaep_sha256_parameters() ? crypto::RsaPadding::oaep_sha256 : crypto::RsaPadding::oaep_sha1;
}

Status transport_key(const Recipient& recipient, BytesView key, RecipientInfo& info) {
  info.management = KeyManagement::key_transport;
  info.version = 2;
  auto encrypted = crypto::rsa_encrypt(recipient.public_key_info, padding_of(info.key_encryption), key);
  if (!encrypted) return encrypted.error();
  info.keys.front().key = std::move(*encrypted);
  return {};
}

Status wrap_key(const Recipient& recipient, BytesView key, RecipientInfo& info) {
  info.management = KeyManagement::key_encryption_key;
  info.version = 4;
  auto encrypted = crypto::aes_key_wrap(recipient.secret, key);
  if (!encrypted) return encrypted.error();
  info.keys.front().key = std::move(*encrypted);
  return {};
}

Status agree_key(const Recipient& recipient, BytesView key, RecipientInfo& info) {
  info.management = KeyManagement::key_agreement;
  info.version = 3;
  const auto wrap = read_wrap(info.key_encryption.parameters);
  auto agreed = crypto::agree(recipient.public_key_info);
  if (!wrap) return Error{"the key wrap algorithm is not known"};
  if (!agreed) return agreed.error();
  const auto ephemeral = codec::decode_public_key_info(agreed->ephemeral_public_key_info);
  if (!ephemeral.value) return Error{"the ephemeral key cannot be read"};
  info.originator = codec::make_originator_key(*ephemeral.value);
  const std::size_t octets = key_octets(wraps, wrap->algorithm);
  const auto digest = info.key_encryption.algorithm == oids::dh_std_sha384_kdf ? crypto::Digest::sha384 : crypto::Digest::sha256;
  auto wrapping = crypto::x963_kdf(digest, agreed->secret, shared_info(*wrap, octets), octets);
  crypto::wipe(agreed->secret);
  if (!wrapping) return wrapping.error();
  auto encrypted = crypto::aes_key_wrap(*wrapping, key);
  crypto::wipe(*wrapping);
  if (!encrypted) return encrypted.error();
  info.keys.front().key = std::move(*encrypted);
  return {};
}

Status manage_key(const Recipient& recipient, BytesView key, RecipientInfo& info) {
  if (!recipient.secret.empty()) return wrap_key(recipient, key, info);
  const bool rsa = info.key_encryption.algorithm == oids::rsa_encryption || info.key_encryption.algorithm == oids::rsaes_oaep;
  return rsa ? transport_key(recipient, key, info) : agree_key(recipient, key, info);
}

Status encrypt_content(const Envelope& envelope, BytesView key, EnvelopedData& data) {
  const Bytes iv = crypto::random_bytes(block);
  auto encrypted = crypto::aes_cbc_encrypt(key, iv, envelope.content);
  if (!encrypted) return encrypted.error();
  data.content_encryption.parameters = der::octet_string(iv);  // RFC 3565 2.3
  data.encrypted_content = std::move(*encrypted);
  return {};
}

}  // namespace

Bytes oaep_default_parameters() { return der::sequence({}); }

// RSAES-OAEP-params ::= SEQUENCE { hashFunc [0], maskGenFunc [1], pSourceFunc [2] }, the last one left at its default.
Bytes oaep_sha256_parameters() {
  static const Oid mgf1("1.2.840.113549.1.1.8");
  const Bytes hash = codec::encode(AlgorithmIdentifier{oids::sha256, der::null()});
  return der::sequence({der::context(0, hash), der::context(1, codec::encode(AlgorithmIdentifier{mgf1, hash}))});
}

Result<std::optional<AlgorithmIdentifier>> key_encryption_for(const Recipient& recipient,
                                                              const std::vector<AlgorithmIdentifier>& capabilities) {
  bool rsa = false;
  if (recipient.secret.empty()) {
    const auto facts = crypto::key_facts(recipient.public_key_info);
    if (!facts) return facts.error();
    rsa = facts->algorithm == "RSA";
    if (!rsa && facts->algorithm != "EC") return Error{"a key of the kind " + facts->algorithm + " cannot protect anything here"};
  }
  for (const AlgorithmIdentifier& one : capabilities) {
    auto fit = !recipient.secret.empty() ? wrap_for_secret(one, recipient.secret.size()) : rsa ? transport(one) : agreement(one);
    if (fit) return fit;
  }
  return std::optional<AlgorithmIdentifier>();
}

Result<EnvelopedData> seal(const Envelope& envelope, const Recipient& recipient, const std::vector<AlgorithmIdentifier>& capabilities) {
  auto algorithm = key_encryption_for(recipient, capabilities);
  if (!algorithm) return algorithm.error();
  if (!*algorithm) return Error{"none of the algorithms the recipient can use fits its key"};
  EnvelopedData data;
  data.content_type = envelope.content_type;
  data.content_encryption = content_cipher(capabilities);
  Bytes key = crypto::random_bytes(key_octets(ciphers, data.content_encryption.algorithm));
  RecipientInfo info;
  info.key_encryption = std::move(**algorithm);
  info.keys.push_back({{recipient.identifier, {}, {}, true}, {}});
  Status done = manage_key(recipient, key, info);
  if (done) done = encrypt_content(envelope, key, data);
  crypto::wipe(key);
  if (!done) return done.error();
  data.recipients.push_back(std::move(info));
  return data;
}

}  // namespace est::pki
