// Property: an accepted list re-encodes to the same octets; the template reader never crashes.
#include "est/codec/csrattrs.h"
#include "fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace codec = est::codec;
  const auto attributes = codec::decode_csrattrs({data, size});
  if (!attributes.value) return 0;
  (void)codec::request_template(*attributes.value);
  if (!attributes.accepted()) return 0;
  fuzz::require(est::equal(codec::encode(*attributes.value), {data, size}), "an accepted list re-encodes to the same octets");
  return 0;
}
