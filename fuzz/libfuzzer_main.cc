// What libFuzzer and AFL++'s driver of the same interface call: the one target of this program.
#include <cstddef>
#include <cstdint>

#include "fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::targets().front().run({data, size});
  return 0;
}
