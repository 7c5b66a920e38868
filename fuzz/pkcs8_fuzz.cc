// A private key the decoder accepts re-encodes to the same octets, alone and as a package of one.
#include "est/codec/pkcs8.h"
#include "fuzz/target.h"

FUZZ_TARGET(pkcs8) {
  namespace codec = est::codec;
  const auto package = codec::decode_asymmetric_key_package(input);
  if (package.accepted())
    fuzz::require(est::equal(codec::encode_asymmetric_key_package(*package.value), input),
                  "an accepted package re-encodes to the same octets");
  const auto key = codec::decode_private_key_info(input);
  if (!key.accepted()) return;
  fuzz::require(!package.accepted(), "a key is no package");
  fuzz::require(est::equal(codec::encode(*key.value), input), "an accepted key re-encodes to the same octets");
  const auto packed = codec::decode_asymmetric_key_package(codec::encode_asymmetric_key_package({est::to_bytes(input)}));
  fuzz::require(packed.accepted() && packed.value->size() == 1 && est::equal(packed.value->front(), input), "a package of it holds it");
}
