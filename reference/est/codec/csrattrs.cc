#include "est/codec/csrattrs.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace est::codec {
namespace {

using der::Reader;
using der::Tlv;
namespace tags = der::tags;

// RFC 9908 3.2: exactly one value, of type Extensions. RFC 7030 and 8951 print the OID of macAddress there.
void check_extension_request(Findings& findings, const Attribute& attribute) {
  const auto flaw = [&](std::string_view id, std::string_view why) {
    der::report(findings, id, Severity::warning, attribute.values_offset, "extensionRequest " + std::string(why));
  };
  const Bytes mac_address = der::oid(oids::mac_address);
  if (std::find(attribute.values.begin(), attribute.values.end(), mac_address) != attribute.values.end())
    return flaw("csrattrs.mac-address.old-form", "holds the macAddress OID, which is no extension; RFC 9908 lists it by itself");
  if (attribute.values.size() > 1) return flaw("csrattrs.extension-request.values", "has more than one value");
  if (attribute.values.empty()) return;
  // RFC 7030 left the type open, so another one is no error of the message: a client ignores what it does not know.
  Findings inside;
  Reader value(attribute.values.front(), inside, {}, attribute.values_offset);
  if (!read_extensions(value, "extensionRequest")) return flaw("csrattrs.extension-request.values", "holds no Extensions");
  der::merge(findings, std::move(inside));
}

void check_attribute(Findings& findings, const Attribute& attribute) {
  if (attribute.values.empty())
    der::report(findings, "csrattrs.values.empty", Severity::note, attribute.values_offset, attribute.type.name() + " has an empty SET");
  if (attribute.type == oids::extension_request) check_extension_request(findings, attribute);
}

const Oid& type_of(const AttrOrOid& element) {
  const Oid* oid = std::get_if<Oid>(&element);
  return oid != nullptr ? *oid : std::get_if<Attribute>(&element)->type;
}

// AttrOrOID ::= CHOICE { oid OBJECT IDENTIFIER, attribute Attribute }. Nothing if this element cannot be read; the list goes on.
std::optional<AttrOrOid> read_element(Reader& list) {
  Findings& findings = list.findings();
  const std::optional<Tlv> tlv = list.any("AttrOrOID");
  if (!tlv) return std::nullopt;
  Reader element(tlv->whole, findings, {}, tlv->offset);
  if (tlv->tag == tags::oid) {
    std::optional<Oid> oid = element.oid("oid");
    return oid ? std::optional<AttrOrOid>(std::move(*oid)) : std::nullopt;
  }
  if (tlv->tag != tags::sequence) {
    list.report("csrattrs.element", Severity::error, tlv->offset, "neither OID nor Attribute but " + der::to_string(tlv->tag));
    return std::nullopt;
  }
  std::optional<Attribute> attribute = read_attribute(element);
  if (!attribute) return std::nullopt;
  check_attribute(findings, *attribute);
  return AttrOrOid(std::move(*attribute));
}

// CsrAttrs ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID
std::optional<CsrAttrs> read_csrattrs(Reader& from) {
  Reader list = from.enter(tags::sequence, "CsrAttrs");
  CsrAttrs attributes;
  std::set<Oid> seen;
  while (!list.at_end()) {
    const std::size_t at = list.offset();
    std::optional<AttrOrOid> element = read_element(list);
    if (!element) continue;
    if (!seen.insert(type_of(*element)).second)
      list.report("csrattrs.duplicate", Severity::warning, at, type_of(*element).name() + " is there twice");
    attributes.elements.push_back(std::move(*element));
  }
  if (list.failed()) return std::nullopt;
  return attributes;
}

// --- RFC 9908 3.4: the template

// SingleAttributeTemplate ::= SEQUENCE { type OBJECT IDENTIFIER, value ANY OPTIONAL }
std::optional<NameTemplateEntry> read_name_entry(Reader& from) {
  Reader fields = from.enter(tags::sequence, "SingleAttributeTemplate");
  const std::optional<Oid> type = fields.oid("type");
  std::optional<Tlv> value;
  if (!fields.at_end()) value = fields.any("value");
  fields.finish("SingleAttributeTemplate");
  if (!type || fields.failed()) return std::nullopt;
  return NameTemplateEntry{*type, value ? std::optional(to_bytes(value->whole)) : std::nullopt};
}

// RDNSequenceTemplate ::= SEQUENCE OF SET SIZE (1..MAX) OF SingleAttributeTemplate
bool read_subject(Reader& from, RequestTemplate& result) {
  if (from.peek() != tags::sequence) return !from.failed();
  Reader rdns = from.enter(tags::sequence, "subject");
  result.has_subject = true;
  while (!rdns.at_end()) {
    const std::size_t at = rdns.offset();
    Reader rdn = rdns.enter(tags::set, "RelativeDistinguishedNameTemplate");
    std::vector<NameTemplateEntry> entries;
    while (!rdn.at_end()) {
      std::optional<NameTemplateEntry> entry = read_name_entry(rdn);
      if (!entry) return false;
      entries.push_back(std::move(*entry));
    }
    if (rdn.failed()) return false;
    if (entries.empty()) rdn.report("x509.name.empty-rdn", Severity::error, at, "RelativeDistinguishedNameTemplate is an empty SET");
    result.subject.push_back(std::move(entries));
  }
  return !rdns.failed();
}

// subjectPKInfo [0] IMPLICIT SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING OPTIONAL } OPTIONAL
bool read_key(Reader& from, RequestTemplate& result) {
  const std::optional<Tlv> tagged = from.optional(tags::context(0, true), "subjectPKInfo");
  if (!tagged) return !from.failed();
  Reader fields = from.inside(*tagged);
  result.key_algorithm = read_algorithm(fields, "algorithm");
  if (!fields.at_end()) {
    const std::optional<Reader::BitString> key = fields.bit_string("subjectPublicKey");
    if (key) result.key = to_bytes(key->bits);
  }
  fields.finish("subjectPKInfo");
  return result.key_algorithm.has_value() && !fields.failed();
}

// ExtensionTemplate ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING OPTIONAL }
std::optional<ExtensionTemplate> read_extension_template(Reader& from) {
  Reader fields = from.enter(tags::sequence, "ExtensionTemplate");
  const std::optional<Oid> id = fields.oid("extnID");
  bool critical = false;
  if (fields.peek() == tags::boolean) {
    const std::size_t at = fields.offset();
    critical = fields.boolean("critical").value_or(false);
    if (!critical && !fields.failed())
      fields.report("der.default-encoded", Severity::error, at, "critical: FALSE is the default and must be left out");
  }
  std::optional<BytesView> value;
  if (!fields.at_end()) value = fields.octet_string("extnValue");
  fields.finish("ExtensionTemplate");
  if (!id || fields.failed()) return std::nullopt;
  return ExtensionTemplate{*id, critical, value ? std::optional(to_bytes(*value)) : std::nullopt};
}

// The module has SEQUENCE OF ExtensionTemplate, the prose a single one: an OID comes first in the latter (INT-16).
bool holds_single_extension(const Reader& value) {
  Findings ignored;
  return value.scout(ignored).enter(tags::sequence, "ExtensionReqTemplate").peek() == tags::oid;
}

bool read_extension_templates(Reader& value, RequestTemplate& result) {
  if (holds_single_extension(value)) {
    value.report("csrattrs.template.single-extension", Severity::warning, value.offset(), "a single ExtensionTemplate, not a SEQUENCE OF");
    std::optional<ExtensionTemplate> extension = read_extension_template(value);
    if (extension) result.extensions.push_back(std::move(*extension));
    return extension.has_value();
  }
  const std::size_t at = value.offset();
  Reader list = value.enter(tags::sequence, "ExtensionReqTemplate");
  std::set<Oid> seen;
  while (!list.at_end()) {
    const std::size_t extension_at = list.offset();
    std::optional<ExtensionTemplate> extension = read_extension_template(list);
    if (!extension) return false;
    if (!seen.insert(extension->id).second)
      list.report("x509.extension.duplicate", Severity::error, extension_at, extension->id.name() + " is there twice");
    result.extensions.push_back(std::move(*extension));
  }
  if (!list.failed() && result.extensions.empty()) list.report("x509.extensions.empty", Severity::error, at, "no ExtensionTemplate");
  return !list.failed();
}

bool check_one_value(Findings& findings, const Attribute& attribute) {
  if (attribute.values.size() != 1)
    der::report(findings, "csrattrs.template.values", Severity::error, attribute.values_offset,
                attribute.type.name() + " must have exactly one value");
  return !attribute.values.empty();
}

// attributes [1] IMPLICIT SET OF Attribute
bool read_template_attributes(Reader& from, RequestTemplate& result) {
  const std::size_t at = from.offset();
  const std::optional<Tlv> tagged = from.optional(tags::context(1, true), "attributes");
  if (!tagged) {
    if (!from.failed()) from.report("csrattrs.template.attributes", Severity::error, at, "attributes [1] is absent");
    return !from.failed();
  }
  Reader list = from.inside(*tagged);
  bool has_extensions = false;
  while (!list.at_end()) {
    std::optional<Attribute> attribute = read_attribute(list);
    if (!attribute) return false;
    const bool partial = attribute->type == oids::extension_request_template;
    const bool extensions = partial || attribute->type == oids::extension_request;
    if (extensions && has_extensions)
      list.report("csrattrs.template.duplicate", Severity::error, attribute->offset, "more than one attribute asks for extensions");
    has_extensions = has_extensions || extensions;
    if (!partial) {
      result.attributes.push_back(std::move(*attribute));
      continue;
    }
    if (!check_one_value(list.findings(), *attribute)) continue;
    Reader value(attribute->values.front(), list.findings(), {}, attribute->values_offset);
    if (!read_extension_templates(value, result)) return false;
  }
  return !list.failed();
}

// CertificationRequestInfoTemplate ::= SEQUENCE { version INTEGER { v1(0) }, subject NameTemplate OPTIONAL,
//   subjectPKInfo [0] SubjectPublicKeyInfoTemplate OPTIONAL, attributes [1] Attributes }
std::optional<RequestTemplate> read_request_template(Reader& from) {
  Reader fields = from.enter(tags::sequence, "CertificationRequestInfoTemplate");
  const std::size_t version_at = fields.offset();
  const std::optional<std::int64_t> version = fields.small_integer("version");
  if (version && *version != 0) fields.report("csrattrs.template.version", Severity::error, version_at, "version is not v1(0)");
  RequestTemplate result;
  if (!version || !read_subject(fields, result) || !read_key(fields, result)) return std::nullopt;
  if (!read_template_attributes(fields, result)) return std::nullopt;
  fields.finish("CertificationRequestInfoTemplate");
  if (fields.failed()) return std::nullopt;
  return result;
}

// --- Building

Bytes encode_subject(const RequestTemplate& wanted) {
  std::vector<Bytes> rdns;
  for (const std::vector<NameTemplateEntry>& rdn : wanted.subject) {
    std::vector<Bytes> entries;
    entries.reserve(rdn.size());
    for (const NameTemplateEntry& entry : rdn) entries.push_back(der::sequence({der::oid(entry.type), entry.value.value_or(Bytes{})}));
    rdns.push_back(der::set_of(std::move(entries)));
  }
  return der::sequence_of(rdns);
}

Bytes encode_key(const RequestTemplate& wanted) {
  const Bytes key = wanted.key ? der::bit_string(*wanted.key) : Bytes{};
  return der::context(0, der::concat({encode(*wanted.key_algorithm), key}));
}

Attribute encode_extension_templates(const std::vector<ExtensionTemplate>& extensions) {
  std::vector<Bytes> parts;
  for (const ExtensionTemplate& extension : extensions) {
    const Bytes critical = extension.critical ? der::boolean(true) : Bytes{};
    const Bytes value = extension.value ? der::octet_string(*extension.value) : Bytes{};
    parts.push_back(der::sequence({der::oid(extension.id), critical, value}));
  }
  return {oids::extension_request_template, {der::sequence_of(parts)}};
}

Bytes encode_attributes(const RequestTemplate& wanted) {
  std::vector<Bytes> parts;
  parts.reserve(wanted.attributes.size() + 1);
  for (const Attribute& attribute : wanted.attributes) parts.push_back(encode(attribute));
  if (!wanted.extensions.empty()) parts.push_back(encode(encode_extension_templates(wanted.extensions)));
  std::sort(parts.begin(), parts.end());
  Bytes all;
  for (const Bytes& part : parts) append(all, part);
  return der::context(1, all);
}

}  // namespace

