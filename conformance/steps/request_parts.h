// A certification request taken apart, so that one part can be replaced and the rest signed again.
#pragma once

#include "conformance/steps/corrupt.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/oid.h"

namespace conformance::steps {

// The parts of CertificationRequestInfo, each a whole TLV.
struct InfoParts {
  est::Bytes version, subject, public_key, attributes;
  [[nodiscard]] est::Bytes encode() const;
};
[[nodiscard]] InfoParts parts_of(const SoundRequest& sound);
// attributes [0] with these Attributes, in the order of a SET OF.
[[nodiscard]] est::Bytes attributes_of(std::vector<est::Bytes> attributes);
// The Attributes of the sound request.
[[nodiscard]] std::vector<est::Bytes> attribute_list(const SoundRequest& sound);

// The content of the first TLV; empty when there is none.
[[nodiscard]] est::Bytes content_of(est::BytesView tlv);

// The whole request around a CertificationRequestInfo (a whole TLV), signed by the sound request's key.
[[nodiscard]] est::Result<est::Bytes> sign_info(const SoundRequest& sound, est::BytesView info);
[[nodiscard]] est::Result<est::Bytes> sign_info(const SoundRequest& sound, const InfoParts& info);
// The sound request with other octets in its signature.
[[nodiscard]] est::Result<est::Bytes> with_signature(const SoundRequest& sound, est::BytesView signature);

// Arcs below IANA's example enterprise number (RFC 5612): known to nobody.
[[nodiscard]] const est::codec::Oid& unknown_oid();

}  // namespace conformance::steps
