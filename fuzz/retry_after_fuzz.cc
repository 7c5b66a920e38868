// Retry-After and the three forms of HTTP dates: what is read, written in the preferred form, is read the same; no wait is absurd.
#include "est/http/values.h"
#include "fuzz/target.h"

namespace {

// What http_date() can write; a leap second at the end of 9999 lies beyond.
bool can_be_dated(est::UnixTime time) { return time >= 0 && time <= 253402300799; }

}  // namespace

FUZZ_TARGET(retry_after) {
  namespace http = est::http;
  static const est::ManualClock clock(1'800'000'000);
  const std::string_view text = est::as_text(input);
  if (const auto date = http::parse_http_date(text, clock)) {
    const auto again = http::parse_http_date(http::http_date(*date), clock);
    fuzz::require(!can_be_dated(*date) || again == date, "a date survives");
  }
  const auto retry = http::parse_retry_after(text);
  if (!retry) return;
  fuzz::require(retry->is_date || retry->wait_from(clock.now()) <= std::uint64_t{1} << 31U, "seconds are bounded");
  const auto again = http::parse_retry_after(http::encode(*retry));
  fuzz::require(again && again->is_date == retry->is_date && again->seconds == retry->seconds, "Retry-After survives");
  fuzz::require(!retry->is_date || !can_be_dated(retry->date) || again->date == retry->date, "with its date");
}
