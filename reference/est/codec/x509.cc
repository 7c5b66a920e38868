#include "est/codec/x509.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "est/base/text.h"

namespace est::codec {
namespace {

using der::Reader;
using der::Tlv;
namespace tags = der::tags;

// --- Names

std::string hash_hex(BytesView der) { return "#" + hex(der); }

// Attributes whose values are strings by RFC 5280 appendix A.1; of others the type of the value is not known.
bool is_text_attribute(const Oid& type) {
  const std::array text{&oids::common_name,      &oids::country_name,  &oids::organization_name, &oids::organizational_unit_name,
                        &oids::serial_number,    &oids::email_address, &oids::locality_name,     &oids::state_or_province_name,
                        &oids::domain_component, &oids::user_id};
  return std::any_of(text.begin(), text.end(), [&](const Oid* each) { return *each == type; });
}

// AttributeTypeAndValue ::= SEQUENCE { type AttributeType, value AttributeValue }
std::optional<AttributeTypeAndValue> read_attribute_type_and_value(Reader& from) {
  Reader pair = from.enter(tags::sequence, "AttributeTypeAndValue");
  const std::optional<Oid> type = pair.oid("type");
  const std::optional<Tlv> value = pair.any("value");
  pair.finish("AttributeTypeAndValue");
  if (!type || !value || pair.failed()) return std::nullopt;
  AttributeTypeAndValue result{*type, value->tag, {}, to_bytes(value->whole)};
  std::optional<std::string> text;
  if (der::is_string(value->tag)) text = der::string_value(*value, pair.findings());
  // DirectoryString, PrintableString or IA5String, as the attribute has it; VisibleString is none of them.
  if (is_text_attribute(*type) && (!der::is_string(value->tag) || value->tag == tags::visible_string))
    pair.report("x509.name.value", Severity::error, value->offset, type->name() + " is of the type " + der::to_string(value->tag));
  result.value = text ? std::move(*text) : hash_hex(value->whole);
  if (result.value.find('\0') != std::string::npos)
    pair.report("x509.name.nul", Severity::warning, value->content_offset(), "a name holds U+0000, where C programs stop reading");
  return result;
}

// RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
std::optional<RelativeDistinguishedName> read_rdn(Reader& from) {
  const std::size_t at = from.offset();
  Reader set = from.enter(tags::set, "RelativeDistinguishedName");
  if (!set.failed() && set.at_end()) set.report("x509.name.empty-rdn", Severity::error, at, "RelativeDistinguishedName is an empty SET");
  RelativeDistinguishedName rdn;
  while (!set.at_end()) {
    std::optional<AttributeTypeAndValue> pair = read_attribute_type_and_value(set);
    if (!pair) return std::nullopt;
    rdn.push_back(std::move(*pair));
  }
  if (set.failed()) return std::nullopt;
  return rdn;
}

struct ShortName {
  const Oid* type;
  std::string_view name;
};

// RFC 4514 section 3, then two that everyone writes.
constexpr std::array short_names = {
    ShortName{&oids::common_name, "CN"},
    ShortName{&oids::locality_name, "L"},
    ShortName{&oids::state_or_province_name, "ST"},
    ShortName{&oids::organization_name, "O"},
    ShortName{&oids::organizational_unit_name, "OU"},
    ShortName{&oids::country_name, "C"},
    ShortName{&oids::domain_component, "DC"},
    ShortName{&oids::user_id, "UID"},
    ShortName{&oids::serial_number, "serialNumber"},
    ShortName{&oids::email_address, "emailAddress"},
};

std::string type_text(const Oid& type) {
  const auto* row = std::find_if(short_names.begin(), short_names.end(), [&](const ShortName& n) { return *n.type == type; });
  return row == short_names.end() ? type.dotted() : std::string(row->name);
}

std::optional<Oid> type_of(std::string_view text) {
  const auto* row = std::find_if(short_names.begin(), short_names.end(), [&](const ShortName& n) { return iequals(n.name, text); });
  return row == short_names.end() ? oid_by_name(text) : *row->type;
}

// RFC 4514 2.4. Controls become \HH too, so that the text is safe on a terminal.
std::string escape_value(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool edge_space = c == ' ' && (i == 0 || i + 1 == value.size());
    const bool leading_hash = c == '#' && i == 0;
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      text += "\\" + hex(as_bytes(value.substr(i, 1)));
      continue;
    }
    if (edge_space || leading_hash || std::string_view("\"+,;<>\\").find(c) != std::string_view::npos) text += '\\';
    text += c;
  }
  return text;
}

