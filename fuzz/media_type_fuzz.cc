// Content-Type: what is read, written again, reads the same.
#include "est/codec/media_type.h"
#include "fuzz/target.h"

FUZZ_TARGET(media_type) {
  namespace codec = est::codec;
  const auto type = codec::decode_media_type(est::as_text(input));
  if (!type.accepted()) return;
  const auto again = codec::decode_media_type(codec::encode(*type.value));
  fuzz::require(again.accepted(), "what we write we accept");
  fuzz::require(again.value->essence() == type.value->essence() && again.value->parameters == type.value->parameters,
                "and it means the same");
}
