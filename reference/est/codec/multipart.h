// multipart/mixed bodies (RFC 2046 5.1) as /serverkeygen uses them (RFC 7030 4.4.2).
// Finding ids (errors unless said otherwise; offsets in the body):
//   multipart.boundary          not 1 to 70 characters of RFC 2046's set, or text behind a delimiter on its line
//   multipart.no-parts          no delimiter, or only the closing one
//   multipart.unterminated      the closing delimiter is missing; the last part runs to the end
//   multipart.part-header       a line that is no field, or has a CR or NUL inside
//   multipart.bare-lf           a delimiter or field line ends in LF alone, or LF alone stands before a delimiter
//   multipart.too-many-parts    reading ends there
//   multipart.size              a part has too many fields; the rest of the part is taken as its body
//   multipart.preamble (note), multipart.epilogue (note)
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
  std::vector<std::pair<std::string, std::string>> headers;  // as sent, unfolded
  Bytes body;
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;  // case-insensitive
};

// No value when the boundary is invalid or there are no parts. White space behind a delimiter is legal (transport padding).
[[nodiscard]] Decoded<std::vector<Part>> decode_multipart(BytesView body, std::string_view boundary, std::size_t most_parts = 16);
// The caller chooses a valid boundary that no body contains. CR and LF inside a field become spaces.
[[nodiscard]] Bytes encode_multipart(const std::vector<Part>& parts, std::string_view boundary);

}  // namespace est::codec