std::string pair_text(const AttributeTypeAndValue& pair) {
  const bool textual = der::is_string(pair.value_tag) && pair.value != hash_hex(pair.value_der);
  return type_text(pair.type) + "=" + (textual ? escape_value(pair.value) : pair.value);
}

// RFC 5280 7.1 by way of RFC 4518, for ASCII: case folded, white space trimmed and runs of it made one.
std::string prepared(std::string_view value) {
  std::string text;
  for (const char c : trim(value)) {
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!space) {
      text += ascii_lower(c);
    } else if (text.back() != ' ') {
      text += ' ';
    }
  }
  return text;
}

using Comparable = std::vector<std::pair<Oid, std::string>>;

Comparable comparable(const RelativeDistinguishedName& rdn) {
  Comparable pairs;
  for (const AttributeTypeAndValue& pair : rdn) pairs.emplace_back(pair.type, prepared(pair.value));
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::optional<unsigned> hex_digit(char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::size_t value = digits.find(ascii_lower(c));
  return value == std::string_view::npos ? std::nullopt : std::optional(static_cast<unsigned>(value));
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::optional<unsigned> high = hex_digit(text[i]);
    const std::optional<unsigned> low = hex_digit(text[i + 1]);
    if (!high || !low) return std::nullopt;
    bytes.push_back(static_cast<Byte>(*high << 4U | *low));
  }
  return bytes;
}

// distinguishedName = [ relativeDistinguishedName *( COMMA relativeDistinguishedName ) ]   (RFC 4514 section 3)
class NameParser {
 public:
  explicit NameParser(std::string_view text) : text_(text) {}

  // In the order of the text: the reverse of the DER.
  Result<std::vector<RelativeDistinguishedName>> parse() {
    std::vector<RelativeDistinguishedName> rdns;
    if (trim(text_).empty()) return rdns;
    rdns.emplace_back();
    while (true) {
      Result<AttributeTypeAndValue> pair = attribute();
      if (!pair) return pair.error();
      rdns.back().push_back(std::move(*pair));
      if (at_ == text_.size()) return rdns;
      if (text_[at_++] == ',') rdns.emplace_back();
    }
  }

 private:
  [[nodiscard]] Error wrong(std::string_view why) const {
    return Error{"name \"" + printable(text_) + "\": " + std::string(why) + "; write it as CN=device-1,O=Acme (RFC 4514)"};
  }

