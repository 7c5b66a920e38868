// Joins the mutator to libFuzzer (and to AFL++, whose driver knows the same function). One input in eight goes to the default mutator, as
// does everything that is no TLV.
#include "conformance/mutator/tlv_mutator.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned int seed) {
  static conformance::mutator::SeedPool pool;
  conformance::mutator::Random random(seed);
  if (random.below(16) == 0) pool.remember({data, size}, random);
  if (size < 2 || random.below(8) == 0) return LLVMFuzzerMutate(data, size, most);
  const std::size_t before = size;
  for (std::uint32_t rounds = 1 + random.below(3); rounds > 0; --rounds)
    size = conformance::mutator::mutate({data, most}, size, random, pool);
  return size == before && random.below(4) == 0 ? LLVMFuzzerMutate(data, size, most) : size;
}
