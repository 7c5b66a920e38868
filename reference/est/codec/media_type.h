// Media types (RFC 9110 8.3.1): names and parameter names case-insensitive, values as sent.
// Finding ids: media-type.syntax, media-type.parameter (malformed; reading ends there), media-type.duplicate-parameter. All errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "est/base/finding.h"

namespace est::codec {

struct MediaType {
  std::string type;                                             // lower case
  std::string subtype;                                          // lower case
  std::vector<std::pair<std::string, std::string>> parameters;  // name lower case, value unquoted

  [[nodiscard]] std::string essence() const { return type + "/" + subtype; }
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;  // name in lower case
  [[nodiscard]] bool is(std::string_view essence_lower) const { return essence() == essence_lower; }
};

// No value when there is no type or subtype. White space around the text is ignored; empty parameters (";;") are legal.
[[nodiscard]] Decoded<MediaType> decode_media_type(std::string_view text);
// Values that are no tokens are quoted.
[[nodiscard]] std::string encode(const MediaType& type);

// --- The lexical rules of RFC 9110 5.6 that HTTP's other fields share. The `take_` functions cut what they read off the front.
[[nodiscard]] bool is_token(std::string_view text) noexcept;
void skip_blanks(std::string_view& text) noexcept;                                      // OWS, BWS: SP and HTAB
[[nodiscard]] std::string_view take_token(std::string_view& text) noexcept;             // empty when there is none
[[nodiscard]] std::optional<std::string> take_quoted_string(std::string_view& text);    // unquoted; nothing (and nothing cut) if malformed
[[nodiscard]] std::optional<std::string> take_token_or_quoted(std::string_view& text);  // parameter-value
[[nodiscard]] std::string quoted(std::string_view value);                               // quoted-string, '"' and '\\' escaped

}  // namespace est::codec
