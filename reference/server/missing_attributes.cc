#include <algorithm>
#include <array>
#include <utility>

#include "est/codec/der.h"
#include "est/crypto/key.h"
#include "server/request_checks.h"

namespace server {
namespace {

using est::Bytes;
using est::codec::Attribute;
using est::codec::AttrOrOid;
using est::codec::CertificationRequest;
using est::codec::Extension;
using est::codec::GeneralName;
using est::codec::Oid;
namespace codec = est::codec;
namespace der = est::codec::der;
namespace oids = est::codec::oids;

bool is_key_type(const Oid& oid) {
  return oid == oids::ec_public_key || oid == oids::rsa_encryption || oid == oids::ed25519 || oid == oids::ed448;
}

// A digest stands for every signature algorithm that uses it.
std::optional<est::crypto::Digest> digest_by(const Oid& oid) {
  using est::crypto::Digest;
  const std::array<std::pair<const Oid*, Digest>, 4> known{
      {{&oids::sha1, Digest::sha1}, {&oids::sha256, Digest::sha256}, {&oids::sha384, Digest::sha384}, {&oids::sha512, Digest::sha512}}};
  for (const auto& [id, digest] : known)
    if (*id == oid) return digest;
  return std::nullopt;
}

bool signs_by(const codec::AlgorithmIdentifier& signature, const Oid& wanted) {
  const auto digest = digest_by(wanted);
  return signature.algorithm == wanted || (digest && est::crypto::digest_of(signature) == digest);
}

bool is_signature(const Oid& oid) {
  const std::array known{&oids::sha1_with_rsa,     &oids::sha256_with_rsa,   &oids::sha384_with_rsa,
                         &oids::sha512_with_rsa,   &oids::rsassa_pss,        &oids::ecdsa_with_sha1,
                         &oids::ecdsa_with_sha256, &oids::ecdsa_with_sha384, &oids::ecdsa_with_sha512};
  return digest_by(oid) || std::any_of(known.begin(), known.end(), [&](const Oid* each) { return *each == oid; });
}

const Oid& oid_of(const AttrOrOid& element) {
  const auto* attribute = std::get_if<Attribute>(&element);
  return attribute != nullptr ? attribute->type : std::get<Oid>(element);
}

// What of the request the elements are held against, decoded once.
struct Asked {
  const CertificationRequest& request;
  std::vector<Extension> extensions;
  std::vector<GeneralName> names;
  int key_bits = 0;
};

Asked look_at(const CertificationRequest& request) {
  auto extensions = codec::requested_extensions(request);
  const auto facts = est::crypto::key_facts(request.key.der);
  return {request, std::move(extensions.value).value_or(std::vector<Extension>{}), codec::requested_subject_alt_name(request),
          facts ? facts->bits : 0};
}

bool in_subject(const codec::Name& subject, const Oid& oid) {
  for (const auto& rdn : subject.rdns)
    for (const auto& part : rdn)
      if (part.type == oid) return true;
  return false;
}

// OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY } as IMPLICIT content; whichever way the tag was
// kept, the first OBJECT IDENTIFIER in it is the type.
bool in_other_names(const std::vector<GeneralName>& names, const Oid& oid) {
  const Bytes needle = der::oid(oid);
  return std::any_of(names.begin(), names.end(), [&](const GeneralName& name) {
    return name.type == codec::GeneralNameType::other &&
           std::search(name.value.begin(), name.value.end(), needle.begin(), needle.end()) != name.value.end();
  });
}

// RFC 7894 3.3: one stands for the other.
bool is_linking(const Oid& oid) { return oid == oids::challenge_password || oid == oids::est_identity_linking; }

bool is_linked(const CertificationRequest& request) {
  return request.attribute(oids::challenge_password) != nullptr || request.attribute(oids::est_identity_linking) != nullptr;
}

bool used_anywhere(const Asked& asked, const Oid& oid) {
  if (is_linking(oid)) return is_linked(asked.request);
  const auto is_it = [&](const Extension& extension) { return extension.id == oid; };
  return asked.request.attribute(oid) != nullptr || std::any_of(asked.extensions.begin(), asked.extensions.end(), is_it) ||
         in_subject(asked.request.subject, oid) || in_other_names(asked.names, oid) ||
         asked.request.key.algorithm.parameters == der::oid(oid);
}

// RFC 9908 3.2: the type, and if there are values, one of them: the curve, or the size as INTEGER.
bool key_fits(const Asked& asked, const AttrOrOid& element) {
  const codec::AlgorithmIdentifier& algorithm = asked.request.key.algorithm;
  if (algorithm.algorithm != oid_of(element)) return false;
  const auto* attribute = std::get_if<Attribute>(&element);
  if (attribute == nullptr || attribute->values.empty()) return true;
  const Bytes size = der::integer(asked.key_bits);
  return std::any_of(attribute->values.begin(), attribute->values.end(),
                     [&](const Bytes& value) { return value == algorithm.parameters || value == size; });
}

void need_extensions(const Asked& asked, const Attribute& attribute, std::vector<std::string>& missing) {
  for (const Bytes& value : attribute.values) {
    const auto wanted = codec::decode_extensions(value);
    for (const Extension& each : wanted.value.value_or(std::vector<Extension>{})) {
      const auto found =
          std::find_if(asked.extensions.begin(), asked.extensions.end(), [&](const Extension& e) { return e.id == each.id; });
      if (found == asked.extensions.end())
        missing.push_back("the extension " + each.id.name());
      else if (!each.value.empty() && found->value != each.value)
        missing.push_back("the extension " + each.id.name() + " with the value /csrattrs gives");
    }
  }
}

void need_attribute(const Asked& asked, const Attribute& attribute, std::vector<std::string>& missing) {
  if (attribute.type == oids::extension_request) return need_extensions(asked, attribute, missing);
  const Attribute* given = asked.request.attribute(attribute.type);
  if (given == nullptr) {
    if (!used_anywhere(asked, attribute.type)) missing.push_back("the attribute " + attribute.type.name());
    return;
  }
  for (const Bytes& value : attribute.values)
    if (std::find(given->values.begin(), given->values.end(), value) == given->values.end())
      missing.push_back("the attribute " + attribute.type.name() + " with the value /csrattrs gives");
}

struct Alternatives {
  bool wanted = false;
  bool met = false;
  std::string names;

