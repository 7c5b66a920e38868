// Octet strings. `Bytes` owns, `BytesView` borrows and must not outlive what it views.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace est {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using BytesView = std::span<const Byte>;

// Text and octets are the same memory seen twice; neither call copies, neither checks an encoding.
[[nodiscard]] BytesView as_bytes(std::string_view text) noexcept;
[[nodiscard]] std::string_view as_text(BytesView bytes) noexcept;

[[nodiscard]] Bytes to_bytes(std::string_view text);
[[nodiscard]] Bytes to_bytes(BytesView bytes);
[[nodiscard]] std::string to_string(BytesView bytes);

[[nodiscard]] bool equal(BytesView left, BytesView right) noexcept;
// Compares in time that depends on the lengths only: for passwords, digests and channel bindings.
[[nodiscard]] bool equal_constant_time(BytesView left, BytesView right) noexcept;

void append(Bytes& to, BytesView what);
void append(Bytes& to, std::string_view what);

// Lower-case hexadecimal, without separators.
[[nodiscard]] std::string hex(BytesView bytes);

}  // namespace est
