// multipart/mixed bodies (RFC 2046 5.1) as /serverkeygen uses them (RFC 7030 4.4.2).
// Finding ids: multipart.boundary, multipart.no-parts, multipart.unterminated, multipart.part-header, multipart.preamble
// (note), multipart.epilogue (note), multipart.too-many-parts, multipart.size.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"

namespace est::codec {

struct Part {
  std::vector<std::pair<std::string, std::string>> headers;  // as sent
  Bytes body;
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;  // case-insensitive
};

[[nodiscard]] Decoded<std::vector<Part>> decode_multipart(BytesView body, std::string_view boundary, std::size_t most_parts = 16);
[[nodiscard]] Bytes encode_multipart(const std::vector<Part>& parts, std::string_view boundary);

}  // namespace est::codec
