#include "est/codec/pkcs10.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace est::codec {
namespace {

using der::Reader;
using der::Tlv;
namespace tags = der::tags;

// RFC 2985 5.4 and 5.6, RFC 6402 2.8, RFC 7030 4.4.1, RFC 7894 3: none of them takes more than one value.
bool is_single_valued(const Oid& type) {
  const std::array single = {&oids::challenge_password, &oids::extension_request,      &oids::change_subject_name,
                             &oids::smime_capabilities, &oids::decrypt_key_identifier, &oids::asymmetric_decrypt_key_identifier,
                             &oids::otp_challenge,      &oids::revocation_challenge,   &oids::est_identity_linking};
  return std::any_of(single.begin(), single.end(), [&](const Oid* oid) { return *oid == type; });
}

void check_count(Findings& findings, const Attribute& attribute) {
  const auto flaw = [&](std::string_view id, std::string_view why) {
    der::report(findings, id, Severity::error, attribute.values_offset, attribute.type.name() + " " + std::string(why));
  };
  if (attribute.values.empty()) flaw("pkcs10.attribute.no-values", "has no value");
  if (attribute.values.size() > 1 && is_single_valued(attribute.type)) flaw("pkcs10.attribute.single-value", "has more than one value");
}

// attributes [0] IMPLICIT SET OF Attribute
bool read_attributes(Reader& info, CertificationRequest& request) {
  const std::size_t at = info.offset();
  const std::optional<Tlv> tagged = info.optional(tags::context(0, true), "attributes");
  if (!tagged) {
    if (!info.failed() && info.at_end()) info.report("pkcs10.attributes.missing", Severity::warning, at, "attributes [0] is absent");
    return !info.failed();
  }
  Reader list = info.inside(*tagged);
  std::set<Oid> seen;
  BytesView previous;
  while (!list.at_end()) {
    std::optional<Attribute> attribute = read_attribute(list);
    if (!attribute) return false;
    check_count(list.findings(), *attribute);
    if (!seen.insert(attribute->type).second)
      list.report("pkcs10.attribute.duplicate", Severity::error, attribute->offset, attribute->type.name() + " is there twice");
    const std::size_t start = attribute->offset - tagged->content_offset();
    const BytesView encoded = tagged->content.subspan(start, list.offset() - attribute->offset);
    if (std::lexicographical_compare(encoded.begin(), encoded.end(), previous.begin(), previous.end()))
      list.report("pkcs10.attributes.order", Severity::warning, attribute->offset, "attributes are not in the order of a SET OF");
    previous = encoded;
    request.attributes.push_back(std::move(*attribute));
  }
  return !list.failed();
}

// CertificationRequestInfo ::= SEQUENCE { version INTEGER { v1(0) }, subject Name, subjectPKInfo, attributes [0] Attributes }
bool read_info(Reader& info, CertificationRequest& request) {
  const std::size_t at = info.offset();
  const std::optional<std::int64_t> version = info.small_integer("version");
  if (!version) return false;
  request.version = *version;
  if (*version != 0) info.report("pkcs10.version", Severity::error, at, "version is not v1(0)");
  std::optional<Name> subject = read_name(info, "subject");
  std::optional<PublicKeyInfo> key = read_public_key_info(info, "subjectPKInfo");
  if (!subject || !key) return false;
  request.subject = std::move(*subject);
  request.key = std::move(*key);
  if (!read_attributes(info, request)) return false;
  info.finish("CertificationRequestInfo");
  return !info.failed();
}

// CertificationRequest ::= SEQUENCE { certificationRequestInfo, signatureAlgorithm AlgorithmIdentifier, signature BIT STRING }
std::optional<CertificationRequest> read_certification_request(Reader& from) {
  const std::optional<Tlv> whole = from.expect(tags::sequence, "CertificationRequest");
  if (!whole) return std::nullopt;
  Reader fields = from.inside(*whole);
  CertificationRequest request;
  request.der = to_bytes(whole->whole);
  const std::optional<Tlv> info = fields.expect(tags::sequence, "certificationRequestInfo");
  if (!info) return std::nullopt;
  request.info = to_bytes(info->whole);
  Reader inside = fields.inside(*info);
  if (!read_info(inside, request)) return std::nullopt;
  std::optional<AlgorithmIdentifier> algorithm = read_algorithm(fields, "signatureAlgorithm");
  const std::size_t signature_at = fields.offset();
  const std::optional<Reader::BitString> signature = fields.bit_string("signature");
  fields.finish("CertificationRequest");
  if (!algorithm || !signature || fields.failed()) return std::nullopt;
  if (signature->unused != 0) fields.report("pkcs10.signature", Severity::error, signature_at, "signature is not whole octets");
  request.signature_algorithm = std::move(*algorithm);
  request.signature = to_bytes(signature->bits);
  return request;
}

// What `read` makes of the attribute's value; see the header for absence and repetition.
template <class T, class Read>
Decoded<T> single_value(const CertificationRequest& request, const Oid& type, Read read) {
  Decoded<T> decoded;
  const Attribute* attribute = request.attribute(type);
  if (attribute == nullptr) return decoded;
  const auto same_type = [&](const Attribute& a) { return a.type == type; };
  if (std::count_if(request.attributes.begin(), request.attributes.end(), same_type) > 1)
    der::report(decoded.findings, "pkcs10.attribute.duplicate", Severity::error, attribute->offset, type.name() + " is there twice");
  check_count(decoded.findings, *attribute);
  if (attribute->values.empty()) return decoded;
  Reader value(attribute->values.front(), decoded.findings, {}, attribute->values_offset);
  decoded.value = read(value);
  value.finish(type.name());
  return decoded;
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<Byte>(c) & 0xc0U) != 0x80; }));
}

