// What strict accepts, lenient accepts with the same value; strict text is canonical; folding changes nothing for lenient.
#include "est/codec/base64.h"
#include "fuzz/planted.h"
#include "fuzz/target.h"

FUZZ_TARGET(base64) {
  namespace codec = est::codec;
  const std::string_view text = est::as_text(input);
  const auto strict = codec::decode_base64(fuzz::in_alphabet(text), codec::Base64Mode::strict);
  const auto lenient = codec::decode_base64(text, codec::Base64Mode::lenient);
  if (lenient.accepted()) {
    const auto folded = codec::decode_base64(codec::encode_base64(*lenient.value, 64, "\r\n"), codec::Base64Mode::lenient);
    fuzz::require(folded.accepted() && *folded.value == *lenient.value, "folded lines give the same octets");
  }
  if (!strict.accepted()) return;
  fuzz::require(lenient.accepted(), "strict is a subset of lenient");
  fuzz::require(*strict.value == *lenient.value, "both modes give the same value");
  fuzz::require(codec::encode_base64(*strict.value) == text, "strict text is canonical");
}