  // attributeTypeAndValue = attributeType EQUALS attributeValue
  Result<AttributeTypeAndValue> attribute() {
    const std::size_t equals = text_.find('=', at_);
    if (equals == std::string_view::npos) return wrong("an attribute without \"=\"");
    const std::string_view type_name = trim(text_.substr(at_, equals - at_));
    const std::optional<Oid> type = type_of(type_name);
    if (!type) return wrong("unknown attribute type \"" + printable(type_name) + "\"");
    at_ = equals + 1;
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ < text_.size() && text_[at_] == '#') return hex_value(*type);
    return string_value(*type);
  }

  // hexstring = SHARP 1*hexpair
  Result<AttributeTypeAndValue> hex_value(const Oid& type) {
    const std::size_t end = std::min(text_.find_first_of(",+", at_), text_.size());
    const std::optional<Bytes> der = from_hex(trim(text_.substr(at_ + 1, end - at_ - 1)));
    at_ = end;
    Findings findings;
    if (!der || !der::validate(*der, findings)) return wrong("\"#\" needs the octets of one DER element");
    Reader reader(*der, findings);
    const std::optional<Tlv> value = reader.any("value");
    std::optional<std::string> text;
    if (der::is_string(value->tag)) text = der::string_value(*value, findings);
    return AttributeTypeAndValue{type, value->tag, text ? *text : hash_hex(*der), *der};
  }

  // string = leadchar [ *stringchar trailchar ], with pair = ESC ( ESC / special / hexpair )
  Result<AttributeTypeAndValue> string_value(const Oid& type) {
    std::string value;
    std::size_t kept = 0;  // what an escape protects from trimming
    for (; at_ < text_.size() && text_[at_] != ',' && text_[at_] != '+'; ++at_) {
      if (text_[at_] != '\\') {
        value += text_[at_];
        continue;
      }
      const std::optional<char> escaped = escape();
      if (!escaped) return wrong("a backslash escapes nothing");
      value += *escaped;
      kept = value.size();
    }
    while (value.size() > kept && value.back() == ' ') value.pop_back();
    return typed(type, value);
  }

  std::optional<char> escape() {
    const std::string_view rest = text_.substr(at_ + 1);
    if (const std::optional<Bytes> octet = from_hex(rest.substr(0, 2)); octet) {
      at_ += 2;
      return static_cast<char>(octet->front());
    }
    if (rest.empty() || std::string_view(" \"#+,;<=>\\").find(rest.front()) == std::string_view::npos) return std::nullopt;
    ++at_;
    return rest.front();
  }

  Result<AttributeTypeAndValue> typed(const Oid& type, const std::string& value) const {
    const bool printable_only = type == oids::country_name || type == oids::serial_number;
    const bool ia5 = type == oids::domain_component || type == oids::email_address;
    const der::Tag tag = printable_only ? tags::printable_string : ia5 ? tags::ia5_string : tags::utf8_string;
    const Bytes der = der::tlv(tag, as_bytes(value));
    Findings findings;
    if (value.empty()) return wrong("an attribute has no value");
    if (!der::validate(der, findings)) return wrong(type_text(type) + " cannot hold these characters");
    return AttributeTypeAndValue{type, tag, value, der};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Bytes encode(const RelativeDistinguishedName& rdn) {
  std::vector<Bytes> pairs;
  for (const AttributeTypeAndValue& pair : rdn) pairs.push_back(der::sequence({der::oid(pair.type), pair.value_der}));
  return der::set_of(std::move(pairs));
}

// --- Extensions

// Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
std::optional<Extension> read_extension(Reader& from) {
  Reader fields = from.enter(tags::sequence, "Extension");
  Extension extension;
  const std::optional<Oid> id = fields.oid("extnID");
  if (fields.peek() == tags::boolean) {
    const std::size_t at = fields.offset();
    extension.critical = fields.boolean("critical").value_or(false);
    if (!extension.critical && !fields.failed())
      fields.report("der.default-encoded", Severity::error, at, "critical: FALSE is the default and must be left out");
  }
  const std::optional<BytesView> value = fields.octet_string("extnValue");
  fields.finish("Extension");
  if (!id || !value || fields.failed()) return std::nullopt;
  extension.id = *id;
  extension.value = to_bytes(*value);
  return extension;
}

// --- Public keys

void check_key_parameters(const Reader& at_key, const AlgorithmIdentifier& algorithm, std::size_t at) {
  const auto flaw = [&](Severity severity, std::string_view why) {
    at_key.report("x509.public-key.parameters", severity, at, algorithm.algorithm.name() + ": " + std::string(why));
  };
  const Bytes& parameters = algorithm.parameters;
  if (algorithm.algorithm == oids::rsa_encryption && parameters != der::null())
    flaw(Severity::warning, "parameters must be NULL (RFC 3279 2.3.1)");
  const bool named_curve = !parameters.empty() && parameters.front() == 0x06;
  if (algorithm.algorithm == oids::ec_public_key && !named_curve) flaw(Severity::error, "parameters must name a curve (RFC 5480 2.1.1)");
  const bool edwards = algorithm.algorithm == oids::ed25519 || algorithm.algorithm == oids::ed448;
  if (edwards && !parameters.empty()) flaw(Severity::error, "parameters must be absent (RFC 8410 section 3)");
}

// --- Certificates

// version [0] EXPLICIT Version DEFAULT v1
void read_version(Reader& tbs, Certificate& certificate) {
  const std::optional<Tlv> tagged = tbs.optional(tags::context(0, true), "version");
  if (!tagged) return;
  Reader inside = tbs.inside(*tagged);
  const std::int64_t version = inside.small_integer("version").value_or(0);
  inside.finish("version");
  if (inside.failed()) return;
  if (version == 0) tbs.report("der.default-encoded", Severity::error, tagged->offset, "version: v1 is the default and must be left out");
  if (version < 0 || version > 2) tbs.report("x509.version", Severity::error, tagged->offset, "version is not v1, v2 or v3");
  certificate.version = static_cast<int>(std::clamp<std::int64_t>(version, -1, 3));
}

// CertificateSerialNumber ::= INTEGER; RFC 5280 4.1.2.2
void read_serial(Reader& tbs, Certificate& certificate) {
  const std::size_t at = tbs.offset();
  const std::optional<Bytes> serial = tbs.integer("serialNumber");
  if (!serial) return;
  certificate.serial = *serial;
  const auto flaw = [&](std::string_view why) { tbs.report("x509.serial", Severity::warning, at, "serialNumber " + std::string(why)); };
  if ((serial->front() & 0x80U) != 0) flaw("is negative");
  if (std::all_of(serial->begin(), serial->end(), [](Byte octet) { return octet == 0; })) flaw("is zero");
  if (serial->size() > 20) flaw("is longer than 20 octets");
}

// Time ::= CHOICE { utcTime UTCTime, generalTime GeneralizedTime }
UnixTime read_time(Reader& validity, std::string_view what) {
  constexpr UnixTime start_of_2050 = 2524608000;
  const std::size_t at = validity.offset();
  const bool general = validity.peek() == tags::generalized_time;
  const UnixTime time = validity.time(what).value_or(0);
  if (general && !validity.failed() && time < start_of_2050)
    validity.report("x509.validity.form", Severity::warning, at, std::string(what) + ": dates through 2049 are UTCTime (RFC 5280 4.1.2.5)");
  return time;
}

// Validity ::= SEQUENCE { notBefore Time, notAfter Time }
void read_validity(Reader& tbs, Certificate& certificate) {
  const std::size_t at = tbs.offset();
  Reader validity = tbs.enter(tags::sequence, "validity");
  certificate.validity.not_before = read_time(validity, "notBefore");
  certificate.validity.not_after = read_time(validity, "notAfter");
  validity.finish("validity");
  if (!validity.failed() && certificate.validity.not_after < certificate.validity.not_before)
    tbs.report("x509.validity.order", Severity::error, at, "notAfter is before notBefore");
}

template <class T>
bool keep(std::optional<T> from, T& to) {
  if (from) to = std::move(*from);
  return from.has_value();
}

// issuerUniqueID [1] IMPLICIT BIT STRING OPTIONAL, subjectUniqueID [2], extensions [3] EXPLICIT Extensions OPTIONAL
bool read_optional_fields(Reader& tbs, Certificate& certificate) {
  for (const std::uint32_t number : {1U, 2U}) {
    const std::optional<Tlv> unique = tbs.optional(tags::context(number, false), "uniqueID");
    if (unique && !tbs.bit_string_in(*unique, "uniqueID")) return false;
    if (unique && certificate.version == 0) tbs.report("x509.version", Severity::error, unique->offset, "unique identifiers need v2 or v3");
  }
  const std::optional<Tlv> tagged = tbs.optional(tags::context(3, true), "extensions");
  if (!tagged) return !tbs.failed();
  if (certificate.version != 2) tbs.report("x509.version", Severity::error, tagged->offset, "extensions need v3");
  Reader inside = tbs.inside(*tagged);
  const bool read = keep(read_extensions(inside, "extensions"), certificate.extensions);
  inside.finish("extensions");
  return read && !inside.failed();
}

void check_subject(const Reader& tbs, const Certificate& certificate, std::size_t at) {
  if (!certificate.subject.empty()) return;
  const Extension* alternative = certificate.extension(oids::subject_alt_name);
  if (alternative == nullptr)
    return tbs.report("x509.subject.empty", Severity::error, at, "subject is empty and there is no subjectAltName (RFC 5280 4.1.2.6)");
  if (!alternative->critical)
    tbs.report("x509.subject-alt-name.not-critical", Severity::warning, at, "subject is empty, so subjectAltName should be critical");
}

// TBSCertificate ::= SEQUENCE { version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, ... }
bool read_tbs(Reader& tbs, Certificate& certificate) {
  read_version(tbs, certificate);
  read_serial(tbs, certificate);
  if (!keep(read_algorithm(tbs, "signature"), certificate.tbs_signature)) return false;
  const std::size_t issuer_at = tbs.offset();
  if (!keep(read_name(tbs, "issuer"), certificate.issuer)) return false;
  if (certificate.issuer.empty()) tbs.report("x509.issuer.empty", Severity::error, issuer_at, "issuer is empty (RFC 5280 4.1.2.4)");
  read_validity(tbs, certificate);
  const std::size_t subject_at = tbs.offset();
  if (!keep(read_name(tbs, "subject"), certificate.subject)) return false;
  PublicKeyInfo key;
  if (!keep(read_public_key_info(tbs, "subjectPublicKeyInfo"), key)) return false;
  certificate.spki = std::move(key.der);
  certificate.key_algorithm = std::move(key.algorithm);
  if (!read_optional_fields(tbs, certificate)) return false;
  tbs.finish("TBSCertificate");
  check_subject(tbs, certificate, subject_at);
  return !tbs.failed();
}

// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm AlgorithmIdentifier, signatureValue BIT STRING }
std::optional<Certificate> read_certificate(Reader& from) {
  const std::optional<Tlv> whole = from.expect(tags::sequence, "Certificate");
  if (!whole) return std::nullopt;
  Reader fields = from.inside(*whole);
  Certificate certificate;
  certificate.der = to_bytes(whole->whole);
  const std::optional<Tlv> tbs = fields.expect(tags::sequence, "tbsCertificate");
  if (!tbs) return std::nullopt;
  certificate.tbs = to_bytes(tbs->whole);
  Reader inside = fields.inside(*tbs);
  if (!read_tbs(inside, certificate)) return std::nullopt;
  const std::size_t algorithm_at = fields.offset();
  if (!keep(read_algorithm(fields, "signatureAlgorithm"), certificate.signature_algorithm)) return std::nullopt;
  if (certificate.signature_algorithm != certificate.tbs_signature)
    fields.report("x509.signature-algorithm", Severity::error, algorithm_at, "not the algorithm the TBSCertificate names");
  const std::size_t signature_at = fields.offset();
  const std::optional<Reader::BitString> signature = fields.bit_string("signatureValue");
  fields.finish("Certificate");
  if (!signature || fields.failed()) return std::nullopt;
  if (signature->unused != 0) fields.report("x509.signature", Severity::error, signature_at, "signature is not whole octets");
  certificate.signature = to_bytes(signature->bits);
  return certificate;
}

// --- Values of extensions

std::optional<BasicConstraints> read_basic_constraints(Reader& from) {
  Reader fields = from.enter(tags::sequence, "BasicConstraints");
  BasicConstraints constraints;
  if (fields.peek() == tags::boolean) {
    const std::size_t at = fields.offset();
    constraints.ca = fields.boolean("cA").value_or(false);
    if (!constraints.ca && !fields.failed())
      fields.report("der.default-encoded", Severity::error, at, "cA: FALSE is the default and must be left out");
  }
  const std::size_t at = fields.offset();
  if (!fields.at_end()) constraints.path_length = fields.small_integer("pathLenConstraint");
  fields.finish("BasicConstraints");
  if (fields.failed()) return std::nullopt;
  if (constraints.path_length && (*constraints.path_length < 0 || !constraints.ca))
    fields.report("x509.basic-constraints.path-length", Severity::error, at, "pathLenConstraint is negative, or stands without cA");
  return constraints;
}

// ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId
std::optional<std::vector<Oid>> read_extended_key_usage(Reader& from) {
  const std::size_t at = from.offset();
  Reader list = from.enter(tags::sequence, "ExtKeyUsageSyntax");
  std::vector<Oid> purposes;
  while (!list.at_end())
    if (std::optional<Oid> purpose = list.oid("KeyPurposeId")) purposes.push_back(std::move(*purpose));
  if (list.failed()) return std::nullopt;
  if (purposes.empty()) list.report("x509.extended-key-usage.empty", Severity::error, at, "ExtKeyUsageSyntax names no purpose");
  return purposes;
}

// KeyUsage ::= BIT STRING { digitalSignature(0), ... }; a named bit list, so without trailing zero bits
std::optional<unsigned> read_key_usage(Reader& from) {
  const std::size_t at = from.offset();
  const std::optional<Reader::BitString> string = from.bit_string("KeyUsage");
  if (!string) return std::nullopt;
  unsigned usage = 0;
  for (unsigned bit = 0; bit < 16 && bit / 8 < string->bits.size(); ++bit)
    if ((string->bits[bit / 8] & (0x80U >> (bit % 8))) != 0) usage |= 1U << bit;
  const bool last_bit_set = string->bits.empty() || (string->bits.back() & (1U << string->unused)) != 0;
  if (!last_bit_set) from.report("der.named-bits", Severity::warning, at + 2, "KeyUsage: trailing zero bits must be left out");
  if (usage == 0) from.report("x509.key-usage.empty", Severity::error, at, "KeyUsage sets no bit");
  return usage;
}

struct GeneralNameForm {
  GeneralNameType type;
  bool constructed;
  std::string_view prefix;
};

// By tag number: RFC 5280 4.2.1.6
constexpr std::array general_name_forms = {
    GeneralNameForm{GeneralNameType::other, true, "otherName:"},    GeneralNameForm{GeneralNameType::rfc822, false, "email:"},
    GeneralNameForm{GeneralNameType::dns, false, "DNS:"},           GeneralNameForm{GeneralNameType::x400, true, "x400:"},
    GeneralNameForm{GeneralNameType::directory, true, "dirName:"},  GeneralNameForm{GeneralNameType::edi, true, "ediParty:"},
    GeneralNameForm{GeneralNameType::uri, false, "URI:"},           GeneralNameForm{GeneralNameType::ip, false, "IP:"},
    GeneralNameForm{GeneralNameType::registered_id, false, "RID:"},
};

bool is_text(GeneralNameType type) {
  return type == GeneralNameType::rfc822 || type == GeneralNameType::dns || type == GeneralNameType::uri;
}

void check_general_name(const Reader& list, const Tlv& tlv, GeneralNameType type) {
  const auto flaw = [&](std::string_view id, std::string_view why) {
    list.report(id, Severity::error, tlv.content_offset(), std::string(why));
  };
  const bool ascii = std::all_of(tlv.content.begin(), tlv.content.end(), [](Byte octet) { return octet < 0x80; });
  if (is_text(type) && !ascii) flaw("x509.general-name.ia5", "GeneralName: a character outside IA5String");
  if (type == GeneralNameType::ip && tlv.content.size() != 4 && tlv.content.size() != 16)
    flaw("x509.general-name.ip", "iPAddress is neither 4 nor 16 octets");
  if (type == GeneralNameType::registered_id && !Oid::from_content(tlv.content)) flaw("der.oid", "registeredID is no OBJECT IDENTIFIER");
  if (type != GeneralNameType::directory) return;
  Reader inside = list.inside(tlv);
  static_cast<void>(read_name(inside, "directoryName"));
  inside.finish("directoryName");
}

std::string address_text(BytesView octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = octets.size() == 4 ? AF_INET : AF_INET6;
  if ((octets.size() != 4 && octets.size() != 16) || inet_ntop(family, octets.data(), text.data(), text.size()) == nullptr)
    return hash_hex(octets);
  return text.data();
}

std::optional<Bytes> address_octets(const std::string& text) {
  std::array<Byte, 16> octets{};
  if (text.find('\0') != std::string::npos) return std::nullopt;
  if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1) return Bytes(octets.begin(), octets.begin() + 4);
  if (inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) return Bytes(octets.begin(), octets.end());
  return std::nullopt;
}

}  // namespace