// DirectoryString { ub } ::= CHOICE { teletexString, printableString, universalString, utf8String, bmpString } SIZE (1..ub)
std::optional<std::string> read_directory_string(Reader& from, const std::string& what, const std::string& id) {
  constexpr std::size_t most = 255;
  const std::optional<Tlv> tlv = from.any(what);
  if (!tlv) return std::nullopt;
  constexpr std::array choices = {tags::teletex_string, tags::printable_string, tags::universal_string, tags::utf8_string,
                                  tags::bmp_string};
  if (std::find(choices.begin(), choices.end(), tlv->tag) == choices.end())
    from.report(id + ".type", Severity::error, tlv->offset, what + ": not a DirectoryString but " + der::to_string(tlv->tag));
  if (!der::is_string(tlv->tag)) return std::nullopt;
  std::optional<std::string> text = der::string_value(*tlv, from.findings());
  if (text && (text->empty() || characters(*text) > most))
    from.report(id + ".length", Severity::error, tlv->offset, what + ": not 1 to 255 characters");
  return text;
}

Decoded<std::string> text_attribute(const CertificationRequest& request, const Oid& type, const std::string& id) {
  return single_value<std::string>(request, type, [&](Reader& value) { return read_directory_string(value, type.name(), id); });
}

Decoded<Bytes> octets_attribute(const CertificationRequest& request, const Oid& type) {
  return single_value<Bytes>(request, type, [&](Reader& value) -> std::optional<Bytes> {
    const std::optional<BytesView> octets = value.octet_string(type.name());
    if (!octets) return std::nullopt;
    return to_bytes(*octets);
  });
}

// Name and GeneralNames are both an untagged SEQUENCE: a Name holds SETs, GeneralNames context-specific tags.
bool next_is_name(const Reader& from) {
  Findings ignored;
  Reader names = from.scout(ignored).enter(tags::sequence, "subject");
  const std::optional<der::Tag> first = names.peek();
  return !names.failed() && (!first || *first == tags::set);
}

std::optional<ChangeSubjectName> read_change_subject_name(Reader& from) {
  const std::size_t at = from.offset();
  Reader fields = from.enter(tags::sequence, "ChangeSubjectName");
  ChangeSubjectName change;
  if (next_is_name(fields)) change.subject = read_name(fields, "subject");
  const bool has_alternative = !fields.at_end();
  if (has_alternative) change.subject_alt_name = read_general_names(fields, "subjectAlt").value_or(std::vector<GeneralName>{});
  fields.finish("ChangeSubjectName");
  if (fields.failed()) return std::nullopt;
  if (!change.subject && !has_alternative)
    fields.report("pkcs10.change-subject-name.empty", Severity::error, at, "ChangeSubjectName has neither subject nor subjectAlt");
  return change;
}

// SMIMECapabilities ::= SEQUENCE OF SMIMECapability; each is an OID with parameters, as an AlgorithmIdentifier is
std::optional<std::vector<AlgorithmIdentifier>> read_capabilities(Reader& from) {
  Reader list = from.enter(tags::sequence, "SMIMECapabilities");
  std::vector<AlgorithmIdentifier> capabilities;
  while (!list.at_end()) {
    std::optional<AlgorithmIdentifier> capability = read_algorithm(list, "SMIMECapability");
    if (!capability) return std::nullopt;
    capabilities.push_back(std::move(*capability));
  }
  if (list.failed()) return std::nullopt;
  return capabilities;
}

Bytes directory_string(std::string_view value) {
  return der::is_printable_string(value) ? der::printable_string(value) : der::utf8_string(value);
}

}  // namespace

std::optional<Attribute> read_attribute(Reader& from) {
  Attribute attribute;
  attribute.offset = from.offset();
  Reader fields = from.enter(tags::sequence, "Attribute");
  const std::optional<Oid> type = fields.oid("type");
  Reader values = fields.enter(tags::set, "values");
  attribute.values_offset = values.offset();
  while (!values.at_end())
    if (const std::optional<Tlv> value = values.any("AttributeValue")) attribute.values.push_back(to_bytes(value->whole));
  fields.finish("Attribute");
  if (!type || fields.failed() || values.failed()) return std::nullopt;
  attribute.type = *type;
  return attribute;
}

