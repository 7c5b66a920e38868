// Lexical and framing rules that both parsers share (RFC 9110 5, RFC 9112 6 and 7). Internal to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/http/message.h"

namespace est::http {

// field-value: VCHAR, obs-text, SP and HTAB only.
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;

// The elements of a #list in all fields of that name, trimmed; empty elements are dropped (RFC 9110 5.6.1.2).
// For lists of tokens and numbers: commas inside quoted strings are not understood.
[[nodiscard]] std::vector<std::string> list_elements(const Fields& fields, std::string_view name);

// RFC 9112 9.3.
[[nodiscard]] bool persistent(int minor_version, const Fields& fields);

struct ChunkLine {
  std::uint64_t size = 0;  // saturates
  bool extension_ok = true;
};
// chunk-size [ chunk-ext ], without CRLF; nothing if it does not begin with a size.
[[nodiscard]] std::optional<ChunkLine> parse_chunk_line(std::string_view line);

}  // namespace est::http