// --- Names

std::string Name::to_string() const {
  std::string text;
  for (auto rdn = rdns.rbegin(); rdn != rdns.rend(); ++rdn) {
    if (rdn != rdns.rbegin()) text += ',';
    for (std::size_t i = 0; i < rdn->size(); ++i) text += (i > 0 ? "+" : "") + pair_text((*rdn)[i]);
  }
  return text;
}

std::optional<std::string> Name::first(const Oid& type) const {
  for (const RelativeDistinguishedName& rdn : rdns)
    for (const AttributeTypeAndValue& pair : rdn)
      if (pair.type == type) return pair.value;
  return std::nullopt;
}

bool same_name(const Name& left, const Name& right) {
  return std::equal(left.rdns.begin(), left.rdns.end(), right.rdns.begin(), right.rdns.end(),
                    [](const RelativeDistinguishedName& a, const RelativeDistinguishedName& b) { return comparable(a) == comparable(b); });
}

Result<Name> parse_name(std::string_view text) {
  Result<std::vector<RelativeDistinguishedName>> rdns = NameParser(text).parse();
  if (!rdns) return rdns.error();
  std::reverse(rdns->begin(), rdns->end());
  Name name;
  name.rdns = std::move(*rdns);
  std::vector<Bytes> sets;
  sets.reserve(name.rdns.size());
  for (const RelativeDistinguishedName& rdn : name.rdns) sets.push_back(encode(rdn));
  name.der = der::sequence_of(sets);
  return name;
}

