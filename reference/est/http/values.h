// Values of single HTTP fields: dates and Retry-After (RFC 9110 5.6.7, 10.2.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "est/base/clock.h"

namespace est::http {

// IMF-fixdate; times outside the years 1970 to 9999 are clamped.
[[nodiscard]] std::string http_date(UnixTime time);
// IMF-fixdate, RFC 850 and asctime forms, case-sensitive. The weekday must be one, but need not be the right one. The clock
// decides the century of RFC 850's two-digit year (never more than 50 years ahead).
[[nodiscard]] std::optional<UnixTime> parse_http_date(std::string_view text, const Clock& clock = system_clock());

struct RetryAfter {
  bool is_date = false;
  std::uint64_t seconds = 0;  // when !is_date
  UnixTime date = 0;          // when is_date
  // Seconds to wait from `now`; zero for a date in the past.
  [[nodiscard]] std::uint64_t wait_from(UnixTime now) const;
};
// Surrounding blanks are ignored. More than 2^31 seconds count as 2^31 (RFC 9111 1.2.2), so sums with times cannot overflow.
[[nodiscard]] std::optional<RetryAfter> parse_retry_after(std::string_view text);
[[nodiscard]] std::string encode(const RetryAfter& retry);

// Path part of a request target in origin-form or absolute-form (http, https), still percent-encoded; nothing if ill-formed by
// RFC 3986 (a character outside the grammar, a malformed escape, a fragment, userinfo, an invalid authority).
struct Target {
  std::string path;  // begins with '/'
  std::optional<std::string> query;
  std::string authority;  // absolute-form only
};
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);
// Host = uri-host [ ":" port ] (RFC 9110 7.2), not empty; an IP literal in brackets.
[[nodiscard]] bool valid_host(std::string_view text) noexcept;
// Decodes %XX; nothing for a malformed escape or a NUL.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace est::http
