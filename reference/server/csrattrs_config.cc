#include "server/csrattrs_config.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/codec/x509.h"

namespace server {
namespace {

using est::Bytes;
using est::codec::Attribute;
using est::codec::ExtensionTemplate;
using est::codec::Oid;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

Bytes from_hex(const YamlValue& value) {
  const std::string text = value.text();
  Bytes bytes;
  const auto digit = [](char c) { return std::string_view("0123456789abcdef").find(est::ascii_lower(c)); };
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const std::size_t high = digit(text[i]), low = digit(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) break;
    bytes.push_back(static_cast<est::Byte>(high * 16 + low));
  }
  if (bytes.empty() || bytes.size() * 2 != text.size()) value.fail("this is not hexadecimal", "write an even number of digits 0-9, a-f");
  return bytes;
}

// One whole DER element, checked so that the server never sends a broken CsrAttrs.
Bytes der_from_hex(const YamlValue& value) {
  Bytes bytes = from_hex(value);
  est::Findings findings;
  if (!der::validate(bytes, findings)) value.fail("this is not one DER element", "write the whole identifier, length and content");
  return bytes;
}

Bytes attribute_value(const YamlValue& value) {
  if (value.is_text()) {
    const std::optional<std::uint64_t> number = est::parse_decimal(value.text());
    if (!number) return der::oid(read_oid(value));
    return der::integer(value.number(0, 1LL << 40));
  }
  YamlMap map = value.map();
  Bytes result;
  if (const auto utf8 = map.get("utf8")) result = der::utf8_string(utf8->text());
  if (const auto printable = map.get("printable")) result = der::printable_string(printable->text());
  if (const auto ia5 = map.get("ia5")) result = der::ia5_string(ia5->text());
  if (const auto hex = map.get("hex")) result = der_from_hex(*hex);
  map.finish();
  if (result.empty()) value.fail("this is no attribute value", "write an OID, a number, or one of {utf8: ...}, {hex: ...}");
  return result;
}

Bytes general_names(const std::vector<YamlValue>& values) {
  std::vector<codec::GeneralName> names;
  for (const YamlValue& value : values) {
    est::Result<codec::GeneralName> name = codec::parse_general_name(value.text());
    if (name)
      names.push_back(*std::move(name));
    else
      value.fail(name.error().message, "write DNS:name, IP:address, email:address or URI:uri");
  }
  return codec::encode_general_names(names);
}

// The value of an extension, by whichever key describes it; nothing: the client is to fill it in.
std::optional<Bytes> extension_value(YamlMap& map) {
  if (const auto hex = map.get("value")) return der_from_hex(*hex);
  if (const auto usages = map.get("usages")) return codec::make_key_usage(read_key_usages(usages->list())).value;
  if (const auto names = map.get("names")) return general_names(names->list());
  if (const auto purposes = map.get("purposes")) {
    std::vector<Oid> oids;
    for (const YamlValue& purpose : purposes->list()) oids.push_back(read_oid(purpose));
    return codec::make_extended_key_usage(oids).value;
  }
  return std::nullopt;
}

ExtensionTemplate extension_template(const YamlValue& value) {
  if (value.is_text()) return {read_oid(value), false, std::nullopt};
  YamlMap map = value.map();
  ExtensionTemplate result;
  if (const auto id = map.require("id")) result.id = read_oid(*id);
  result.critical = map.boolean("critical", false);
  result.value = extension_value(map);
  // Ticked off here as well, so that an unknown key is answered with the whole list.
  for (const char* key : {"value", "usages", "names", "purposes"}) static_cast<void>(map.get(key));
  map.finish();
  return result;
}

Attribute extension_request(const std::vector<YamlValue>& values) {
  std::vector<codec::Extension> extensions;
  for (const YamlValue& value : values) {
    ExtensionTemplate wanted = extension_template(value);
    // RFC 9908 3.2: an Extension always has a value; a bare wish for one belongs into the template.
    if (!wanted.value)
      value.fail("an extension in extensionRequest needs a value", "give value, usages, names or purposes, or put it into template");
    else
      extensions.push_back({std::move(wanted.id), wanted.critical, std::move(*wanted.value)});
  }
  return codec::make_extension_request(extensions);
}

codec::AttrOrOid element(const YamlValue& value) {
  if (value.is_text()) return read_oid(value);
  YamlMap map = value.map();
  Attribute attribute;
  if (const auto type = map.require("type")) attribute.type = read_oid(*type);
  for (const YamlValue& each : map.list("values")) attribute.values.push_back(attribute_value(each));
  if (const auto extensions = map.get("extensions")) {
    if (attribute.type != oids::extension_request || !attribute.values.empty())
      value.fail("extensions belong to type extensionRequest without values", "write {type: extensionRequest, extensions: [...]}");
    attribute = extension_request(extensions->list());
  }
  map.finish();
  return attribute;
}

codec::NameTemplateEntry name_entry(const YamlValue& value) {
  if (value.is_text()) return {read_oid(value), std::nullopt};
  YamlMap map = value.map();
  codec::NameTemplateEntry entry;
  if (const auto type = map.require("type")) entry.type = read_oid(*type);
  if (const auto text = map.get("value")) entry.value = der::utf8_string(text->text());
  map.finish();
  return entry;
}

// RFC 9908 3.4: "a placeholder public key value of the desired RSA modulus length".
Bytes rsa_placeholder(std::size_t bits) {
  const Bytes modulus(bits / 8, 0xff);
  return der::sequence({der::unsigned_integer(modulus), der::integer(65537)});
}

void set_key(codec::RequestTemplate& wanted, est::crypto::KeyType type) {
  using est::crypto::KeyType;
  const auto ec = [](const Oid& curve) { return codec::AlgorithmIdentifier{oids::ec_public_key, der::oid(curve)}; };
  const auto rsa = [&](std::size_t bits) {
    wanted.key = rsa_placeholder(bits);
    return codec::AlgorithmIdentifier{oids::rsa_encryption, der::null()};
  };
  switch (type) {
    case KeyType::ec_p256:
      wanted.key_algorithm = ec(oids::prime256v1);
      break;
    case KeyType::ec_p384:
      wanted.key_algorithm = ec(oids::secp384r1);
      break;
    case KeyType::ec_p521:
      wanted.key_algorithm = ec(oids::secp521r1);
      break;
    case KeyType::rsa_1024:
      wanted.key_algorithm = rsa(1024);
      break;
    case KeyType::rsa_2048:
      wanted.key_algorithm = rsa(2048);
      break;
    case KeyType::rsa_3072:
      wanted.key_algorithm = rsa(3072);
      break;
    case KeyType::rsa_4096:
      wanted.key_algorithm = rsa(4096);
      break;
    case KeyType::ed25519:
      wanted.key_algorithm = codec::AlgorithmIdentifier{oids::ed25519, {}};
      break;
  }
}

codec::RequestTemplate request_template(const YamlValue& section, bool pop_required) {
  YamlMap map = section.map();
  codec::RequestTemplate wanted;
  if (const auto subject = map.get("subject")) {
    wanted.has_subject = true;
    for (const YamlValue& value : subject->list()) wanted.subject.push_back({name_entry(value)});
  }
  if (const auto key = map.get("key")) set_key(wanted, read_key_type(*key));
  for (const YamlValue& value : map.list("extensions")) wanted.extensions.push_back(extension_template(value));
  for (const YamlValue& value : map.list("attributes")) {
    const codec::AttrOrOid each = element(value);
    const Attribute* attribute = std::get_if<Attribute>(&each);
    wanted.attributes.push_back(attribute != nullptr ? *attribute : Attribute{std::get<Oid>(each), {}, 0});
  }
  // Clients that know templates ignore all else (RFC 9908 4), so the demand must stand in here too.
  const bool listed = std::any_of(wanted.attributes.begin(), wanted.attributes.end(),
                                  [](const Attribute& each) { return each.type == oids::challenge_password; });
  if (pop_required && !listed) wanted.attributes.push_back({oids::challenge_password, {}, 0});
  map.finish();
  return wanted;
}

}  // namespace

