#include "est/base/bytes.h"

#include <algorithm>

namespace est {

BytesView as_bytes(std::string_view text) noexcept { return {reinterpret_cast<const Byte*>(text.data()), text.size()}; }

std::string_view as_text(BytesView bytes) noexcept { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

Bytes to_bytes(BytesView bytes) { return {bytes.begin(), bytes.end()}; }

std::string to_string(BytesView bytes) { return std::string(as_text(bytes)); }

bool equal(BytesView left, BytesView right) noexcept { return std::equal(left.begin(), left.end(), right.begin(), right.end()); }

bool equal_constant_time(BytesView left, BytesView right) noexcept {
  if (left.size() != right.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) difference |= static_cast<unsigned>(left[i] ^ right[i]);
  return difference == 0;
}

void append(Bytes& to, BytesView what) { to.insert(to.end(), what.begin(), what.end()); }

void append(Bytes& to, std::string_view what) { append(to, as_bytes(what)); }

std::string hex(BytesView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const Byte byte : bytes) {
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 15U]);
  }
  return text;
}

}  // namespace est