const Attribute* CertificationRequest::attribute(const Oid& type) const {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const Attribute& a) { return a.type == type; });
  return found == attributes.end() ? nullptr : &*found;
}

Decoded<CertificationRequest> decode_certification_request(BytesView der) {
  return der::decode_whole(der, "CertificationRequest", read_certification_request);
}

// --- The attributes' values

Decoded<std::string> challenge_password(const CertificationRequest& request) {
  return text_attribute(request, oids::challenge_password, "pkcs10.challenge-password");
}

Decoded<std::vector<Extension>> requested_extensions(const CertificationRequest& request) {
  Decoded<std::vector<Extension>> decoded = single_value<std::vector<Extension>>(
      request, oids::extension_request, [](Reader& value) { return read_extensions(value, "extensionRequest"); });
  if (request.attribute(oids::extension_request) == nullptr) decoded.value.emplace();
  return decoded;
}

std::vector<GeneralName> requested_subject_alt_name(const CertificationRequest& request) {
  const std::vector<Extension> extensions = requested_extensions(request).value.value_or(std::vector<Extension>{});
  const auto found = std::find_if(extensions.begin(), extensions.end(), [](const Extension& e) { return e.id == oids::subject_alt_name; });
  if (found == extensions.end()) return {};
  return decode_general_names(found->value).value.value_or(std::vector<GeneralName>{});
}

Decoded<ChangeSubjectName> change_subject_name(const CertificationRequest& request) {
  return single_value<ChangeSubjectName>(request, oids::change_subject_name, read_change_subject_name);
}

Decoded<std::vector<AlgorithmIdentifier>> smime_capabilities(const CertificationRequest& request) {
  return single_value<std::vector<AlgorithmIdentifier>>(request, oids::smime_capabilities, read_capabilities);
}

Decoded<Bytes> decrypt_key_identifier(const CertificationRequest& request) {
  return octets_attribute(request, oids::decrypt_key_identifier);
}

Decoded<Bytes> asymmetric_decrypt_key_identifier(const CertificationRequest& request) {
  return octets_attribute(request, oids::asymmetric_decrypt_key_identifier);
}

Decoded<std::string> otp_challenge(const CertificationRequest& request) {
  return text_attribute(request, oids::otp_challenge, "pkcs10.challenge");
}

Decoded<std::string> revocation_challenge(const CertificationRequest& request) {
  return text_attribute(request, oids::revocation_challenge, "pkcs10.challenge");
}

Decoded<std::string> est_identity_linking(const CertificationRequest& request) {
  return text_attribute(request, oids::est_identity_linking, "pkcs10.challenge");
}

// --- Builders

Attribute make_challenge_password(std::string_view value) { return make_text_attribute(oids::challenge_password, value); }

Attribute make_extension_request(const std::vector<Extension>& extensions) {
  return {oids::extension_request, {encode_extensions(extensions)}};
}

Attribute make_change_subject_name(const ChangeSubjectName& change) {
  const Bytes subject = change.subject ? change.subject->der : Bytes{};
  const Bytes alternative = change.subject_alt_name.empty() ? Bytes{} : encode_general_names(change.subject_alt_name);
  return {oids::change_subject_name, {der::sequence({subject, alternative})}};
}

Attribute make_smime_capabilities(const std::vector<AlgorithmIdentifier>& capabilities) {
  std::vector<Bytes> parts;
  parts.reserve(capabilities.size());
  for (const AlgorithmIdentifier& capability : capabilities) parts.push_back(encode(capability));
  return {oids::smime_capabilities, {der::sequence_of(parts)}};
}

Attribute make_octet_string_attribute(const Oid& type, BytesView value) { return {type, {der::octet_string(value)}}; }

Attribute make_text_attribute(const Oid& type, std::string_view value) { return {type, {directory_string(value)}}; }

Bytes encode(const Attribute& attribute) { return der::sequence({der::oid(attribute.type), der::set_of(attribute.values)}); }

Bytes encode_certification_request_info(const Name& subject, BytesView spki, const std::vector<Attribute>& attributes) {
  std::vector<Bytes> parts;
  parts.reserve(attributes.size());
  for (const Attribute& attribute : attributes) parts.push_back(encode(attribute));
  std::sort(parts.begin(), parts.end());
  Bytes all;
  for (const Bytes& part : parts) append(all, part);
  const Bytes name = subject.der.empty() ? der::sequence({}) : subject.der;
  return der::sequence({der::integer(0), name, spki, der::context(0, all)});
}

Bytes encode_certification_request(BytesView info, const AlgorithmIdentifier& algorithm, BytesView signature) {
  return der::sequence({info, encode(algorithm), der::bit_string(signature)});
}

}  // namespace est::codec
