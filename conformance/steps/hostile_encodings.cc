// Lengths, tags, nesting and primitive values that X.690 forbids, or permits and nobody expects.
#include <algorithm>

#include "conformance/steps/hostile_requests.h"
#include "conformance/steps/request_parts.h"
#include "est/codec/der.h"

namespace conformance::steps {
namespace {

namespace der = est::codec::der;
namespace tags = est::codec::der::tags;
using est::Byte;
using est::Bytes;
using est::Result;

constexpr Byte sequence_tag = 0x30;
constexpr std::size_t many = 10000;

// Length octets of the long form: `octets` of them, big-endian.
Bytes long_length(std::uint64_t length, unsigned octets) {
  Bytes out{static_cast<Byte>(0x80U | octets)};
  for (unsigned i = octets; i > 0; --i) out.push_back(static_cast<Byte>(length >> (8U * (i - 1))));
  return out;
}

// The sound request under another outer identifier or length.
Bytes rewrapped(const SoundRequest& sound, est::BytesView identifier, est::BytesView length) {
  return der::concat({identifier, length, content_of(sound.request.der)});
}

Result<Bytes> with_outer_length(const SoundRequest& sound, std::uint64_t length, unsigned octets) {
  return rewrapped(sound, Bytes{sequence_tag}, long_length(length, octets));
}

Result<Bytes> length_past_end(const SoundRequest& sound) { return with_outer_length(sound, content_of(sound.request.der).size() + 1, 4); }

// 0xff as first length octet is reserved (X.690 8.1.3.5 c).
Result<Bytes> length_reserved(const SoundRequest& sound) { return rewrapped(sound, Bytes{sequence_tag}, Bytes{0xff}); }

// A length of 126 length octets.
Result<Bytes> length_of_length(const SoundRequest& sound) {
  Bytes length{0xfe};
  length.resize(127, 0xff);
  return rewrapped(sound, Bytes{sequence_tag}, length);
}

// The subject claims more octets than the CertificationRequestInfo around it has.
Result<Bytes> inner_length_past_end(const SoundRequest& sound) {
  InfoParts info = parts_of(sound);
  const Bytes subject = content_of(info.subject);
  info.subject = der::concat({Bytes{sequence_tag}, long_length(0x7fff, 2), subject});
  return sign_info(sound, info);
}

Result<Bytes> inner_length_zero(const SoundRequest& sound) {
  return est::codec::encode_certification_request(der::sequence({}), sound.request.signature_algorithm, sound.request.signature);
}

Result<Bytes> tag_of_2_31(const SoundRequest& sound) { return rewrapped(sound, Bytes{0x3f, 0x88, 0x80, 0x80, 0x80, 0x00}, Bytes{0x00}); }

// A tag number that never ends.
Result<Bytes> tag_without_end(const SoundRequest&) {
  Bytes octets(many, Byte{0xff});
  octets.front() = 0x3f;
  return octets;
}

Result<Bytes> end_of_contents_only(const SoundRequest&) { return Bytes(many, Byte{0x00}); }

Result<Bytes> nested_deeply(const SoundRequest&) { return nested_elements(sequence_tag, many, der::null()); }

Result<Bytes> nested_indefinite(const SoundRequest&) {
  Bytes octets;
  for (std::size_t i = 0; i < many; ++i) est::append(octets, Bytes{sequence_tag, 0x80});
  return octets;
}

Result<Bytes> trailing_inside(const SoundRequest& sound) {
  return der::sequence({content_of(sound.request.der), der::octet_string(Bytes{0xde, 0xad})});
}

Result<Bytes> with_version(const SoundRequest& sound, Bytes version) {
  InfoParts info = parts_of(sound);
  info.version = std::move(version);
  return sign_info(sound, info);
}

Result<Bytes> version_of_octets(const SoundRequest& sound, std::size_t octets) {
  return with_version(sound, der::tlv(tags::integer, Bytes(octets, Byte{0x55})));
}

Result<Bytes> with_attribute(const SoundRequest& sound, Bytes attribute) {
  auto attributes = attribute_list(sound);
  attributes.push_back(std::move(attribute));
  InfoParts info = parts_of(sound);
  info.attributes = attributes_of(std::move(attributes));
  return sign_info(sound, info);
}

// An unknown attribute around a value that nobody has a reason to look into.
Result<Bytes> with_unknown_value(const SoundRequest& sound, est::BytesView value) {
  return with_attribute(sound, der::sequence({der::oid(unknown_oid()), der::set_of({est::to_bytes(value)})}));
}

Result<Bytes> with_attribute_type(const SoundRequest& sound, est::BytesView oid_content) {
  const Bytes type = der::tlv(tags::oid, oid_content);
  return with_attribute(sound, der::sequence({type, der::set_of({der::null()})}));
}

// One sub-identifier of `octets` octets, all ones: far beyond any machine word.
Bytes endless_arc(std::size_t octets) {
  Bytes content{0x2a};
  content.resize(octets, Byte{0xff});
  content.push_back(0x7f);
  return content;
}

// Many arcs in an identifier that is valid.
Bytes arcs(std::size_t count) {
  Bytes content{0x2a};
  content.resize(count, Byte{0x01});
  return content;
}

Result<Bytes> with_signature_tlv(const SoundRequest& sound, est::BytesView signature) {
  return der::sequence({sound.request.info, est::codec::encode(sound.request.signature_algorithm), signature});
}

Result<Bytes> unused_bits(const SoundRequest& sound, Byte unused) {
  return with_signature_tlv(sound, der::tlv(tags::bit_string, der::concat({Bytes{unused}, sound.request.signature})));
}

// BER permits a BIT STRING in pieces, DER does not.
Result<Bytes> constructed_signature(const SoundRequest& sound) {
  der::Tag constructed = tags::bit_string;
  constructed.constructed = true;
  return with_signature_tlv(sound, der::tlv(constructed, der::bit_string(sound.request.signature)));
}

Result<Bytes> lone_identifier(const SoundRequest&) { return Bytes{sequence_tag}; }

}  // namespace

Bytes nested_elements(Byte tag, std::size_t levels, Bytes innermost) {
  // Written backwards, so that each level costs only its own octets.
  Bytes reversed(innermost.rbegin(), innermost.rend());
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t length = reversed.size();
    if (length < 0x80) {
      reversed.push_back(static_cast<Byte>(length));
    } else {
      unsigned octets = 0;
      for (std::size_t rest = length; rest > 0; rest >>= 8U, ++octets) reversed.push_back(static_cast<Byte>(rest));
      reversed.push_back(static_cast<Byte>(0x80U | octets));
    }
    reversed.push_back(tag);
  }
  std::reverse(reversed.begin(), reversed.end());
  return reversed;
}

