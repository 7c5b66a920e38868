// An accepted list re-encodes to the same octets, a template survives encoding, and a request made as either says lacks nothing in the
// eyes of the server's own check.
#include <algorithm>

#include "est/codec/csrattrs.h"
#include "fuzz/target.h"
#include "server/request_checks.h"

namespace {

namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;
using est::Bytes;

bool is_key_oid(const codec::Oid& oid) {
  return oid == oids::ec_public_key || oid == oids::rsa_encryption || oid == oids::ed25519 || oid == oids::ed448;
}

// What a client gathers while it goes through the list. `possible` ends when two elements contradict each other.
struct Draft {
  codec::AlgorithmIdentifier key{oids::ec_public_key, der::oid(oids::prime256v1)};
  bool key_chosen = false;
  std::vector<codec::Attribute> attributes;
  std::vector<codec::Extension> extensions;
  std::vector<Bytes> subject;  // RDNs
  bool possible = true;

  void add(const codec::Attribute& wanted) {
    const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const auto& each) { return each.type == wanted.type; });
    codec::Attribute& mine = found != attributes.end() ? *found : attributes.emplace_back(codec::Attribute{wanted.type, {}});
    mine.values.insert(mine.values.end(), wanted.values.begin(), wanted.values.end());
  }
  void add(const codec::Extension& wanted) {
    const auto found = std::find_if(extensions.begin(), extensions.end(), [&](const auto& each) { return each.id == wanted.id; });
    if (found == extensions.end()) return extensions.push_back(wanted);
    if (found->value.empty()) found->value = wanted.value;
    possible = possible && (wanted.value.empty() || found->value == wanted.value);
  }
  void add_extensions(const codec::Attribute& wanted) {
    for (const Bytes& value : wanted.values)
      for (const auto& each : codec::decode_extensions(value).value.value_or(std::vector<codec::Extension>{})) add(each);
  }
  // The first one that names a key type is followed; the others are alternatives.
  void choose_key(const codec::Oid& type, const std::vector<Bytes>& values) {
    if (key_chosen) return;
    key_chosen = true;
    key = {type, values.empty() ? Bytes{} : values.front()};
    // A size is met by generating a key of that size, which takes too long here.
    possible = possible && (values.empty() || values.front().front() != 0x02);
  }
};

Draft drafted(const codec::CsrAttrs& list) {
  Draft draft;
  for (const codec::AttrOrOid& element : list.elements) {
    const auto* attribute = std::get_if<codec::Attribute>(&element);
    const codec::Oid& type = attribute != nullptr ? attribute->type : std::get<codec::Oid>(element);
    const std::vector<Bytes> values = attribute != nullptr ? attribute->values : std::vector<Bytes>{};
    if (is_key_oid(type))
      draft.choose_key(type, values);
    else if (attribute != nullptr && type == oids::extension_request)
      draft.add_extensions(*attribute);
    else
      draft.add(codec::Attribute{type, values});
  }
  return draft;
}

Bytes request_of(const Draft& draft, const codec::AlgorithmIdentifier& signature) {
  std::vector<codec::Attribute> attributes = draft.attributes;
  if (!draft.extensions.empty()) {
    std::erase_if(attributes, [](const auto& each) { return each.type == oids::extension_request; });
    attributes.push_back(codec::make_extension_request(draft.extensions));
  }
  for (codec::Attribute& each : attributes)
    if (each.values.empty()) each.values.push_back(der::null());
  const Bytes name = der::sequence_of(draft.subject);
  const Bytes key = der::sequence({codec::encode(draft.key), der::bit_string(Bytes(65, 4))});
  const codec::Name subject{name, {}};
  return codec::encode_certification_request(codec::encode_certification_request_info(subject, key, attributes), signature, Bytes(8, 1));
}

