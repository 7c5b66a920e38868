#include "fuzz/blind.h"

#include <algorithm>

namespace fuzz {
namespace {

using conformance::mutator::Random;
using est::Bytes;
using est::BytesView;

std::size_t place_in(const Bytes& octets, Random& random) { return random.below(static_cast<std::uint32_t>(octets.size() + 1)); }

BytesView range_of(const Bytes& octets, Random& random) {
  const std::size_t from = place_in(octets, random);
  const std::size_t most = random.below(4) == 0 ? octets.size() : 16;
  return BytesView(octets).subspan(from, std::min(octets.size() - from, std::size_t{random.below(static_cast<std::uint32_t>(most + 1))}));
}

BytesView line_of(const Bytes& octets, Random& random) {
  const auto from = std::find(octets.begin() + static_cast<std::ptrdiff_t>(place_in(octets, random)), octets.end(), '\n');
  const auto to = std::find(from == octets.end() ? from : from + 1, octets.end(), '\n');
  return BytesView(octets).subspan(static_cast<std::size_t>(from - octets.begin()), static_cast<std::size_t>(to - from));
}

void insert(Bytes& octets, BytesView what, Random& random) {
  const Bytes copy(what.begin(), what.end());
  octets.insert(octets.begin() + static_cast<std::ptrdiff_t>(place_in(octets, random)), copy.begin(), copy.end());
}

void remove(Bytes& octets, BytesView what) {
  const auto from = octets.begin() + (what.data() - octets.data());
  octets.erase(from, from + static_cast<std::ptrdiff_t>(what.size()));
}

void change_an_octet(Bytes& octets, Random& random) {
  if (octets.empty()) return;
  est::Byte& octet = octets[random.below(static_cast<std::uint32_t>(octets.size()))];
  octet = random.below(2) == 0 ? static_cast<est::Byte>(octet ^ (1U << random.below(8))) : static_cast<est::Byte>(random.next());
}

void change_an_element(Bytes& octets, Random& random) {
  static const conformance::mutator::SeedPool none;
  const std::size_t size = octets.size();
  octets.resize(size + 256);
  const auto operation = static_cast<conformance::mutator::Operation>(random.below(conformance::mutator::operations));
  octets.resize(conformance::mutator::apply(operation, octets, size, random, none));
}

void change(Bytes& octets, const Bytes& other, Random& random) {
  constexpr est::Byte sequence = 0x30;
  if (!octets.empty() && octets.front() == sequence && random.below(4) != 0) return change_an_element(octets, random);
  switch (random.below(6)) {
    case 0:
      return remove(octets, range_of(octets, random));
    case 1:
      return remove(octets, line_of(octets, random));
    case 2:
      return insert(octets, range_of(octets, random), random);
    case 3:
      return insert(octets, range_of(other, random), random);
    case 4:
      return insert(octets, line_of(other, random), random);
    default:
      return change_an_octet(octets, random);
  }
}

}  // namespace

Bytes blind_input(const std::vector<Bytes>& seeds, Random& random) {
  const auto any = [&]() -> const Bytes& { return seeds[random.below(static_cast<std::uint32_t>(seeds.size()))]; };
  Bytes octets = any();
  for (std::uint32_t changes = 1 + random.below(4); changes > 0; --changes) change(octets, any(), random);
  octets.shrink_to_fit();
  return octets;
}

}  // namespace fuzz