std::vector<CorruptionEntry> hostile_encodings() {
  using Sound = const SoundRequest&;
  return {
      {{"length-past-end", "the outer length is one octet more than there are"}, length_past_end},
      {{"length-2-31", "the outer length is 2^31"}, [](Sound s) { return with_outer_length(s, 0x80000000U, 4); }},
      {{"length-2-63", "the outer length is 2^63"}, [](Sound s) { return with_outer_length(s, std::uint64_t{1} << 63U, 8); }},
      {{"length-reserved", "the outer length begins with the reserved octet 255"}, length_reserved},
      {{"length-of-length", "the outer length is written in 126 octets"}, length_of_length},
      {{"inner-length-past-end", "the subject's length goes beyond the structure around it, signed so"}, inner_length_past_end},
      {{"inner-length-zero", "the CertificationRequestInfo is empty"}, inner_length_zero},
      {{"tag-2-31", "the outer tag has the number 2^31"}, tag_of_2_31},
      {{"tag-without-end", "a tag number of 10000 octets that never ends"}, tag_without_end},
      {{"end-of-contents", "10000 octets of zero"}, end_of_contents_only},
      {{"lone-identifier", "one octet, the tag of a SEQUENCE"}, lone_identifier},
      {{"nested-deeply", "10000 SEQUENCEs inside each other"}, nested_deeply},
      {{"nested-indefinite", "10000 SEQUENCEs of indefinite length, none of which ends"}, nested_indefinite},
      {{"trailing-inside", "an OCTET STRING follows the signature inside the outer SEQUENCE"}, trailing_inside},
      {{"version-negative", "version -1, signed so"}, [](Sound s) { return with_version(s, der::integer(-1)); }},
      {{"version-2-64", "a version of nine octets, signed so"}, [](Sound s) { return version_of_octets(s, 9); }},
      {{"version-huge", "a version of 10000 octets, signed so"}, [](Sound s) { return version_of_octets(s, many); }},
      {{"version-empty", "the version is an INTEGER of no octets, signed so"},
       [](Sound s) { return with_version(s, der::tlv(tags::integer, {})); }},
      {{"attribute-nested", "an unknown attribute with 10000 SEQUENCEs inside each other, signed so"},
       [](Sound s) { return with_unknown_value(s, nested_elements(sequence_tag, many, der::null())); }},
      {{"attribute-boolean", "an unknown attribute with TRUE written as 01 (BER), signed so"},
       [](Sound s) { return with_unknown_value(s, der::tlv(tags::boolean, Bytes{0x01})); }},
      {{"attribute-integer-huge", "an unknown attribute with an INTEGER of 10000 octets, signed so"},
       [](Sound s) { return with_unknown_value(s, der::tlv(tags::integer, Bytes(many, Byte{0x55}))); }},
      {{"oid-empty", "an attribute type of no octets, signed so"}, [](Sound s) { return with_attribute_type(s, {}); }},
      {{"oid-arc-huge", "an attribute type with one arc of 10000 octets, signed so"},
       [](Sound s) { return with_attribute_type(s, endless_arc(many)); }},
      {{"oid-arcs-many", "an attribute type of 10000 arcs, signed so"}, [](Sound s) { return with_attribute_type(s, arcs(many)); }},
      {{"oid-unfinished", "an attribute type whose last arc does not end, signed so"},
       [](Sound s) {
         return with_attribute_type(s, Bytes{0x2a, 0xff});
       }},
      {{"signature-unused-8", "the signature has eight unused bits"}, [](Sound s) { return unused_bits(s, 8); }},
      {{"signature-unused-255", "the signature has 255 unused bits"}, [](Sound s) { return unused_bits(s, 255); }},
      {{"signature-no-octets", "the signature is a BIT STRING of no octets"},
       [](Sound s) { return with_signature_tlv(s, der::tlv(tags::bit_string, {})); }},
      {{"signature-constructed", "the signature is a BIT STRING in pieces (BER)"}, constructed_signature},
  };
}

std::vector<CorruptionEntry> hostile_requests() {
  std::vector<CorruptionEntry> all;
  for (auto family : {hostile_encodings, hostile_attributes, hostile_subjects, hostile_keys, hostile_signatures}) {
    for (auto& entry : family()) all.push_back(std::move(entry));
  }
  return all;
}

}  // namespace conformance::steps
