// Property: what strict accepts, lenient accepts with the same value; strict text re-encodes to itself.
#include "est/codec/base64.h"
#include "fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace codec = est::codec;
  const std::string_view text = est::as_text({data, size});
  const auto strict = codec::decode_base64(text, codec::Base64Mode::strict);
  const auto lenient = codec::decode_base64(text, codec::Base64Mode::lenient);
  if (!strict.accepted()) return 0;
  fuzz::require(lenient.accepted(), "strict is a subset of lenient");
  fuzz::require(*strict.value == *lenient.value, "both modes give the same value");
  fuzz::require(codec::encode_base64(*strict.value) == text, "strict text is canonical");
  return 0;
}
