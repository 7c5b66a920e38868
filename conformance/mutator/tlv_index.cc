#include "conformance/mutator/tlv_index.h"

namespace conformance::mutator {
namespace {

constexpr std::uint8_t constructed_bit = 0x20;
constexpr std::size_t deepest = 40;

// False when identifier, length and content do not fit between `at` and `end`.
bool read_element(std::span<const std::uint8_t> data, std::uint32_t at, std::uint32_t end, Element& out) {
  out = Element{at};
  std::uint32_t next = at;
  if (next >= end) return false;
  if ((data[next++] & 0x1FU) == 0x1FU) {
    do {
      if (next >= end || next - at > 5) return false;
    } while ((data[next++] & 0x80U) != 0);
  }
  out.tag = next - at;
  if (next >= end) return false;
  std::uint32_t length = data[next++];
  if (length > 0x7F) {
    const std::uint32_t count = length & 0x7FU;
    if (count == 0 || count > 4 || end - next < count) return false;
    length = 0;
    for (std::uint32_t i = 0; i < count; ++i) length = length << 8U | data[next++];
  }
  out.octets = next - at - out.tag;
  out.length = length;
  return length <= end - next;
}

// A string that holds exactly one element is gone into.
bool encapsulates(std::span<const std::uint8_t> data, Element& element) {
  const std::uint8_t tag = data[element.at];
  if (tag != 0x03 && tag != 0x04) return false;
  const std::uint32_t skip = tag == 0x03 ? 1 : 0;
  if (element.length < skip + 2 || (skip == 1 && data[element.content()] != 0)) return false;
  Element inner;
  if (!read_element(data, element.content() + skip, element.end(), inner) || inner.end() != element.end()) return false;
  element.prefix = skip;
  element.length -= skip;
  return true;
}

}  // namespace

void Index::build(std::span<const std::uint8_t> data) {
  struct Level {
    std::uint32_t end = 0;
    std::int32_t parent = -1;
  };
  std::array<Level, deepest> levels;
  std::size_t depth = 0;
  levels[0] = {static_cast<std::uint32_t>(data.size()), -1};
  count_ = 0;
  std::uint32_t at = 0;
  while (count_ < most_elements) {
    while (at >= levels[depth].end) {
      if (depth == 0) return;
      --depth;
    }
    Element& element = elements_[count_];
    if (!read_element(data, at, levels[depth].end, element)) {
      at = levels[depth].end;
      continue;
    }
    element.parent = levels[depth].parent;
    const bool inside = (data[at] & constructed_bit) != 0 || encapsulates(data, element);
    at = inside && depth + 1 < deepest ? element.content() : element.end();
    if (inside && depth + 1 < deepest) levels[++depth] = {element.end(), static_cast<std::int32_t>(count_)};
    ++count_;
  }
}

}  // namespace conformance::mutator
