// Textual encodings: every block that was read, written strictly, is read again without a finding.
#include "est/codec/pem.h"
#include "fuzz/target.h"

FUZZ_TARGET(pem) {
  namespace codec = est::codec;
  const auto blocks = codec::decode_pem(est::as_text(input));
  fuzz::require(blocks.value.has_value(), "the value is always there");
  std::string strict;
  for (const codec::PemBlock& block : *blocks.value) strict += codec::encode_pem(block.label, block.der);
  if (strict.empty()) return;
  const auto again = codec::decode_pem(strict);
  fuzz::require(again.accepted() && again.value->size() == blocks.value->size(), "every block survives");
  for (std::size_t i = 0; i < blocks.value->size(); ++i)
    fuzz::require((*again.value)[i].label == (*blocks.value)[i].label && (*again.value)[i].der == (*blocks.value)[i].der, "as it was");
}
