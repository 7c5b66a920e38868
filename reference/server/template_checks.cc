// RFC 9908 3.4: does a request have what a template asks for?
#include <algorithm>
#include <utility>

#include "est/codec/der.h"
#include "est/crypto/key.h"
#include "server/request_checks.h"

namespace server {
namespace {

using est::Bytes;
using est::codec::AttributeTypeAndValue;
using est::codec::CertificationRequest;
using est::codec::Extension;
using est::codec::ExtensionTemplate;
using est::codec::GeneralName;
using est::codec::NameTemplateEntry;
using est::codec::RequestTemplate;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

using Missing = std::vector<std::string>;

// The string inside a template's value; a value that is no string fits nothing.
std::optional<std::string> text_of(const Bytes& value) {
  est::Findings findings;
  const std::optional<der::Tlv> tlv = der::Reader(value, findings).any("value");
  if (!tlv || !der::is_string(tlv->tag)) return std::nullopt;
  return der::string_value(*tlv, findings);
}

bool fits(const NameTemplateEntry& wanted, const AttributeTypeAndValue& given) {
  return wanted.type == given.type && (!wanted.value || text_of(*wanted.value) == given.value);
}

// Each part of the subject meets one demand. Demands for a value choose first, so that a free one does not take their part.
void need_subject(const RequestTemplate& wanted, const codec::Name& subject, Missing& missing) {
  std::vector<AttributeTypeAndValue> left;
  for (const auto& rdn : subject.rdns) left.insert(left.end(), rdn.begin(), rdn.end());
  for (const bool with_value : {true, false})
    for (const auto& rdn : wanted.subject)
      for (const NameTemplateEntry& entry : rdn) {
        if (entry.value.has_value() != with_value) continue;
        const auto found = std::find_if(left.begin(), left.end(), [&](const auto& given) { return fits(entry, given); });
        if (found != left.end())
          left.erase(found);
        else
          missing.push_back("the subject's " + entry.type.name() + (with_value ? " with the value /csrattrs gives" : ""));
      }
}

void need_key(const RequestTemplate& wanted, const CertificationRequest& request, Missing& missing) {
  if (!wanted.key_algorithm) return;
  const codec::AlgorithmIdentifier& given = request.key.algorithm;
  const bool same_type = given.algorithm == wanted.key_algorithm->algorithm;
  const bool same_curve = given.algorithm != oids::ec_public_key || given.parameters == wanted.key_algorithm->parameters;
  if (!same_type || !same_curve) {
    missing.push_back("a key of type " + wanted.key_algorithm->algorithm.name() + " with the parameters /csrattrs gives");
    return;
  }
  // RFC 9908 3.4: the placeholder gives the size of an RSA key, and has no meaning for others.
  const int bits = codec::modulus_bits(wanted);
  if (bits == 0) return;
  const auto facts = est::crypto::key_facts(request.key.der);
  if (!facts || facts->bits != bits) missing.push_back("a key of " + std::to_string(bits) + " bits");
}

// RFC 9908 3.4: an empty name in the template stands for one of its kind that the client fills in.
bool has_names(const std::vector<GeneralName>& given, const Bytes& wanted_value) {
  const auto wanted = codec::decode_general_names(wanted_value);
  if (!wanted.value) return false;
  const Bytes null_name = der::sequence({});
  return std::all_of(wanted.value->begin(), wanted.value->end(), [&](const GeneralName& name) {
    const bool open = name.value.empty() || name.value == null_name;
    return std::any_of(given.begin(), given.end(),
                       [&](const GeneralName& each) { return each.type == name.type && (open || each.value == name.value); });
  });
}

void need_extension(const ExtensionTemplate& wanted, const CertificationRequest& request, const std::vector<Extension>& given,
                    Missing& missing) {
  const auto found = std::find_if(given.begin(), given.end(), [&](const Extension& each) { return each.id == wanted.id; });
  if (found == given.end()) {
    missing.push_back("the extension " + wanted.id.name());
    return;
  }
  if (!wanted.value) return;
  const bool fits = wanted.id == oids::subject_alt_name ? has_names(codec::requested_subject_alt_name(request), *wanted.value)
                                                        : found->value == *wanted.value;
  if (!fits) missing.push_back("the extension " + wanted.id.name() + " with the value /csrattrs gives");
}

}  // namespace

Missing missing_from_template(const RequestTemplate& wanted, const CertificationRequest& request) {
  codec::CsrAttrs attributes;
  for (const codec::Attribute& each : wanted.attributes) attributes.elements.emplace_back(each);
  Missing missing = missing_attributes(attributes, request);
  if (wanted.has_subject) need_subject(wanted, request.subject, missing);
  need_key(wanted, request, missing);
  const auto extensions = codec::requested_extensions(request).value.value_or(std::vector<Extension>{});
  for (const ExtensionTemplate& each : wanted.extensions) need_extension(each, request, extensions, missing);
  return missing;
}

Missing unmet_demands(const LabelPolicy& policy, const CertificationRequest& request) {
  const auto wanted = codec::request_template(policy.attributes);
  if (!wanted.value) return missing_attributes(advertised_attributes(policy), request);
  Missing missing = missing_from_template(*wanted.value, request);
  const bool has_list = policy.attributes.elements.size() > 1;
  if (has_list && !missing.empty() && missing_attributes(advertised_attributes(policy), request).empty()) return {};
  return missing;
}

}  // namespace server
