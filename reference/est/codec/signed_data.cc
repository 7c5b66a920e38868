#include "est/codec/signed_data.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "est/codec/cms_parts.h"
#include "est/codec/der.h"

namespace est::codec {
namespace {

using der::Reader;
using der::Tlv;
namespace tags = der::tags;

// DigestAlgorithmIdentifiers ::= SET OF DigestAlgorithmIdentifier
std::optional<std::vector<AlgorithmIdentifier>> read_digest_algorithms(Reader& from) {
  Reader set = from.enter(tags::set, "digestAlgorithms");
  std::vector<AlgorithmIdentifier> algorithms;
  while (!set.at_end()) {
    std::optional<AlgorithmIdentifier> algorithm = read_algorithm(set, "digestAlgorithm");
    if (!algorithm) return std::nullopt;
    algorithms.push_back(std::move(*algorithm));
  }
  if (set.failed()) return std::nullopt;
  return algorithms;
}

// EncapsulatedContentInfo ::= SEQUENCE { eContentType OBJECT IDENTIFIER, eContent [0] EXPLICIT OCTET STRING OPTIONAL }
bool read_encapsulated(Reader& from, SignedData& data) {
  Reader fields = from.enter(tags::sequence, "encapContentInfo");
  std::optional<Oid> type = fields.oid("eContentType");
  if (const std::optional<Tlv> tagged = fields.optional(tags::context(0, true), "eContent")) {
    Reader inside = fields.inside(*tagged);
    const std::optional<Tlv> octets = inside.expect(tags::octet_string, "eContent");
    inside.finish("eContent");
    if (!octets) return false;
    data.content = to_bytes(octets->content);
    data.content_offset = octets->content_offset();
  }
  fields.finish("encapContentInfo");
  if (!type || fields.failed()) return false;
  data.content_type = std::move(*type);
  return true;
}

// certificates [0] IMPLICIT CertificateSet OPTIONAL, crls [1] IMPLICIT RevocationInfoChoices OPTIONAL
bool read_bags(Reader& from, SignedData& data, bool& others) {
  if (const std::optional<Tlv> tagged = from.optional(tags::context(0, true), "certificates")) {
    std::optional<CmsBag> bag = read_cms_bag(from, *tagged, "certificate", "cms.certificate-choice");
    if (!bag) return false;
    if (!bag->sorted)
      from.report("cms.certificates.order", Severity::warning, tagged->offset, "certificates are not in the order of a SET OF");
    data.certificates = std::move(bag->items);
    others = bag->others;
  }
  if (const std::optional<Tlv> tagged = from.optional(tags::context(1, true), "crls")) {
    std::optional<CmsBag> bag = read_cms_bag(from, *tagged, "crl", "cms.crl-choice");
    if (!bag) return false;
    data.crls = std::move(bag->items);
    others = others || bag->others;
  }
  return !from.failed();
}

// sid: IssuerAndSerialNumber ::= SEQUENCE { issuer Name, serialNumber INTEGER }, or subjectKeyIdentifier [0] IMPLICIT OCTET STRING
std::optional<SignerIdentifier> read_signer_identifier(Reader& from) {
  SignerIdentifier id;
  if (const std::optional<Tlv> key = from.optional(tags::context(0, false), "subjectKeyIdentifier")) {
    id.by_key_identifier = true;
    id.key_identifier = to_bytes(key->content);
    return id;
  }
  Reader fields = from.enter(tags::sequence, "issuerAndSerialNumber");
  std::optional<Name> issuer = read_name(fields, "issuer");
  std::optional<Bytes> serial = fields.integer("serialNumber");
  fields.finish("issuerAndSerialNumber");
  if (!issuer || !serial || fields.failed()) return std::nullopt;
  id.issuer = std::move(*issuer);
  id.serial = std::move(*serial);
  return id;
}

// RFC 5652 11.1 to 11.3: these are there once, with one value.
bool is_single(const Oid& type) { return type == oids::content_type || type == oids::message_digest || type == oids::signing_time; }

// [number] IMPLICIT SET OF Attribute
std::optional<std::vector<Attribute>> read_attributes(Reader& from, const Tlv& tagged, bool& sorted) {
  Reader list = from.inside(tagged);
  std::vector<Attribute> attributes;
  BytesView previous;
  while (!list.at_end()) {
    std::optional<Attribute> attribute = read_attribute(list);
    if (!attribute) return std::nullopt;
    const BytesView encoded = tagged.content.subspan(attribute->offset - tagged.content_offset(), list.offset() - attribute->offset);
    sorted = sorted && !std::lexicographical_compare(encoded.begin(), encoded.end(), previous.begin(), previous.end());
    previous = encoded;
    attributes.push_back(std::move(*attribute));
  }
  if (list.failed()) return std::nullopt;
  return attributes;
}

void check_repetition(Reader& from, const std::vector<Attribute>& attributes) {
  std::set<Oid> seen;
  for (const Attribute& attribute : attributes) {
    if (!seen.insert(attribute.type).second)
      from.report("cms.signed-attributes.duplicate", Severity::error, attribute.offset, attribute.type.name() + " is there twice");
    if (is_single(attribute.type) && attribute.values.size() != 1)
      from.report("cms.signed-attributes.single-value", Severity::error, attribute.offset, attribute.type.name() + " must have one value");
  }
}

// RFC 5652 5.3: with signed attributes, content-type and message-digest are among them; without, the content is id-data.
void check_signed_attributes(Reader& from, const SignerInfo& signer, const Oid& content_type, std::size_t at) {
  if (signer.signed_attributes_der.empty()) {
    if (content_type != oids::data)
      from.report("cms.signer.no-signed-attributes", Severity::error, at, "signedAttrs are missing although the content is not id-data");
    return;
  }
  if (signer.signed_attributes.empty())
    from.report("cms.signed-attributes.empty", Severity::error, at, "signedAttrs are present and empty");
  check_repetition(from, signer.signed_attributes);
  const Attribute* type = signer.signed_attribute(oids::content_type);
  if (type == nullptr || type->values.empty() || type->values.front() != der::oid(content_type))
    from.report("cms.signed-attributes.content-type", Severity::error, at, "the content-type attribute is missing or names another type");
  if (!signer.message_digest())
    from.report("cms.signed-attributes.message-digest", Severity::error, at, "the message-digest attribute is missing or no OCTET STRING");
}

bool read_signed_attributes(Reader& fields, SignerInfo& signer) {
  const std::optional<Tlv> tagged = fields.optional(tags::context(0, true), "signedAttrs");
  if (!tagged) return !fields.failed();
  bool sorted = true;
  std::optional<std::vector<Attribute>> attributes = read_attributes(fields, *tagged, sorted);
  if (!attributes) return false;
  if (!sorted)
    fields.report("cms.signed-attributes.order", Severity::warning, tagged->offset, "attributes are not in the order of a SET OF");
  signer.signed_attributes = std::move(*attributes);
  // RFC 5652 5.4: what is signed has the EXPLICIT SET OF tag instead of [0].
  signer.signed_attributes_der = der::tlv(tags::set, tagged->content);
  return true;
}

bool read_unsigned_attributes(Reader& fields, SignerInfo& signer) {
  const std::optional<Tlv> tagged = fields.optional(tags::context(1, true), "unsignedAttrs");
  if (!tagged) return !fields.failed();
  bool sorted = true;  // of no consequence: nothing covers them
  std::optional<std::vector<Attribute>> attributes = read_attributes(fields, *tagged, sorted);
  if (!attributes) return false;
  signer.unsigned_attributes = std::move(*attributes);
  return true;
}

// SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0], signatureAlgorithm, signature OCTET STRING, unsignedAttrs [1] }
std::optional<SignerInfo> read_signer(Reader& from, const SignedData& data) {
  const std::size_t at = from.offset();
  Reader fields = from.enter(tags::sequence, "SignerInfo");
  SignerInfo signer;
  const std::size_t version_at = fields.offset();
  const std::optional<std::int64_t> version = fields.small_integer("version");
  std::optional<SignerIdentifier> id = read_signer_identifier(fields);
  std::optional<AlgorithmIdentifier> digest = read_algorithm(fields, "digestAlgorithm");
  if (!version || !id || !digest || !read_signed_attributes(fields, signer)) return std::nullopt;
  std::optional<AlgorithmIdentifier> algorithm = read_algorithm(fields, "signatureAlgorithm");
  const std::optional<BytesView> signature = fields.octet_string("signature");
  if (!algorithm || !signature || !read_unsigned_attributes(fields, signer)) return std::nullopt;
  fields.finish("SignerInfo");
  if (fields.failed()) return std::nullopt;
  signer.version = *version;
  signer.id = std::move(*id);
  signer.digest_algorithm = std::move(*digest);
  signer.signature_algorithm = std::move(*algorithm);
  signer.signature = to_bytes(*signature);
  if (signer.version != (signer.id.by_key_identifier ? 3 : 1))
    fields.report("cms.signer.version", Severity::error, version_at, "version " + std::to_string(signer.version) + " does not fit the sid");
  const auto same = [&](const AlgorithmIdentifier& one) { return one.algorithm == signer.digest_algorithm.algorithm; };
  if (std::none_of(data.digest_algorithms.begin(), data.digest_algorithms.end(), same))
    fields.report("cms.signer.digest-algorithm", Severity::warning, at, "digestAlgorithms does not list the signer's");
  check_signed_attributes(fields, signer, data.content_type, at);
  return signer;
}

bool read_signers(Reader& from, SignedData& data) {
  Reader set = from.enter(tags::set, "signerInfos");
  while (!set.at_end()) {
    std::optional<SignerInfo> signer = read_signer(set, data);
    if (!signer) return false;
    data.signers.push_back(std::move(*signer));
  }
  return !set.failed();
}

// SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo, certificates [0], crls [1], signerInfos }
std::optional<SignedData> read_signed_data(Reader& from) {
  Reader fields = from.enter(tags::sequence, "SignedData");
  SignedData data;
  bool others = false;
  const std::size_t version_at = fields.offset();
  const std::optional<std::int64_t> version = fields.small_integer("version");
  std::optional<std::vector<AlgorithmIdentifier>> algorithms = read_digest_algorithms(fields);
  if (!version || !algorithms) return std::nullopt;
  data.version = *version;
  data.digest_algorithms = std::move(*algorithms);
  const std::size_t content_at = fields.offset();
  if (!read_encapsulated(fields, data) || !read_bags(fields, data, others) || !read_signers(fields, data)) return std::nullopt;
  fields.finish("SignedData");
  if (fields.failed()) return std::nullopt;
  if (data.signers.empty() && (data.content || data.content_type != oids::data))
    fields.report("cms.content-without-signer", Severity::warning, content_at, "nobody signed the content, which then is to be left out");
  // Choices other than certificates are an error of their own, and each sets another version.
  if (!others && data.version != signed_data_version(data))
    fields.report("cms.version", Severity::error, version_at,
                  "version is " + std::to_string(data.version) + ", not " + std::to_string(signed_data_version(data)));
  return data;
}

Bytes set_of_algorithms(const std::vector<AlgorithmIdentifier>& algorithms) {
  std::vector<Bytes> parts;
  for (const AlgorithmIdentifier& algorithm : algorithms) parts.push_back(encode(algorithm));
  return der::set_of(std::move(parts));
}

Bytes encode_identifier(const SignerIdentifier& id) {
  if (id.by_key_identifier) return der::context(0, id.key_identifier, false);
  return der::sequence({id.issuer.der, der::tlv(tags::integer, id.serial)});
}

// The same attributes under the tag the message carries.
Bytes retagged(BytesView set) {
  Bytes tagged = to_bytes(set);
  if (!tagged.empty()) tagged.front() = 0xa0;
  return tagged;
}

Bytes encode_signer(const SignerInfo& signer) {
  Bytes unsigned_attributes;
  if (!signer.unsigned_attributes.empty()) {
    std::vector<Bytes> parts;
    for (const Attribute& attribute : signer.unsigned_attributes) parts.push_back(encode(attribute));
    unsigned_attributes = tagged_set(1, std::move(parts));
  }
  return der::sequence({der::integer(signer.version), encode_identifier(signer.id), encode(signer.digest_algorithm),
                        retagged(signer.signed_attributes_der), encode(signer.signature_algorithm), der::octet_string(signer.signature),
                        unsigned_attributes});
}

}  // namespace

const Attribute* SignerInfo::signed_attribute(const Oid& type) const {
  const auto found = std::find_if(signed_attributes.begin(), signed_attributes.end(), [&](const Attribute& a) { return a.type == type; });
  return found == signed_attributes.end() ? nullptr : &*found;
}

std::optional<Bytes> SignerInfo::message_digest() const {
  const Attribute* attribute = signed_attribute(oids::message_digest);
  if (attribute == nullptr || attribute->values.empty()) return std::nullopt;
  Findings ignored;
  Reader value(attribute->values.front(), ignored);
  const std::optional<BytesView> octets = value.octet_string("messageDigest");
  if (!octets) return std::nullopt;
  return to_bytes(*octets);
}

Decoded<SignedData> decode_signed_data(BytesView der) {
  return der::decode_whole(der, "ContentInfo", [](Reader& from) { return read_content_info(from, oids::signed_data, read_signed_data); });
}

Decoded<SignedData> decode_bare_signed_data(BytesView der) { return der::decode_whole(der, "SignedData", read_signed_data); }

std::int64_t signed_data_version(const SignedData& data) {
  const bool by_key = std::any_of(data.signers.begin(), data.signers.end(), [](const SignerInfo& s) { return s.version == 3; });
  return by_key || data.content_type != oids::data ? 3 : 1;
}

Bytes encode_bare_signed_data(const SignedData& data) {
  const Bytes content = data.content ? der::context(0, der::octet_string(*data.content)) : Bytes{};
  const Bytes certificates = data.certificates.empty() ? Bytes{} : tagged_set(0, data.certificates);
  const Bytes crls = data.crls.empty() ? Bytes{} : tagged_set(1, data.crls);
  std::vector<Bytes> signers;
  for (const SignerInfo& signer : data.signers) signers.push_back(encode_signer(signer));
  return der::sequence({der::integer(data.version), set_of_algorithms(data.digest_algorithms),
                        der::sequence({der::oid(data.content_type), content}), certificates, crls, der::set_of(std::move(signers))});
}

Bytes encode_signed_data(const SignedData& data) {
  return der::sequence({der::oid(oids::signed_data), der::context(0, encode_bare_signed_data(data))});
}

Bytes encode_signed_attributes(const std::vector<Attribute>& attributes) {
  std::vector<Bytes> parts;
  for (const Attribute& attribute : attributes) parts.push_back(encode(attribute));
  return der::set_of(std::move(parts));
}

Attribute make_content_type_attribute(const Oid& type) { return {oids::content_type, {der::oid(type)}}; }

Attribute make_message_digest_attribute(BytesView digest) { return {oids::message_digest, {der::octet_string(digest)}}; }

Attribute make_signing_time_attribute(UnixTime at) { return {oids::signing_time, {der::time(at)}}; }

}  // namespace est::codec
