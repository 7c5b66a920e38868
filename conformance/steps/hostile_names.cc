// Subjects, attributes and requested extensions of hostile shape and number.
#include "conformance/steps/hostile_requests.h"
#include "conformance/steps/request_parts.h"
#include "est/codec/der.h"

namespace conformance::steps {
namespace {

namespace der = est::codec::der;
namespace tags = est::codec::der::tags;
namespace oids = est::codec::oids;
using est::Byte;
using est::Bytes;
using est::Result;
using est::codec::Extension;

// --- Subjects

Bytes type_and_value(const est::codec::Oid& type, est::BytesView value) { return der::sequence({der::oid(type), value}); }

Result<Bytes> with_rdns(const SoundRequest& sound, const std::vector<Bytes>& rdns) {
  InfoParts info = parts_of(sound);
  info.subject = der::sequence_of(rdns);
  return sign_info(sound, info);
}

// One RDN with a common name of this TLV.
Result<Bytes> with_common_name(const SoundRequest& sound, est::BytesView value) {
  return with_rdns(sound, {der::set_of({type_and_value(oids::common_name, value)})});
}

Result<Bytes> with_many_rdns(const SoundRequest& sound, std::size_t count) {
  const Bytes unit = der::set_of({type_and_value(oids::organizational_unit_name, der::printable_string("unit"))});
  return with_rdns(sound, std::vector<Bytes>(count, unit));
}

Result<Bytes> with_one_wide_rdn(const SoundRequest& sound, std::size_t count) {
  std::vector<Bytes> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(type_and_value(oids::organizational_unit_name, der::printable_string("unit " + std::to_string(i))));
  return with_rdns(sound, {der::set_of(std::move(values))});
}

// Two octets a character, most significant first.
Bytes utf_16(std::string_view text) {
  Bytes octets;
  for (const char c : text) est::append(octets, Bytes{0x00, static_cast<Byte>(c)});
  return octets;
}

Bytes utf_32(std::string_view text) {
  Bytes octets;
  for (const char c : text) est::append(octets, Bytes{0x00, 0x00, 0x00, static_cast<Byte>(c)});
  return octets;
}

// --- Attributes and extensions

Result<Bytes> with_attributes(const SoundRequest& sound, std::vector<Bytes> attributes) {
  InfoParts info = parts_of(sound);
  info.attributes = attributes_of(std::move(attributes));
  return sign_info(sound, info);
}

// The attributes of the sound request without those of this type.
std::vector<Bytes> attributes_without(const SoundRequest& sound, const est::codec::Oid& type) {
  std::vector<Bytes> rest;
  for (const auto& attribute : sound.request.attributes) {
    if (attribute.type != type) rest.push_back(est::codec::encode(attribute));
  }
  return rest;
}

// Puts an attribute of this type in the place of the one that is there, if any.
Result<Bytes> with_attribute(const SoundRequest& sound, const est::codec::Oid& type, const std::vector<Bytes>& values) {
  auto attributes = attributes_without(sound, type);
  attributes.push_back(der::sequence({der::oid(type), der::set_of(values)}));
  return with_attributes(sound, std::move(attributes));
}

// Values that are meant to be Extensions.
Result<Bytes> with_requested(const SoundRequest& sound, const std::vector<Bytes>& values) {
  return with_attribute(sound, oids::extension_request, values);
}

Result<Bytes> with_extensions(const SoundRequest& sound, const std::vector<Extension>& extensions) {
  return with_requested(sound, {est::codec::encode_extensions(extensions)});
}

// What the sound request asks for, and one extension more.
Result<Bytes> with_extension(const SoundRequest& sound, Extension extra) {
  auto extensions = est::codec::requested_extensions(sound.request).value.value_or(std::vector<Extension>{});
  extensions.push_back(std::move(extra));
  return with_extensions(sound, extensions);
}

est::codec::GeneralName dns(std::string_view name) { return {est::codec::GeneralNameType::dns, est::to_bytes(name)}; }

Extension alternative_names(Bytes general_names) { return {oids::subject_alt_name, false, std::move(general_names)}; }

Result<Bytes> with_many_names(const SoundRequest& sound, std::size_t count) {
  std::vector<est::codec::GeneralName> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(dns("n" + std::to_string(i) + ".example"));
  return with_extensions(sound, {alternative_names(est::codec::encode_general_names(names))});
}

// GeneralName [0]: type-id, [0] EXPLICIT value.
Bytes other_name() { return der::context(0, der::concat({der::oid(unknown_oid()), der::context(0, der::utf8_string("other"))})); }

// GeneralName [3]: an ORAddress with empty built-in attributes, the structure whose confusion with a string was CVE-2023-0286.
Bytes x400_address() { return der::context(3, der::sequence({})); }

// A subtree that permits everything below .example.
Extension name_constraints() {
  const Bytes subtree = der::sequence({der::context(2, est::as_bytes(std::string_view(".example")), false)});
  return {oids::name_constraints, true, der::sequence({der::context(0, subtree)})};
}

Result<Bytes> extension_twice(const SoundRequest& sound) {
  const Extension one = alternative_names(est::codec::encode_general_names({dns("one.example")}));
  const Extension two = alternative_names(est::codec::encode_general_names({dns("two.example")}));
  return with_extensions(sound, {one, two});
}

Bytes extension_request_for(std::string_view name) {
  const Extension names = alternative_names(est::codec::encode_general_names({dns(name)}));
  return est::codec::encode(est::codec::make_extension_request({names}));
}

Result<Bytes> extension_request_twice(const SoundRequest& sound) {
  auto attributes = attributes_without(sound, oids::extension_request);
  for (const char* name : {"one.example", "two.example"}) attributes.push_back(extension_request_for(name));
  return with_attributes(sound, std::move(attributes));
}

Result<Bytes> many_attributes(const SoundRequest& sound, std::size_t count) {
  auto attributes = attribute_list(sound);
  const Bytes unknown = der::sequence({der::oid(unknown_oid()), der::set_of({der::null()})});
  attributes.insert(attributes.end(), count, unknown);
  return with_attributes(sound, std::move(attributes));
}

}  // namespace

std::vector<CorruptionEntry> hostile_subjects() {
  using Sound = const SoundRequest&;
  using namespace std::string_view_literals;
  return {
      {{"rdns-1000", "the subject has 1000 RDNs, signed so"}, [](Sound s) { return with_many_rdns(s, 1000); }},
      {{"rdns-10000", "the subject has 10000 RDNs, signed so"}, [](Sound s) { return with_many_rdns(s, 10000); }},
      {{"rdn-wide", "the subject has one RDN of 1000 values, signed so"}, [](Sound s) { return with_one_wide_rdn(s, 1000); }},
      {{"rdn-empty", "the subject has an RDN without a value, signed so"}, [](Sound s) { return with_rdns(s, {der::set_of({})}); }},
      {{"name-megabyte", "a common name of one megabyte, signed so"},
       [](Sound s) { return with_common_name(s, der::utf8_string(std::string(std::size_t{1} << 20U, 'x'))); }},
      {{"name-invalid-utf8", "the common name is a UTF8String that is no UTF-8, signed so"},
       [](Sound s) {
         return with_common_name(s, der::tlv(tags::utf8_string, Bytes{0x61, 0xc0, 0xaf, 0xff, 0xfe}));
       }},
      {{"name-overlong-nul", "the common name has a NUL in overlong UTF-8, signed so"},
       [](Sound s) {
         return with_common_name(s, der::tlv(tags::utf8_string, Bytes{0x61, 0xc0, 0x80, 0x62}));
       }},
      {{"name-bmp", "the common name is a BMPString, signed so"},
       [](Sound s) { return with_common_name(s, der::tlv(tags::bmp_string, utf_16("device"))); }},
      {{"name-bmp-odd", "the common name is a BMPString of an odd number of octets, signed so"},
       [](Sound s) {
         return with_common_name(s, der::tlv(tags::bmp_string, Bytes{0x00, 0x61, 0x00}));
       }},
      {{"name-universal", "the common name is a UniversalString, signed so"},
       [](Sound s) { return with_common_name(s, der::tlv(tags::universal_string, utf_32("device"))); }},
      {{"name-teletex", "the common name is a TeletexString, signed so"},
       [](Sound s) {
         return with_common_name(s, der::tlv(tags::teletex_string, Bytes{0x64, 0xe9, 0x76}));
       }},
      {{"name-no-string", "the common name is an INTEGER, signed so"}, [](Sound s) { return with_common_name(s, der::integer(7)); }},
      {{"name-line-break", "the common name holds CR LF and a header field, signed so"},
       [](Sound s) { return with_common_name(s, der::utf8_string("device\r\nX-Injected: subject\r\n\r\nbody")); }},
      {{"name-escape", "the common name holds terminal escape sequences, signed so"},
       [](Sound s) { return with_common_name(s, der::utf8_string("device\x1b]0;owned\x07\x1b[2J")); }},
      {{"name-markup", "the common name holds SQL, a format and markup, signed so"},
       [](Sound s) { return with_common_name(s, der::utf8_string("d'); DROP TABLE x;-- %n%n%s ${jndi:ldap://x.example} <script>")); }},
  };
}

std::vector<CorruptionEntry> hostile_attributes() {
  using Sound = const SoundRequest&;
  return {
      {{"attribute-no-values", "an unknown attribute has an empty SET of values, signed so"},
       [](Sound s) { return with_attribute(s, unknown_oid(), {}); }},
      {{"attribute-values-many", "an unknown attribute has 10000 values, signed so"},
       [](Sound s) { return with_attribute(s, unknown_oid(), std::vector<Bytes>(10000, der::null())); }},
      {{"attributes-10000", "the same unknown attribute is there 10000 times, signed so"},
       [](Sound s) { return many_attributes(s, 10000); }},
      {{"password-twice-valued", "challengePassword has two values, signed so"},
       [](Sound s) {
         return with_attribute(s, oids::challenge_password, {der::printable_string("one"), der::printable_string("two")});
       }},
      {{"password-integer", "challengePassword is an INTEGER, signed so"},
       [](Sound s) { return with_attribute(s, oids::challenge_password, {der::integer(7)}); }},
      {{"extension-request-twice", "extensionRequest is there twice, signed so"}, extension_request_twice},
      {{"extension-request-integer", "extensionRequest is an INTEGER, signed so"},
       [](Sound s) { return with_requested(s, {der::integer(7)}); }},
      {{"extension-request-empty", "extensionRequest is an empty SEQUENCE, signed so"},
       [](Sound s) { return with_requested(s, {der::sequence({})}); }},
      {{"extension-request-no-values", "extensionRequest has no value, signed so"}, [](Sound s) { return with_requested(s, {}); }},
      {{"extension-twice", "subjectAltName is asked for twice, signed so"}, extension_twice},
      {{"extension-critical-unknown", "a critical extension nobody knows is asked for, signed so"},
       [](Sound s) {
         return with_extension(s, {unknown_oid(), true, der::null()});
       }},
      {{"extension-value-garbage", "the subjectAltName asked for is no DER, signed so"},
       [](Sound s) {
         return with_extensions(s, {alternative_names(Bytes{0x30, 0x7f, 0x01})});
       }},
      {{"extension-value-empty", "the subjectAltName asked for has no octets, signed so"},
       [](Sound s) { return with_extensions(s, {alternative_names({})}); }},
      {{"extension-name-constraints", "name constraints are asked for, signed so"},
       [](Sound s) { return with_extension(s, name_constraints()); }},
      {{"extensions-1000", "1000 unknown extensions are asked for, signed so"},
       [](Sound s) {
         std::vector<Extension> extensions;
         for (int i = 0; i < 1000; ++i)
           extensions.push_back({est::codec::Oid("1.3.6.1.4.1.32473.7030.4." + std::to_string(i)), false, der::null()});
         return with_extensions(s, extensions);
       }},
      {{"names-none", "the subjectAltName asked for is empty, signed so"},
       [](Sound s) { return with_extensions(s, {alternative_names(der::sequence({}))}); }},
      {{"names-10000", "10000 names are asked for, signed so"}, [](Sound s) { return with_many_names(s, 10000); }},
      {{"names-other", "an otherName nobody knows is asked for, signed so"},
       [](Sound s) { return with_extensions(s, {alternative_names(der::sequence({other_name()}))}); }},
      {{"names-x400", "an x400Address is asked for, signed so"},
       [](Sound s) { return with_extensions(s, {alternative_names(der::sequence({x400_address()}))}); }},
      {{"names-nul", "a DNS name with a NUL is asked for, signed so"},
       [](Sound s) {
         using namespace std::string_view_literals;
         return with_extensions(s, {alternative_names(est::codec::encode_general_names({dns("admin.example\0.test"sv)}))});
       }},
      {{"names-ip-odd", "an IP address of five octets is asked for, signed so"},
       [](Sound s) {
         const est::codec::GeneralName odd{est::codec::GeneralNameType::ip, Bytes(5, Byte{0x7f})};
         return with_extensions(s, {alternative_names(est::codec::encode_general_names({odd}))});
       }},
  };
}

}  // namespace conformance::steps
