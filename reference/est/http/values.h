// Values of single HTTP fields: dates and Retry-After (RFC 9110 5.6.7, 10.2.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "est/base/clock.h"

namespace est::http {

[[nodiscard]] std::string http_date(UnixTime time);  // IMF-fixdate
// IMF-fixdate, RFC 850 and asctime forms.
[[nodiscard]] std::optional<UnixTime> parse_http_date(std::string_view text);

struct RetryAfter {
  bool is_date = false;
  std::uint64_t seconds = 0;  // when !is_date
  UnixTime date = 0;          // when is_date
  // Seconds to wait from `now`; zero for a date in the past.
  [[nodiscard]] std::uint64_t wait_from(UnixTime now) const;
};
[[nodiscard]] std::optional<RetryAfter> parse_retry_after(std::string_view text);

// Path part of a request target in origin-form or absolute-form, still percent-encoded; nothing if ill-formed.
struct Target {
  std::string path;  // begins with '/'
  std::optional<std::string> query;
};
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);
// Decodes %XX; nothing for a malformed escape or a NUL.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace est::http