// Name ::= CHOICE { rdnSequence RDNSequence }; RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
std::optional<Name> read_name(Reader& from, std::string_view what) {
  const std::optional<Tlv> whole = from.expect(tags::sequence, what);
  if (!whole) return std::nullopt;
  Name name;
  name.der = to_bytes(whole->whole);
  Reader rdns = from.inside(*whole);
  while (!rdns.at_end()) {
    std::optional<RelativeDistinguishedName> rdn = read_rdn(rdns);
    if (!rdn) return std::nullopt;
    name.rdns.push_back(std::move(*rdn));
  }
  if (rdns.failed()) return std::nullopt;
  return name;
}

Decoded<Name> decode_name(BytesView der) {
  return der::decode_whole(der, "Name", [](Reader& reader) { return read_name(reader, "Name"); });
}

// --- Algorithms and keys

// AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY DEFINED BY algorithm OPTIONAL }
std::optional<AlgorithmIdentifier> read_algorithm(Reader& from, std::string_view what) {
  Reader fields = from.enter(tags::sequence, what);
  const std::optional<Oid> algorithm = fields.oid("algorithm");
  std::optional<Tlv> parameters;
  if (!fields.at_end()) parameters = fields.any("parameters");
  fields.finish(what);
  if (!algorithm || fields.failed()) return std::nullopt;
  return AlgorithmIdentifier{*algorithm, parameters ? to_bytes(parameters->whole) : Bytes{}};
}

// SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
std::optional<PublicKeyInfo> read_public_key_info(Reader& from, std::string_view what) {
  const std::optional<Tlv> whole = from.expect(tags::sequence, what);
  if (!whole) return std::nullopt;
  Reader fields = from.inside(*whole);
  const std::size_t algorithm_at = fields.offset();
  std::optional<AlgorithmIdentifier> algorithm = read_algorithm(fields, "algorithm");
  const std::size_t key_at = fields.offset();
  const std::optional<Reader::BitString> key = fields.bit_string("subjectPublicKey");
  fields.finish(what);
  if (!algorithm || !key || fields.failed()) return std::nullopt;
  check_key_parameters(fields, *algorithm, algorithm_at);
  if (key->unused != 0) fields.report("x509.public-key", Severity::error, key_at, "subjectPublicKey is not whole octets");
  return PublicKeyInfo{to_bytes(whole->whole), std::move(*algorithm), to_bytes(key->bits)};
}

Decoded<PublicKeyInfo> decode_public_key_info(BytesView der) {
  return der::decode_whole(der, "SubjectPublicKeyInfo",
                           [](Reader& reader) { return read_public_key_info(reader, "SubjectPublicKeyInfo"); });
}

// --- Certificates

const Extension* Certificate::extension(const Oid& id) const {
  const auto found = std::find_if(extensions.begin(), extensions.end(), [&](const Extension& e) { return e.id == id; });
  return found == extensions.end() ? nullptr : &*found;
}

