// Where to connect or listen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "est/base/result.h"

namespace est::net {

struct Endpoint {
  std::string host;  // name or IP literal without brackets
  std::uint16_t port = 0;
  [[nodiscard]] std::string to_string() const;  // "host:port", "[::1]:port"
};

// "host:port", "[v6]:port"
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

struct Url {
  std::string scheme;  // lower case
  Endpoint endpoint;   // default port filled in for http and https
  std::string path;    // may be empty
};
[[nodiscard]] Result<Url> parse_url(std::string_view text);

}  // namespace est::net