const codec::Oid* signature_with(const codec::Oid& digest) {
  if (digest == oids::sha1) return &oids::ecdsa_with_sha1;
  if (digest == oids::sha256) return &oids::ecdsa_with_sha256;
  if (digest == oids::sha384) return &oids::ecdsa_with_sha384;
  return digest == oids::sha512 ? &oids::ecdsa_with_sha512 : nullptr;
}

// Any alternative will do.
codec::AlgorithmIdentifier signature_for(const codec::CsrAttrs& list) {
  for (const codec::AttrOrOid& element : list.elements) {
    const auto* attribute = std::get_if<codec::Attribute>(&element);
    const codec::Oid& type = attribute != nullptr ? attribute->type : std::get<codec::Oid>(element);
    if (type.name().find("With") != std::string::npos || type.name().find("with") != std::string::npos || type == oids::rsassa_pss)
      return {type, {}};
    if (const codec::Oid* signature = signature_with(type)) return {*signature, {}};
  }
  return {oids::ecdsa_with_sha256, {}};
}

void require_list_can_be_met(const codec::CsrAttrs& list) {
  const Draft draft = drafted(list);
  if (!draft.possible) return;
  const auto request = codec::decode_certification_request(request_of(draft, signature_for(list)));
  if (!request.value) return;  // a value asked for cannot stand in a request
  fuzz::require(server::missing_attributes(list, *request.value).empty(), "a request made as the list says lacks nothing");
}

Bytes rdn_of(const codec::NameTemplateEntry& entry) {
  return der::set_of({der::sequence({der::oid(entry.type), entry.value ? *entry.value : der::utf8_string("x")})});
}

bool is_text(const codec::NameTemplateEntry& entry) {
  if (!entry.value) return true;
  est::Findings findings;
  const auto tlv = der::Reader(*entry.value, findings).any("value");
  return tlv && der::string_value(*tlv, findings) && findings.empty();
}

void require_template_can_be_met(const codec::RequestTemplate& wanted) {
  codec::CsrAttrs list;
  for (const codec::Attribute& each : wanted.attributes) list.elements.emplace_back(each);
  Draft draft = drafted(list);
  if (wanted.key || draft.key_chosen || !draft.extensions.empty()) return;
  for (const auto& rdn : wanted.subject)
    for (const codec::NameTemplateEntry& entry : rdn) {
      if (!is_text(entry)) return;
      draft.subject.push_back(rdn_of(entry));
    }
  if (wanted.key_algorithm) draft.key = *wanted.key_algorithm;
  for (const codec::ExtensionTemplate& each : wanted.extensions) {
    if (each.id == oids::subject_alt_name) return;  // its empty names are the client's to fill in
    draft.add(codec::Extension{each.id, each.critical, each.value.value_or(Bytes{})});
  }
  if (!draft.possible) return;
  const auto request = codec::decode_certification_request(request_of(draft, signature_for(list)));
  if (!request.value) return;
  fuzz::require(server::missing_from_template(wanted, *request.value).empty(), "a request made as the template says lacks nothing");
}

void require_template_survives(const codec::RequestTemplate& wanted) {
  const codec::CsrAttrs list{{codec::make_request_template(wanted)}};
  const auto again = codec::request_template(list);
  fuzz::require(again.value.has_value(), "a template that was read can be written and read");
  fuzz::require(again.value->has_subject == wanted.has_subject && again.value->subject.size() == wanted.subject.size() &&
                    again.value->key_algorithm == wanted.key_algorithm && again.value->key == wanted.key &&
                    again.value->extensions.size() == wanted.extensions.size(),
                "and is the same");
}

}  // namespace

FUZZ_TARGET(csrattrs) {
  const auto list = codec::decode_csrattrs(input);
  if (!list.value) return;
  const auto wanted = codec::request_template(*list.value);
  if (!list.accepted()) return;
  fuzz::require(est::equal(codec::encode(*list.value), input), "an accepted list re-encodes to the same octets");
  require_list_can_be_met(*list.value);
  if (!wanted.accepted()) return;
  require_template_survives(*wanted.value);
  require_template_can_be_met(*wanted.value);
}
