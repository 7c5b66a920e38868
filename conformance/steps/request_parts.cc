#include "conformance/steps/request_parts.h"

#include "est/codec/der.h"

namespace conformance::steps {

namespace der = est::codec::der;
using est::Bytes;

Bytes InfoParts::encode() const { return der::sequence({version, subject, public_key, attributes}); }

std::vector<Bytes> attribute_list(const SoundRequest& sound) {
  std::vector<Bytes> attributes;
  for (const auto& attribute : sound.request.attributes) attributes.push_back(est::codec::encode(attribute));
  return attributes;
}

Bytes attributes_of(std::vector<Bytes> attributes) {
  // IMPLICIT [0]: the content of the SET OF under another tag.
  Bytes set = der::set_of(std::move(attributes));
  set.front() = 0xa0;
  return set;
}

InfoParts parts_of(const SoundRequest& sound) {
  return {der::integer(0), sound.request.subject.der, sound.request.key.der, attributes_of(attribute_list(sound))};
}

est::Result<Bytes> sign_info(const SoundRequest& sound, est::BytesView info) {
  const auto signature = sound.key.sign(sound.digest, info);
  if (!signature) return signature.error();
  return est::codec::encode_certification_request(info, sound.key.signature_algorithm(sound.digest), *signature);
}

est::Result<Bytes> sign_info(const SoundRequest& sound, const InfoParts& info) { return sign_info(sound, info.encode()); }

const est::codec::Oid& unknown_oid() {
  static const est::codec::Oid oid("1.3.6.1.4.1.32473.7030.1");
  return oid;
}

Bytes content_of(est::BytesView tlv) {
  est::Findings findings;
  der::Reader reader(tlv, findings);
  const auto outer = reader.any("request");
  return outer ? est::to_bytes(outer->content) : Bytes{};
}

est::Result<Bytes> with_signature(const SoundRequest& sound, est::BytesView signature) {
  return est::codec::encode_certification_request(sound.request.info, sound.request.signature_algorithm, signature);
}

}  // namespace conformance::steps
