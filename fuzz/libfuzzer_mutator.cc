// Joins the mutator to libFuzzer (and to AFL++, whose driver knows the same functions). The octets inside an element are libFuzzer's to
// change, which knows what the target compares them with; now and then it gets the whole input, as it does with everything that is no TLV.
#include <algorithm>

#include "conformance/mutator/tlv_mutator.h"

namespace mutator = conformance::mutator;

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned int seed) {
  static mutator::SeedPool pool;
  mutator::Random random(seed);
  if (random.below(16) == 0) pool.remember({data, size}, random);
  const std::uint32_t choice = random.below(8);
  if (size < 2 || choice == 0) return LLVMFuzzerMutate(data, size, most);
  if (choice < 4) return mutator::change_content({data, most}, size, random, LLVMFuzzerMutate);
  return mutator::mutate({data, most}, size, random, pool);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1, const std::uint8_t* data2, std::size_t size2,
                                                 std::uint8_t* out, std::size_t most, unsigned int seed) {
  mutator::Random random(seed);
  const std::size_t size = std::min(size1, most);
  std::copy_n(data1, size, out);
  return mutator::cross({out, most}, size, {data2, size2}, random);
}