Oid read_oid(const YamlValue& value) {
  const std::string text = value.text();
  const std::optional<Oid> oid = codec::oid_by_name(text);
  if (!oid) value.fail("\"" + est::printable(text, 60) + "\" is no object identifier", "write a name of the RFCs or dotted decimal");
  return oid.value_or(oids::data);
}

est::crypto::KeyType read_key_type(const YamlValue& value) {
  const std::optional<est::crypto::KeyType> type = est::crypto::key_type_by_name(value.text());
  if (!type) value.fail("unknown key type", "use ec-p256, ec-p384, ec-p521, rsa-2048, rsa-3072, rsa-4096 or ed25519");
  return type.value_or(est::crypto::KeyType::ec_p256);
}

unsigned read_key_usages(const std::vector<YamlValue>& values) {
  constexpr std::array<std::string_view, 5> names = {"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
                                                     "keyAgreement"};
  unsigned bits = 0;
  for (const YamlValue& value : values) {
    const auto* found = std::find(names.begin(), names.end(), value.text());
    if (found == names.end())
      value.fail("unknown key usage", "use digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment or keyAgreement");
    else
      bits |= 1U << static_cast<unsigned>(found - names.begin());
  }
  return bits;
}

CsrAttrsConfig read_csrattrs(const YamlValue& section, bool pop_required) {
  YamlMap map = section.map();
  CsrAttrsConfig result;
  result.enforce = map.boolean("enforce", false);
  for (const YamlValue& value : map.list("attributes")) result.attributes.elements.push_back(element(value));
  if (const auto wanted = map.get("template"))
    result.attributes.elements.emplace_back(codec::make_request_template(request_template(*wanted, pop_required)));
  map.finish();
  return result;
}

}  // namespace server
