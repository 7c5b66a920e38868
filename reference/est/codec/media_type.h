// Media types (RFC 9110 8.3.1): names and parameter names case-insensitive, values as sent.
// Finding ids: media-type.syntax, media-type.parameter, media-type.duplicate-parameter.
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

[[nodiscard]] Decoded<MediaType> decode_media_type(std::string_view text);
[[nodiscard]] std::string encode(const MediaType& type);

}  // namespace est::codec
