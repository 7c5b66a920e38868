// Property: a request the decoder accepts is rebuilt octet for octet from its parts; attribute readers never crash.
#include "est/codec/pkcs10.h"
#include "fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace codec = est::codec;
  const auto request = codec::decode_certification_request({data, size});
  if (!request.value) return 0;
  (void)codec::challenge_password(*request.value);
  (void)codec::requested_extensions(*request.value);
  (void)codec::requested_subject_alt_name(*request.value);
  (void)codec::change_subject_name(*request.value);
  (void)codec::smime_capabilities(*request.value);
  (void)request.value->subject.to_string();
  if (!request.accepted()) return 0;
  const auto again = codec::encode_certification_request(request.value->info, request.value->signature_algorithm, request.value->signature);
  fuzz::require(est::equal(again, {data, size}), "an accepted request re-encodes to the same octets");
  return 0;
}