bool Certificate::self_issued() const { return same_name(subject, issuer); }

std::string Certificate::serial_hex() const { return hex(serial); }

Decoded<Certificate> decode_certificate(BytesView der) { return der::decode_whole(der, "Certificate", read_certificate); }

// --- Extensions

// Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension
std::optional<std::vector<Extension>> read_extensions(Reader& from, std::string_view what) {
  const std::size_t at = from.offset();
  Reader list = from.enter(tags::sequence, what);
  std::vector<Extension> extensions;
  std::set<Oid> seen;
  while (!list.at_end()) {
    const std::size_t extension_at = list.offset();
    std::optional<Extension> extension = read_extension(list);
    if (!extension) return std::nullopt;
    if (!seen.insert(extension->id).second)
      list.report("x509.extension.duplicate", Severity::error, extension_at, extension->id.name() + " is there twice (RFC 5280 4.2)");
    extensions.push_back(std::move(*extension));
  }
  if (list.failed()) return std::nullopt;
  if (extensions.empty()) list.report("x509.extensions.empty", Severity::error, at, std::string(what) + ": an empty list of extensions");
  return extensions;
}

Decoded<std::vector<Extension>> decode_extensions(BytesView der) {
  return der::decode_whole(der, "Extensions", [](Reader& reader) { return read_extensions(reader, "Extensions"); });
}

Decoded<BasicConstraints> decode_basic_constraints(BytesView value) {
  return der::decode_whole(value, "BasicConstraints", read_basic_constraints);
}

Decoded<std::vector<Oid>> decode_extended_key_usage(BytesView value) {
  return der::decode_whole(value, "ExtKeyUsageSyntax", read_extended_key_usage);
}

Decoded<unsigned> decode_key_usage(BytesView value) { return der::decode_whole(value, "KeyUsage", read_key_usage); }

// GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
std::optional<std::vector<GeneralName>> read_general_names(Reader& from, std::string_view what) {
  const std::size_t at = from.offset();
  Reader list = from.enter(tags::sequence, what);
  std::vector<GeneralName> names;
  if (!list.failed() && list.at_end()) list.report("x509.general-names.empty", Severity::error, at, std::string(what) + ": no name");
  while (!list.at_end()) {
    const std::optional<Tlv> tlv = list.any("GeneralName");
    if (!tlv) return std::nullopt;
    const std::uint32_t number = tlv->tag.number;
    if (tlv->tag.cls != der::Class::context || number >= general_name_forms.size() ||
        general_name_forms[number].constructed != tlv->tag.constructed) {
      list.report("x509.general-name.type", Severity::error, tlv->offset, "no form of GeneralName: " + der::to_string(tlv->tag));
      continue;
    }
    const GeneralNameType type = general_name_forms[number].type;
    check_general_name(list, *tlv, type);
    names.push_back({type, to_bytes(tlv->content)});
  }
  if (list.failed()) return std::nullopt;
  return names;
}