  void add(const AttrOrOid& element, bool fits) {
    wanted = true;
    met = met || fits;
    names += (names.empty() ? "" : " or ") + oid_of(element).name();
  }
};

}  // namespace

LabelPolicy without_key_demands(const LabelPolicy& policy) {
  LabelPolicy rest = policy;
  std::erase_if(rest.attributes.elements,
                [](const AttrOrOid& element) { return is_key_type(oid_of(element)) || is_signature(oid_of(element)); });
  rest.profile.key_types.clear();  // advertised_attributes would add them again
  return rest;
}

std::vector<std::string> missing_attributes(const codec::CsrAttrs& wanted, const CertificationRequest& request) {
  const Asked asked = look_at(request);
  std::vector<std::string> missing;
  Alternatives key, signature;
  for (const AttrOrOid& element : wanted.elements) {
    const Oid& oid = oid_of(element);
    const auto* attribute = std::get_if<Attribute>(&element);
    if (oid == oids::certification_request_info_template) continue;
    if (oid == oids::revocation_challenge) continue;  // for clients that have one (RFC 7894 4)
    if (is_key_type(oid))
      key.add(element, key_fits(asked, element));
    else if (is_signature(oid))
      signature.add(element, signs_by(request.signature_algorithm, oid));
    else if (attribute != nullptr)
      need_attribute(asked, *attribute, missing);
    else if (!used_anywhere(asked, oid))
      missing.push_back(oid.name());
  }
  if (key.wanted && !key.met) missing.push_back("a key of type " + key.names + " with the parameters /csrattrs gives");
  if (signature.wanted && !signature.met) missing.push_back("a signature by " + signature.names);
  return missing;
}

}  // namespace server
