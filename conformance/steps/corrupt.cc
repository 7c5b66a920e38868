#include "conformance/steps/corrupt.h"

#include <functional>

#include "conformance/steps/hostile_requests.h"
#include "conformance/steps/request_parts.h"
#include "est/codec/der.h"
#include "est/crypto/digest.h"
#include "est/pki/issue.h"

namespace conformance::steps {
namespace {

namespace der = est::codec::der;
namespace oids = est::codec::oids;
using est::Bytes;
using est::Result;

// The last octet belongs to a number in every signature form we make, so the request stays well-formed DER.
Result<Bytes> wrong_signature(const SoundRequest& sound) {
  Bytes signature = sound.request.signature;
  if (signature.empty()) return est::Error{"the sound request has no signature"};
  signature.back() ^= 0x01U;
  return with_signature(sound, signature);
}

Result<Bytes> signed_by_another(const SoundRequest& sound) {
  const auto other = est::crypto::PrivateKey::generate(sound.key_type);
  if (!other) return other.error();
  const auto signature = other->sign(sound.digest, sound.request.info);
  if (!signature) return signature.error();
  return with_signature(sound, *signature);
}

Result<Bytes> truncated(const SoundRequest& sound) {
  Bytes request = sound.request.der;
  request.resize(request.size() - std::min<std::size_t>(10, request.size()));
  return request;
}

Result<Bytes> trailing(const SoundRequest& sound) {
  Bytes request = sound.request.der;
  est::append(request, Bytes{0xde, 0xad, 0xbe, 0xef});
  return request;
}

Result<Bytes> wrong_version(const SoundRequest& sound) {
  InfoParts info = parts_of(sound);
  info.version = der::integer(1);
  return sign_info(sound, info);
}

// A point off the curve, or an even RSA exponent.
Result<Bytes> wrong_public_key(const SoundRequest& sound) {
  InfoParts info = parts_of(sound);
  info.public_key.back() ^= 0x01U;
  return sign_info(sound, info);
}

Result<Bytes> unknown_key_algorithm(const SoundRequest& sound) {
  InfoParts info = parts_of(sound);
  info.public_key = der::sequence({der::sequence({der::oid(unknown_oid())}), der::bit_string(sound.request.key.key)});
  return sign_info(sound, info);
}

Result<Bytes> no_attributes(const SoundRequest& sound) {
  InfoParts info = parts_of(sound);
  info.attributes.clear();
  return sign_info(sound, info);
}

Result<Bytes> nul_in_name(const SoundRequest& sound) {
  using namespace std::string_view_literals;
  InfoParts info = parts_of(sound);
  info.subject = der::sequence_of({der::set_of({der::sequence({der::oid(oids::common_name), der::utf8_string("admin\0.example"sv)})})});
  return sign_info(sound, info);
}

Result<Bytes> oversized(const SoundRequest& sound) {
  InfoParts info = parts_of(sound);
  const Bytes padding(std::size_t{512} << 10U, est::Byte{0x41});
  const Bytes attribute = der::sequence({der::oid(unknown_oid()), der::set_of({der::octet_string(padding)})});
  info.attributes = der::context(0, attribute);
  return sign_info(sound, info);
}

Result<Bytes> wrong_algorithm(const SoundRequest& sound) {
  est::codec::AlgorithmIdentifier other = sound.key.signature_algorithm(
      sound.digest == est::crypto::Digest::sha256 ? est::crypto::Digest::sha512 : est::crypto::Digest::sha256);
  if (sound.key_type == est::crypto::KeyType::ed25519) other = {oids::ecdsa_with_sha256, {}};
  return est::codec::encode_certification_request(sound.request.info, other, sound.request.signature);
}

Result<Bytes> random_octets(const SoundRequest& sound) {
  Bytes octets = est::crypto::random_bytes(sound.request.der.size());
  octets.front() = 0xff;  // never the start of a SEQUENCE
  return octets;
}

Result<Bytes> indefinite_length(const SoundRequest& sound) {
  return der::concat({Bytes{0x30, 0x80}, content_of(sound.request.der), Bytes{0x00, 0x00}});
}

Result<Bytes> non_minimal_length(const SoundRequest& sound) {
  const Bytes content = content_of(sound.request.der);
  Bytes head{0x30, 0x84};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) head.push_back(static_cast<est::Byte>(content.size() >> shift));
  return der::concat({head, content});
}

Result<Bytes> wrong_tag(const SoundRequest& sound) {
  Bytes request = sound.request.der;
  request.front() = 0x31;
  return request;
}

Result<Bytes> nested(const SoundRequest&) {
  constexpr int levels = 2000;
  Bytes request = der::null();
  for (int level = 0; level < levels; ++level) request = der::sequence({request});
  return request;
}

Result<Bytes> a_certificate(const SoundRequest& sound) {
  est::pki::CertificateSpec spec;
  spec.serial = est::pki::random_serial();
  spec.subject = sound.request.subject;
  spec.public_key_info = sound.key.public_key_info();
  spec.validity = {est::system_clock().now() - 3600, est::system_clock().now() + 24LL * 3600};
  return est::pki::issue_self_signed(spec, sound.key);
}

std::vector<CorruptionEntry> plain_table() {
  return {
      {{"signature", "the signature has one bit flipped"}, wrong_signature},
      {{"other-key", "signed by another key than the one inside"}, signed_by_another},
      {{"unsigned", "the signature is empty"}, [](const SoundRequest& sound) { return with_signature(sound, {}); }},
      {{"wrong-algorithm", "the signature algorithm named is not the one used"}, wrong_algorithm},
      {{"truncated", "the last ten octets are cut off"}, truncated},
      {{"trailing", "four octets follow the request"}, trailing},
      {{"version", "version 1 instead of 0, signed so"}, wrong_version},
      {{"public-key", "the public key is no key (a point off the curve, an even RSA exponent)"}, wrong_public_key},
      {{"unknown-key-algorithm", "the public key's algorithm is one nobody knows"}, unknown_key_algorithm},
      {{"no-attributes", "the attributes [0] are left out, signed so"}, no_attributes},
      {{"nul-in-name", "the common name contains a NUL, signed so"}, nul_in_name},
      {{"oversized", "an unknown attribute of 512 KiB, signed so"}, oversized},
      {{"empty-sequence", "an empty SEQUENCE"},
       [](const SoundRequest&) {
         return Result<Bytes>(Bytes{0x30, 0x00});
       }},
      {{"random", "random octets of the request's length"}, random_octets},
      {{"indefinite-length", "the outer SEQUENCE has an indefinite length (BER)"}, indefinite_length},
      {{"non-minimal-length", "the outer length is longer than need be (BER)"}, non_minimal_length},
      {{"wrong-tag", "the outer SEQUENCE is tagged as a SET"}, wrong_tag},
      {{"nested", "2000 SEQUENCEs inside each other"}, nested},
      {{"not-a-request", "a certificate instead of a request"}, a_certificate},
  };
}

const std::vector<CorruptionEntry>& corruption_table() {
  static const std::vector<CorruptionEntry> entries = [] {
    std::vector<CorruptionEntry> all = plain_table();
    for (auto& entry : hostile_requests()) all.push_back(std::move(entry));
    return all;
  }();
  return entries;
}

}  // namespace

const std::vector<Corruption>& corruptions() {
  static const std::vector<Corruption> list = [] {
    std::vector<Corruption> all;
    for (const auto& entry : corruption_table()) all.push_back(entry.what);
    return all;
  }();
  return list;
}

Result<Bytes> corrupt(std::string_view name, const SoundRequest& sound) {
  for (const auto& entry : corruption_table()) {
    if (entry.what.name == name) return entry.make(sound);
  }
  return est::Error{"no corruption is called " + std::string(name)};
}

}  // namespace conformance::steps
