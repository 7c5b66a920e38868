// Property: an accepted message, rebuilt from its certificates and CRLs, decodes to the same ones.
#include "est/codec/cms.h"
#include "fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace codec = est::codec;
  const auto message = codec::decode_certs_only({data, size});
  if (!message.accepted()) return 0;
  const auto again = codec::decode_certs_only(codec::encode_certs_only(message.value->certificates, message.value->crls));
  fuzz::require(again.value.has_value(), "what we build we can read");
  fuzz::require(again.value->certificates.size() == message.value->certificates.size(), "no certificate is lost");
  return 0;
}
