// Where the elements of a BER/DER message are: one flat pass, nothing allocated, any input.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace conformance::mutator {

struct Element {
  std::uint32_t at = 0;      // of the identifier octet
  std::uint32_t tag = 1;     // octets of the identifier
  std::uint32_t octets = 1;  // of the length field
  std::uint32_t prefix = 0;  // 1 where elements lie behind the unused-bits octet of a BIT STRING
  std::uint32_t length = 0;  // of the content behind the prefix
  std::int32_t parent = -1;  // index of the element around it

  [[nodiscard]] std::uint32_t header() const { return tag + octets + prefix; }
  [[nodiscard]] std::uint32_t content() const { return at + header(); }
  [[nodiscard]] std::uint32_t end() const { return content() + length; }
};

inline constexpr std::size_t most_elements = 256;

// Elements in the order of their first octets; constructed ones and OCTET or BIT STRINGs that hold exactly one element are gone into.
// What cannot be delimited is skipped to the end of what is around it; elements beyond `most_elements` are left out.
class Index {
 public:
  void build(std::span<const std::uint8_t> data);
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] const Element& operator[](std::size_t i) const { return elements_[i]; }

 private:
  std::array<Element, most_elements> elements_;
  std::size_t count_ = 0;
};

}  // namespace conformance::mutator
