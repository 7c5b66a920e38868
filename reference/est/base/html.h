// Text inside HTML.
#pragma once

#include <string>
#include <string_view>

namespace est {

// As it must stand between tags or in a quoted attribute, so that it stays text. Octets that are not printable are the caller's
// (printable()).
[[nodiscard]] std::string html_escaped(std::string_view text);

}  // namespace est
