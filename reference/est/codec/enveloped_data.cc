#include "est/codec/enveloped_data.h"

#include <algorithm>
#include <string>

#include "est/codec/cms_parts.h"
#include "est/codec/der.h"
#include "est/codec/pkcs10.h"

namespace est::codec {
namespace {

using der::Reader;
using der::Tlv;
namespace tags = der::tags;

constexpr der::Tag kari_tag = tags::context(1, true), kekri_tag = tags::context(2, true);

// --- Reading

// IssuerAndSerialNumber ::= SEQUENCE { issuer Name, serialNumber INTEGER }
bool read_issuer_and_serial(Reader& from, RecipientIdentifier& id) {
  Reader fields = from.enter(tags::sequence, "issuerAndSerialNumber");
  auto issuer = read_name(fields, "issuer");
  auto serial = fields.integer("serialNumber");
  fields.finish("issuerAndSerialNumber");
  if (!issuer || !serial || fields.failed()) return false;
  id.by_key_identifier = false;
  id.issuer = std::move(*issuer);
  id.serial = std::move(*serial);
  return true;
}

// RecipientIdentifier ::= CHOICE { issuerAndSerialNumber, subjectKeyIdentifier [0] IMPLICIT OCTET STRING }
bool read_recipient_identifier(Reader& from, RecipientIdentifier& id) {
  if (const auto tagged = from.optional(tags::context(0, false), "subjectKeyIdentifier")) {
    id.key_identifier = to_bytes(tagged->content);
    return true;
  }
  return read_issuer_and_serial(from, id);
}

// OtherKeyAttribute ::= SEQUENCE { keyAttrId OBJECT IDENTIFIER, keyAttr ANY OPTIONAL }
bool read_other_attribute(Reader fields) {
  if (!fields.oid("keyAttrId")) return false;
  if (!fields.at_end()) static_cast<void>(fields.any("keyAttr"));
  fields.finish("OtherKeyAttribute");
  return !fields.failed();
}

// RecipientKeyIdentifier ::= SEQUENCE { subjectKeyIdentifier OCTET STRING, date OPTIONAL, other OPTIONAL }, and KEKIdentifier likewise.
bool read_key_identifier(Reader fields, RecipientIdentifier& id) {
  const auto identifier = fields.octet_string("key identifier");
  if (!identifier) return false;
  id.key_identifier = to_bytes(*identifier);
  static_cast<void>(fields.optional(tags::generalized_time, "date"));
  const auto other = fields.optional(tags::sequence, "other");
  if (other && !read_other_attribute(fields.inside(*other))) return false;
  fields.finish("key identifier");
  return !fields.failed();
}

// KeyAgreeRecipientIdentifier ::= CHOICE { issuerAndSerialNumber, rKeyId [0] IMPLICIT RecipientKeyIdentifier }
bool read_agreement_identifier(Reader& from, RecipientIdentifier& id) {
  if (const auto tagged = from.optional(tags::context(0, true), "rKeyId")) return read_key_identifier(from.inside(*tagged), id);
  return read_issuer_and_serial(from, id);
}

bool read_version(Reader& fields, RecipientInfo& info) {
  const auto version = fields.small_integer("version");
  if (version) info.version = *version;
  return version.has_value();
}

bool read_key_encryption(Reader& fields, RecipientInfo& info) {
  auto algorithm = read_algorithm(fields, "keyEncryptionAlgorithm");
  if (algorithm) info.key_encryption = std::move(*algorithm);
  return algorithm.has_value();
}

bool read_encrypted_key(Reader& fields, EncryptedKey& key) {
  const auto octets = fields.octet_string("encryptedKey");
  if (octets) key.key = to_bytes(*octets);
  return octets.has_value();
}

void expect_version(const Reader& fields, const RecipientInfo& info, std::int64_t expected, std::size_t at) {
  if (info.version != expected)
    fields.report("cms.recipient.version", Severity::error, at,
                  "the version of " + std::string(to_string(info.management)) + " is " + std::to_string(info.version) + ", not " +
                      std::to_string(expected));
}

// KeyTransRecipientInfo ::= SEQUENCE { version 0 or 2, rid, keyEncryptionAlgorithm, encryptedKey }
std::optional<RecipientInfo> read_key_transport(Reader fields) {
  RecipientInfo info{KeyManagement::key_transport, 0, {}, {}, {}, {}};
  EncryptedKey key;
  const std::size_t at = fields.offset();
  const bool good = read_version(fields, info) && read_recipient_identifier(fields, key.recipient) && read_key_encryption(fields, info) &&
                    read_encrypted_key(fields, key);
  fields.finish("KeyTransRecipientInfo");
  if (!good || fields.failed()) return std::nullopt;
  expect_version(fields, info, key.recipient.by_key_identifier ? 2 : 0, at);
  info.keys.push_back(std::move(key));
  return info;
}

// RecipientEncryptedKeys ::= SEQUENCE OF SEQUENCE { rid KeyAgreeRecipientIdentifier, encryptedKey }
bool read_agreed_keys(Reader& fields, RecipientInfo& info) {
  const std::size_t at = fields.offset();
  Reader list = fields.enter(tags::sequence, "recipientEncryptedKeys");
  while (!list.at_end()) {
    Reader one = list.enter(tags::sequence, "RecipientEncryptedKey");
    EncryptedKey key;
    const bool good = read_agreement_identifier(one, key.recipient) && read_encrypted_key(one, key);
    one.finish("RecipientEncryptedKey");
    if (!good || one.failed()) return false;
    info.keys.push_back(std::move(key));
  }
  if (list.failed()) return false;
  if (info.keys.empty()) fields.report("cms.recipient.keys", Severity::error, at, "recipientEncryptedKeys is empty");
  return true;
}

// OriginatorIdentifierOrKey ::= CHOICE { issuerAndSerialNumber, subjectKeyIdentifier [0] IMPLICIT OCTET STRING,
// originatorKey [1] IMPLICIT SEQUENCE { algorithm AlgorithmIdentifier, publicKey BIT STRING } }
bool read_originator(Reader from) {
  if (const auto key = from.optional(tags::context(1, true), "originatorKey")) {
    Reader fields = from.inside(*key);
    if (read_algorithm(fields, "algorithm") && fields.bit_string("publicKey")) fields.finish("originatorKey");
  } else {
    RecipientIdentifier certificate;
    if (!read_recipient_identifier(from, certificate)) return false;
  }
  from.finish("originator");
  return !from.failed();
}

// KeyAgreeRecipientInfo ::= SEQUENCE { version 3, originator [0], ukm [1] OPTIONAL, keyEncryptionAlgorithm, recipientEncryptedKeys }
std::optional<RecipientInfo> read_key_agreement(Reader fields) {
  RecipientInfo info{KeyManagement::key_agreement, 0, {}, {}, {}, {}};
  const std::size_t at = fields.offset();
  if (!read_version(fields, info)) return std::nullopt;
  const auto originator = fields.expect(tags::context(0, true), "originator");
  if (!originator || !read_originator(fields.inside(*originator))) return std::nullopt;
  info.originator = to_bytes(originator->content);
  if (const auto tagged = fields.optional(tags::context(1, true), "ukm")) {
    Reader inner = fields.inside(*tagged);
    const auto material = inner.octet_string("ukm");
    inner.finish("ukm");
    if (!material || inner.failed()) return std::nullopt;
    info.user_keying_material = to_bytes(*material);
  }
  const bool good = read_key_encryption(fields, info) && read_agreed_keys(fields, info);
  fields.finish("KeyAgreeRecipientInfo");
  if (!good || fields.failed()) return std::nullopt;
  expect_version(fields, info, 3, at);
  return info;
}

// KEKRecipientInfo ::= SEQUENCE { version 4, kekid KEKIdentifier, keyEncryptionAlgorithm, encryptedKey }
std::optional<RecipientInfo> read_key_encryption_key(Reader fields) {
  RecipientInfo info{KeyManagement::key_encryption_key, 0, {}, {}, {}, {}};
  EncryptedKey key;
  const std::size_t at = fields.offset();
  const bool good = read_version(fields, info) && read_key_identifier(fields.enter(tags::sequence, "kekid"), key.recipient) &&
                    read_key_encryption(fields, info) && read_encrypted_key(fields, key);
  fields.finish("KEKRecipientInfo");
  if (!good || fields.failed()) return std::nullopt;
  expect_version(fields, info, 4, at);
  info.keys.push_back(std::move(key));
  return info;
}

std::optional<RecipientInfo> read_recipient(Reader& list, const Tlv& element) {
  if (element.tag == tags::sequence) return read_key_transport(list.inside(element));
  if (element.tag == kari_tag) return read_key_agreement(list.inside(element));
  if (element.tag == kekri_tag) return read_key_encryption_key(list.inside(element));
  RecipientInfo info;
  if (element.tag == tags::context(3, true)) info.management = KeyManagement::password;
  if (info.management == KeyManagement::other && element.tag != tags::context(4, true))
    list.report("cms.recipient.choice", Severity::error, element.offset, der::to_string(element.tag) + " is no RecipientInfo");
  return info;
}

// OriginatorInfo ::= SEQUENCE { certs [0] IMPLICIT CertificateSet OPTIONAL, crls [1] IMPLICIT RevocationInfoChoices OPTIONAL }
bool read_originator_info(Reader fields) {
  const auto certificates = fields.optional(tags::context(0, true), "certs");
  if (certificates && !read_cms_bag(fields, *certificates, "certificate", "cms.certificate-choice")) return false;
  const auto crls = fields.optional(tags::context(1, true), "crls");
  if (crls && !read_cms_bag(fields, *crls, "crl", "cms.crl-choice")) return false;
  fields.finish("OriginatorInfo");
  return !fields.failed();
}

bool read_recipients(Reader& fields, EnvelopedData& data) {
  const std::size_t at = fields.offset();
  Reader list = fields.enter(tags::set, "recipientInfos");
  BytesView previous;
  while (!list.at_end()) {
    const auto element = list.any("RecipientInfo");
    if (!element) return false;
    if (std::lexicographical_compare(element->whole.begin(), element->whole.end(), previous.begin(), previous.end()))
      list.report("cms.recipients.order", Severity::warning, element->offset, "recipients are not in the order of a SET OF");
    previous = element->whole;
    auto info = read_recipient(list, *element);
    if (!info) return false;
    data.recipients.push_back(std::move(*info));
  }
  if (list.failed()) return false;
  if (data.recipients.empty()) fields.report("cms.recipients.none", Severity::error, at, "there is no recipient");
  return true;
}

// EncryptedContentInfo ::= SEQUENCE { contentType, contentEncryptionAlgorithm, encryptedContent [0] IMPLICIT OCTET STRING OPTIONAL }
bool read_encrypted_content(Reader& from, EnvelopedData& data) {
  Reader fields = from.enter(tags::sequence, "encryptedContentInfo");
  const auto type = fields.oid("contentType");
  auto algorithm = read_algorithm(fields, "contentEncryptionAlgorithm");
  const std::size_t at = fields.offset();
  const auto content = fields.optional(tags::context(0, false), "encryptedContent");
  if (!content && !fields.failed() && fields.at_end())
    fields.report("cms.encrypted-content.missing", Severity::error, at, "there is no encrypted content");
  fields.finish("encryptedContentInfo");
  if (!type || !algorithm || fields.failed()) return false;
  data.content_type = *type;
  data.content_encryption = std::move(*algorithm);
  if (content) data.encrypted_content = to_bytes(content->content);
  return true;
}

// RFC 5652 6.1, for messages without certificates and CRLs of other kinds in originatorInfo.
std::int64_t expected_version(const EnvelopedData& data, bool unprotected) {
  const auto is = [&](KeyManagement kind) {
    return std::any_of(data.recipients.begin(), data.recipients.end(), [&](const RecipientInfo& info) { return info.management == kind; });
  };
  if (is(KeyManagement::password) || is(KeyManagement::other)) return 3;
  const bool plain =
      std::all_of(data.recipients.begin(), data.recipients.end(), [](const RecipientInfo& info) { return info.version == 0; });
  return plain && !data.originator_info && !unprotected ? 0 : 2;
}

// unprotectedAttrs [1] IMPLICIT SET SIZE (1..MAX) OF Attribute. Whether they are there; nobody wants to know what they say.
bool read_unprotected_attributes(Reader& from) {
  const auto tagged = from.optional(tags::context(1, true), "unprotectedAttrs");
  if (!tagged) return false;
  Reader list = from.inside(*tagged);
  if (list.at_end())
    from.report("cms.unprotected-attributes.empty", Severity::error, tagged->offset, "unprotectedAttrs are present and empty");
  while (!list.at_end() && read_attribute(list)) {
  }
  return true;
}

// EnvelopedData ::= SEQUENCE { version, originatorInfo [0] OPTIONAL, recipientInfos SET, encryptedContentInfo, unprotectedAttrs [1]
// OPTIONAL }
std::optional<EnvelopedData> read_enveloped_data(Reader& from) {
  Reader fields = from.enter(tags::sequence, "EnvelopedData");
  EnvelopedData data;
  const std::size_t at = fields.offset();
  const auto version = fields.small_integer("version");
  if (!version) return std::nullopt;
  data.version = *version;
  const auto originator = fields.optional(tags::context(0, true), "originatorInfo");
  data.originator_info = originator.has_value();
  if (originator && !read_originator_info(fields.inside(*originator))) return std::nullopt;
  if (!read_recipients(fields, data) || !read_encrypted_content(fields, data)) return std::nullopt;
  const bool unprotected = read_unprotected_attributes(fields);
  fields.finish("EnvelopedData");
  if (fields.failed()) return std::nullopt;
  const std::int64_t expected = expected_version(data, unprotected);
  // With originatorInfo the version may also be 3 or 4, by what it holds.
  if (data.version != expected && !(data.originator_info && data.version > expected))
    fields.report("cms.version", Severity::error, at, "version is " + std::to_string(data.version) + ", not " + std::to_string(expected));
  return data;
}

// --- Building

Bytes issuer_and_serial(const RecipientIdentifier& id) { return der::sequence({id.issuer.der, der::tlv(tags::integer, id.serial)}); }

Bytes encode_key_transport(const RecipientInfo& info) {
  const EncryptedKey& key = info.keys.front();
  const Bytes rid =
      key.recipient.by_key_identifier ? der::context(0, key.recipient.key_identifier, false) : issuer_and_serial(key.recipient);
  return der::sequence({der::integer(info.version), rid, encode(info.key_encryption), der::octet_string(key.key)});
}

Bytes encode_key_agreement(const RecipientInfo& info) {
  std::vector<Bytes> keys;
  for (const EncryptedKey& key : info.keys) {
    const Bytes rid = key.recipient.by_key_identifier ? der::context(0, der::octet_string(key.recipient.key_identifier))
                                                      : issuer_and_serial(key.recipient);
    keys.push_back(der::sequence({rid, der::octet_string(key.key)}));
  }
  const Bytes material = info.user_keying_material ? der::context(1, der::octet_string(*info.user_keying_material)) : Bytes{};
  return der::tlv(kari_tag, der::concat({der::integer(info.version), der::context(0, info.originator), material,
                                         encode(info.key_encryption), der::sequence_of(keys)}));
}

Bytes encode_key_encryption_key(const RecipientInfo& info) {
  const EncryptedKey& key = info.keys.front();
  return der::tlv(kekri_tag, der::concat({der::integer(info.version), der::sequence({der::octet_string(key.recipient.key_identifier)}),
                                          encode(info.key_encryption), der::octet_string(key.key)}));
}

}  // namespace

std::string_view to_string(KeyManagement management) noexcept {
  switch (management) {
    case KeyManagement::key_transport:
      return "KeyTransRecipientInfo";
    case KeyManagement::key_agreement:
      return "KeyAgreeRecipientInfo";
    case KeyManagement::key_encryption_key:
      return "KEKRecipientInfo";
    case KeyManagement::password:
      return "PasswordRecipientInfo";
    case KeyManagement::other:
      break;
  }
  return "OtherRecipientInfo";
}

Decoded<EnvelopedData> decode_enveloped_data(BytesView der) {
  return der::decode_whole(der, "ContentInfo",
                           [](Reader& from) { return read_content_info(from, oids::enveloped_data, read_enveloped_data); });
}

Bytes encode_enveloped_data(const EnvelopedData& data) {
  std::vector<Bytes> recipients;
  for (const RecipientInfo& info : data.recipients) {
    if (info.keys.empty()) continue;
    if (info.management == KeyManagement::key_transport) recipients.push_back(encode_key_transport(info));
    if (info.management == KeyManagement::key_agreement) recipients.push_back(encode_key_agreement(info));
    if (info.management == KeyManagement::key_encryption_key) recipients.push_back(encode_key_encryption_key(info));
  }
  const Bytes content =
      der::sequence({der::oid(data.content_type), encode(data.content_encryption), der::context(0, data.encrypted_content, false)});
  const Bytes enveloped = der::sequence({der::integer(data.version), der::set_of(std::move(recipients)), content});
  return der::sequence({der::oid(oids::enveloped_data), der::context(0, enveloped)});
}

Bytes make_originator_key(const PublicKeyInfo& key) {
  return der::context(1, der::concat({encode(key.algorithm), der::bit_string(key.key)}));
}

}  // namespace est::codec
