// Mutates BER/DER messages element by element. Flat: works in the caller's buffer, allocates nothing. The lengths of all elements around a
// change are made right again, so that most results still parse; one mutation in fourteen lies about a length instead.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "conformance/mutator/tlv_index.h"

namespace conformance::mutator {

// xorshift64*: the same seed gives the same mutation everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_((seed + 1) * 0x9E3779B97F4A7C15ULL) { state_ = state_ == 0 ? 1 : state_; }
  std::uint32_t next();
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return bound < 2 ? 0 : next() % bound; }

 private:
  std::uint64_t state_;
};

// A few earlier inputs, from which elements are grafted. Inputs too big for a place are not kept.
class SeedPool {
 public:
  void remember(std::span<const std::uint8_t> input, Random& random);
  [[nodiscard]] std::span<const std::uint8_t> any(Random& random) const;  // empty while there is none

 private:
  static constexpr std::size_t places = 32;
  static constexpr std::size_t most_octets = 4096;
  std::array<std::array<std::uint8_t, most_octets>, places> octets_{};
  std::array<std::size_t, places> sizes_{};
  std::size_t filled_ = 0;
};

enum class Operation : std::uint8_t {
  duplicate,
  remove,
  swap,
  retag,
  resize,
  graft,
  wrap,
  unwrap,
  replace_oid,
  replace_value,
  empty,
  change_octet,
  move,
  lie,
};
inline constexpr std::size_t operations = 14;

// The new size; `size` again, with the octets unchanged, where the operation has nothing to work on or no room. `buffer` is the whole
// room there is, the message its first `size` octets.
[[nodiscard]] std::size_t apply(Operation operation, std::span<std::uint8_t> buffer, std::size_t size, Random& random,
                                const SeedPool& pool);
// Some operation that changes something; gives up after a few.
[[nodiscard]] std::size_t mutate(std::span<std::uint8_t> buffer, std::size_t size, Random& random, const SeedPool& pool);

// A mutator of plain octets in place: returns the new size, at most `most`.
using OctetMutator = std::size_t (*)(std::uint8_t* data, std::size_t size, std::size_t most);
// Has `change` work on the content of one primitive element, and mends the lengths around it.
[[nodiscard]] std::size_t change_content(std::span<std::uint8_t> buffer, std::size_t size, Random& random, OctetMutator change);
// `buffer` with elements of `other` beside or in place of its own; half of the replacements have the replaced one's tag.
[[nodiscard]] std::size_t cross(std::span<std::uint8_t> buffer, std::size_t size, std::span<const std::uint8_t> other, Random& random);

}  // namespace conformance::mutator