Decoded<std::vector<GeneralName>> decode_general_names(BytesView value) {
  return der::decode_whole(value, "GeneralNames", [](Reader& reader) { return read_general_names(reader, "GeneralNames"); });
}

// --- Builders

Bytes encode(const AlgorithmIdentifier& algorithm) { return der::sequence({der::oid(algorithm.algorithm), algorithm.parameters}); }

Bytes encode(const Extension& extension) {
  const Bytes critical = extension.critical ? der::boolean(true) : Bytes{};
  return der::sequence({der::oid(extension.id), critical, der::octet_string(extension.value)});
}

Bytes encode_extensions(const std::vector<Extension>& extensions) {
  std::vector<Bytes> parts;
  parts.reserve(extensions.size());
  for (const Extension& extension : extensions) parts.push_back(encode(extension));
  return der::sequence_of(parts);
}

Bytes encode_general_names(const std::vector<GeneralName>& names) {
  std::vector<Bytes> parts;
  for (const GeneralName& name : names) {
    const auto number = static_cast<std::uint32_t>(name.type);
    parts.push_back(der::context(number, name.value, general_name_forms[number].constructed));
  }
  return der::sequence_of(parts);
}

Extension make_basic_constraints(bool ca, std::optional<int> path_length) {
  const Bytes authority = ca ? der::boolean(true) : Bytes{};
  const Bytes length = path_length ? der::integer(*path_length) : Bytes{};
  return {oids::basic_constraints, ca, der::sequence({authority, length})};
}

Extension make_key_usage(unsigned bits) {
  Bytes octets;
  unsigned unused = 0;
  for (unsigned bit = 0; bit < 9; ++bit) {
    if ((bits >> bit & 1U) == 0) continue;
    octets.resize(bit / 8 + 1);
    octets[bit / 8] = static_cast<Byte>(octets[bit / 8] | 0x80U >> (bit % 8));
    unused = 7 - bit % 8;
  }
  return {oids::key_usage, true, der::bit_string(octets, unused)};
}

Extension make_extended_key_usage(const std::vector<Oid>& purposes, bool critical) {
  std::vector<Bytes> parts;
  parts.reserve(purposes.size());
  for (const Oid& purpose : purposes) parts.push_back(der::oid(purpose));
  return {oids::extended_key_usage, critical, der::sequence_of(parts)};
}

Extension make_subject_alt_name(const std::vector<GeneralName>& names, bool critical) {
  return {oids::subject_alt_name, critical, encode_general_names(names)};
}

Result<GeneralName> parse_general_name(std::string_view text) {
  const Error wrong{"subject alternative name \"" + printable(text) + "\": write DNS:, IP:, email:, URI:, RID: or dirName: and a value"};
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return wrong;
  const auto* form = std::find_if(general_name_forms.begin(), general_name_forms.end(),
                                  [&](const GeneralNameForm& f) { return iequals(f.prefix, text.substr(0, colon + 1)); });
  const std::string_view value = text.substr(colon + 1);
  if (form == general_name_forms.end()) return wrong;
  const bool ascii = std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (is_text(form->type) && ascii) return GeneralName{form->type, to_bytes(value)};
  if (form->type == GeneralNameType::ip) {
    if (std::optional<Bytes> octets = address_octets(std::string(value))) return GeneralName{form->type, std::move(*octets)};
  } else if (form->type == GeneralNameType::registered_id) {
    if (const std::optional<Oid> oid = oid_by_name(value)) return GeneralName{form->type, oid->content()};
  } else if (form->type == GeneralNameType::directory) {
    if (Result<Name> name = parse_name(value)) return GeneralName{form->type, std::move(name->der)};
  }
  return wrong;
}

std::string to_string(const GeneralName& name) {
  const std::string prefix(general_name_forms[static_cast<std::size_t>(name.type)].prefix);
  if (is_text(name.type)) return prefix + printable(as_text(name.value));
  if (name.type == GeneralNameType::ip) return prefix + address_text(name.value);
  if (name.type == GeneralNameType::registered_id) {
    const std::optional<Oid> oid = Oid::from_content(name.value);
    return prefix + (oid ? oid->dotted() : hash_hex(name.value));
  }
  if (name.type == GeneralNameType::directory) {
    const Decoded<Name> directory = decode_name(name.value);
    if (directory.value) return prefix + directory.value->to_string();
  }
  return prefix + hash_hex(name.value);
}

}  // namespace est::codec
