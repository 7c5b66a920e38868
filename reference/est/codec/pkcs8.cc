#include "est/codec/pkcs8.h"

#include <algorithm>
#include <string>

#include "est/codec/der.h"

namespace est::codec {
namespace {

using der::Reader;
using der::Tlv;
namespace tags = der::tags;

// Which other key format it is, by the tags of its first two elements; an empty id when it is none we know.
struct OtherForm {
  std::string_view id;
  std::string_view what;
};

OtherForm other_form(const Reader& fields) {
  Findings unheard;
  Reader ahead = fields.scout(unheard);
  const auto first = ahead.any("first element");
  const auto second = ahead.peek();
  if (!first || !second) return {};
  // RSAPrivateKey ::= SEQUENCE { version INTEGER, modulus INTEGER, ... }   (RFC 8017 A.1.2)
  if (first->tag == tags::integer && *second == tags::integer) return {"pkcs8.rsa-private-key", "a PKCS #1 RSAPrivateKey"};
  // ECPrivateKey ::= SEQUENCE { version INTEGER, privateKey OCTET STRING, ... }   (RFC 5915 3)
  if (first->tag == tags::integer && *second == tags::octet_string) return {"pkcs8.ec-private-key", "a SEC 1 ECPrivateKey"};
  // EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm SEQUENCE, encryptedData OCTET STRING }   (RFC 5958 3)
  if (first->tag == tags::sequence && *second == tags::octet_string) return {"pkcs8.encrypted", "an EncryptedPrivateKeyInfo"};
  return {};
}

// attributes [0] IMPLICIT SET OF Attribute OPTIONAL
bool read_attributes(Reader& fields, OneAsymmetricKey& key) {
  const std::optional<Tlv> tagged = fields.optional(tags::context(0, true), "attributes");
  if (!tagged) return !fields.failed();
  Reader list = fields.inside(*tagged);
  BytesView previous;
  while (!list.at_end()) {
    std::optional<Attribute> attribute = read_attribute(list);
    if (!attribute) return false;
    const std::size_t start = attribute->offset - tagged->content_offset();
    const BytesView encoded = tagged->content.subspan(start, list.offset() - attribute->offset);
    if (std::lexicographical_compare(encoded.begin(), encoded.end(), previous.begin(), previous.end()))
      list.report("der.set.order", Severity::error, attribute->offset, "attributes are not in the order of a SET OF");
    previous = encoded;
    key.attributes.push_back(std::move(*attribute));
  }
  key.empty_attributes = key.attributes.empty();
  return !list.failed();
}

// publicKey [1] IMPLICIT BIT STRING OPTIONAL
bool read_public_key(Reader& fields, OneAsymmetricKey& key) {
  const std::optional<Tlv> tagged = fields.optional(tags::context(1, false), "publicKey");
  if (!tagged) return !fields.failed();
  if (tagged->content.empty() || tagged->content.front() != 0) {
    fields.report("pkcs8.public-key", Severity::error, tagged->offset, "publicKey is no BIT STRING of whole octets");
    return true;
  }
  key.public_key = to_bytes(tagged->content.subspan(1));
  return true;
}

void check_version(const Reader& fields, const OneAsymmetricKey& key, std::size_t at) {
  // RFC 5958 2: v2 if publicKey is present, else v1.
  const std::int64_t expected = key.public_key ? 1 : 0;
  if (key.version != expected)
    fields.report("pkcs8.version", Severity::error, at,
                  "version is " + std::to_string(key.version) + ", not " + std::to_string(expected) +
                      (key.public_key ? " (there is a publicKey)" : " (there is no publicKey)"));
}

// OneAsymmetricKey ::= SEQUENCE { version, privateKeyAlgorithm, privateKey OCTET STRING, attributes [0], publicKey [1] }
std::optional<OneAsymmetricKey> read_one_asymmetric_key(Reader& from) {
  const std::size_t start = from.offset();
  Reader fields = from.enter(tags::sequence, "PrivateKeyInfo");
  if (const OtherForm other = other_form(fields); !other.id.empty()) {
    fields.report(other.id, Severity::error, start, "this is " + std::string(other.what) + ", not a PrivateKeyInfo");
    return std::nullopt;
  }
  OneAsymmetricKey key;
  const std::size_t version_at = fields.offset();
  const auto version = fields.small_integer("version");
  auto algorithm = read_algorithm(fields, "privateKeyAlgorithm");
  const std::size_t key_at = fields.offset();
  const auto octets = fields.octet_string("privateKey");
  if (!version || !algorithm || !octets) return std::nullopt;
  key.version = *version;
  key.algorithm = std::move(*algorithm);
  key.private_key = to_bytes(*octets);
  if (key.private_key.empty()) fields.report("pkcs8.private-key.empty", Severity::error, key_at, "privateKey is empty");
  if (!read_attributes(fields, key) || !read_public_key(fields, key)) return std::nullopt;
  fields.finish("PrivateKeyInfo");
  check_version(fields, key, version_at);
  if (fields.failed()) return std::nullopt;
  return key;
}

std::optional<std::vector<Bytes>> read_package(Reader& from) {
  const std::size_t at = from.offset();
  Reader list = from.enter(tags::sequence, "AsymmetricKeyPackage");
  std::vector<Bytes> keys;
  while (!list.at_end()) {
    const std::optional<Tlv> key = list.expect(tags::sequence, "OneAsymmetricKey");
    if (!key) return std::nullopt;
    keys.push_back(to_bytes(key->whole));
  }
  if (list.failed()) return std::nullopt;
  if (keys.empty()) from.report("pkcs8.package.empty", Severity::error, at, "the key package holds no key");
  return keys;
}

}  // namespace

Decoded<OneAsymmetricKey> decode_private_key_info(BytesView der) {
  return der::decode_whole(der, "PrivateKeyInfo", read_one_asymmetric_key);
}

Decoded<std::vector<Bytes>> decode_asymmetric_key_package(BytesView der) {
  return der::decode_whole(der, "AsymmetricKeyPackage", read_package);
}

Bytes encode(const OneAsymmetricKey& key) {
  std::vector<Bytes> attributes;
  attributes.reserve(key.attributes.size());
  for (const Attribute& attribute : key.attributes) attributes.push_back(encode(attribute));
  Bytes tagged_attributes;
  if (!attributes.empty() || key.empty_attributes) {
    tagged_attributes = der::set_of(std::move(attributes));
    tagged_attributes.front() = 0xa0;  // [0] IMPLICIT in place of the SET's tag
  }
  Bytes tagged_key;
  if (key.public_key) {
    Bytes bits{0};
    append(bits, *key.public_key);
    tagged_key = der::context(1, bits, false);
  }
  return der::sequence(
      {der::integer(key.version), encode(key.algorithm), der::octet_string(key.private_key), tagged_attributes, tagged_key});
}

Bytes encode_asymmetric_key_package(const std::vector<Bytes>& keys) { return der::sequence_of(keys); }

}  // namespace est::codec
