// Small text helpers that HTTP, PEM and configuration share. ASCII only: no locale is ever consulted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace est {

[[nodiscard]] char ascii_lower(char c) noexcept;
[[nodiscard]] std::string ascii_lower(std::string_view text);
[[nodiscard]] bool iequals(std::string_view left, std::string_view right) noexcept;
[[nodiscard]] std::string_view trim(std::string_view text, std::string_view what = " \t\r\n") noexcept;
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);
// Digits only, no sign, no blanks, no overflow.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept;
// At least `width` digits of a number that is not negative, with zeros before it.
void append_decimal(std::string& to, int number, std::size_t width);
// Shortens to `most` octets and replaces controls (CR, LF, ESC, NUL ...) by \xNN: safe in a log line or report.
[[nodiscard]] std::string printable(std::string_view text, std::size_t most = 200);

}  // namespace est