bool CsrAttrs::mentions(const Oid& oid) const {
  return std::any_of(elements.begin(), elements.end(), [&](const AttrOrOid& element) { return type_of(element) == oid; });
}

const Attribute* CsrAttrs::attribute(const Oid& type) const {
  for (const AttrOrOid& element : elements) {
    const Attribute* attribute = std::get_if<Attribute>(&element);
    if (attribute != nullptr && attribute->type == type) return attribute;
  }
  return nullptr;
}

Decoded<CsrAttrs> decode_csrattrs(BytesView der) { return der::decode_whole(der, "CsrAttrs", read_csrattrs); }

Bytes encode(const CsrAttrs& attributes) {
  std::vector<Bytes> parts;
  for (const AttrOrOid& element : attributes.elements) {
    const Oid* oid = std::get_if<Oid>(&element);
    parts.push_back(oid != nullptr ? der::oid(*oid) : encode(*std::get_if<Attribute>(&element)));
  }
  return der::sequence_of(parts);
}

Decoded<RequestTemplate> request_template(const CsrAttrs& attributes) {
  Decoded<RequestTemplate> decoded;
  const Attribute* attribute = attributes.attribute(oids::certification_request_info_template);
  if (attribute == nullptr) return decoded;
  const auto is_template = [](const AttrOrOid& element) { return type_of(element) == oids::certification_request_info_template; };
  if (std::count_if(attributes.elements.begin(), attributes.elements.end(), is_template) > 1)
    der::report(decoded.findings, "csrattrs.template.duplicate", Severity::error, attribute->offset, "more than one template");
  if (!check_one_value(decoded.findings, *attribute)) return decoded;
  Reader value(attribute->values.front(), decoded.findings, {}, attribute->values_offset);
  decoded.value = read_request_template(value);
  return decoded;
}

// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
int modulus_bits(const RequestTemplate& wanted) {
  if (!wanted.key || !wanted.key_algorithm || wanted.key_algorithm->algorithm != oids::rsa_encryption) return 0;
  Findings findings;
  Reader fields = Reader(*wanted.key, findings).enter(tags::sequence, "RSAPublicKey");
  const std::optional<Tlv> modulus = fields.expect(tags::integer, "modulus");
  if (!modulus || modulus->content.size() > 8192) return 0;
  BytesView octets = modulus->content;
  while (!octets.empty() && octets.front() == 0) octets = octets.subspan(1);
  if (octets.empty()) return 0;
  int bits = static_cast<int>(octets.size()) * 8;
  for (unsigned top = octets.front(); top < 0x80; top <<= 1U) --bits;
  return bits;
}

Attribute make_request_template(const RequestTemplate& wanted) {
  const Bytes subject = wanted.has_subject ? encode_subject(wanted) : Bytes{};
  const Bytes key = wanted.key_algorithm ? encode_key(wanted) : Bytes{};
  return {oids::certification_request_info_template, {der::sequence({der::integer(0), subject, key, encode_attributes(wanted)})}};
}

}  // namespace est::codec
