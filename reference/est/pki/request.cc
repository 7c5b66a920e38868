#include "est/pki/request.h"

namespace est::pki {
namespace {

std::vector<codec::Attribute> attributes_of(const RequestSpec& spec) {
  std::vector<codec::Attribute> attributes;
  if (!spec.extensions.empty()) attributes.push_back(codec::make_extension_request(spec.extensions));
  if (spec.challenge_password) attributes.push_back(codec::make_challenge_password(*spec.challenge_password));
  attributes.insert(attributes.end(), spec.attributes.begin(), spec.attributes.end());
  return attributes;
}

}  // namespace

Result<Bytes> make_request(const RequestSpec& spec, const crypto::PrivateKey& key) {
  const crypto::Digest digest = spec.digest.value_or(key.natural_digest());
  const Bytes info = codec::encode_certification_request_info(spec.subject, key.public_key_info(), attributes_of(spec));
  const auto signature = key.sign(digest, info);
  if (!signature) return signature.error();
  return codec::encode_certification_request(info, key.signature_algorithm(digest), *signature);
}

Result<bool> verify_request(const codec::CertificationRequest& request) {
  return crypto::verify(request.key.der, request.signature_algorithm, request.info, request.signature);
}

}  // namespace est::pki
