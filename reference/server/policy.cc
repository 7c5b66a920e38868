#include "server/policy.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "est/codec/der.h"

namespace server {
namespace {

using est::codec::Attribute;
using est::codec::Oid;
using est::crypto::KeyType;
namespace oids = est::codec::oids;
namespace der = est::codec::der;

// A key attribute as RFC 9908 3.2 writes it: the algorithm, and the curve or modulus size it is narrowed to.
struct KeyRequirement {
  Oid algorithm;
  std::optional<est::Bytes> parameter;
};

KeyRequirement requirement_of(KeyType type) {
  switch (type) {
    case KeyType::ec_p256:
      return {oids::ec_public_key, der::oid(oids::prime256v1)};
    case KeyType::ec_p384:
      return {oids::ec_public_key, der::oid(oids::secp384r1)};
    case KeyType::ec_p521:
      return {oids::ec_public_key, der::oid(oids::secp521r1)};
    case KeyType::rsa_1024:
      return {oids::rsa_encryption, der::integer(1024)};
    case KeyType::rsa_2048:
      return {oids::rsa_encryption, der::integer(2048)};
    case KeyType::rsa_3072:
      return {oids::rsa_encryption, der::integer(3072)};
    case KeyType::rsa_4096:
      return {oids::rsa_encryption, der::integer(4096)};
    case KeyType::ed25519:
      return {oids::ed25519, std::nullopt};
  }
  return {};
}

bool names_a_key_type(const est::codec::CsrAttrs& attributes) {
  return attributes.mentions(oids::ec_public_key) || attributes.mentions(oids::rsa_encryption) || attributes.mentions(oids::ed25519);
}

// One attribute per algorithm, its values all curves or sizes accepted.
std::vector<Attribute> key_attributes(const std::vector<KeyType>& types) {
  std::vector<Attribute> result;
  for (const KeyType type : types) {
    KeyRequirement wanted = requirement_of(type);
    auto found = std::find_if(result.begin(), result.end(), [&](const Attribute& each) { return each.type == wanted.algorithm; });
    if (found == result.end()) found = result.insert(result.end(), Attribute{wanted.algorithm, {}, 0});
    if (wanted.parameter) found->values.push_back(std::move(*wanted.parameter));
  }
  return result;
}

}  // namespace

std::string_view to_string(Authentication authentication) noexcept {
  switch (authentication) {
    case Authentication::none:
      return "none";
    case Authentication::basic:
      return "basic";
    case Authentication::digest:
      return "digest";
    case Authentication::password:
      return "password";
    case Authentication::certificate:
      return "certificate";
    case Authentication::certificate_or_password:
      return "certificate-or-password";
    case Authentication::certificate_and_password:
      return "certificate-and-password";
  }
  return "unknown";
}

est::codec::CsrAttrs advertised_attributes(const LabelPolicy& policy) {
  est::codec::CsrAttrs result = policy.attributes;
  if (policy.pop_required && !result.mentions(oids::challenge_password)) result.elements.emplace_back(oids::challenge_password);
  if (policy.pop_required && !result.mentions(oids::est_identity_linking)) result.elements.emplace_back(oids::est_identity_linking);
  if (policy.one_time_password_required && !result.mentions(oids::otp_challenge)) result.elements.emplace_back(oids::otp_challenge);
  if (!policy.profile.key_types.empty() && !names_a_key_type(result))
    for (Attribute& attribute : key_attributes(policy.profile.key_types)) result.elements.emplace_back(std::move(attribute));
  return result;
}

est::Result<Authorities> open_authorities(const Policies& policies) {
  Authorities opened;
  for (const auto& [label, policy] : policies) {
    if (policy.ca_directory.empty() || opened.contains(policy.ca_directory)) continue;
    est::Result<std::unique_ptr<ca::Authority>> authority = ca::Authority::open({policy.ca_directory, nullptr});
    if (!authority) return authority.error();
    opened.emplace(policy.ca_directory, *std::move(authority));
  }
  return opened;
}

}  // namespace server
