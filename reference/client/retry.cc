#include "client/retry.h"

#include <algorithm>
#include <thread>

#include "est/http/values.h"

namespace client {
namespace {

est::UnixTime time_of(const est::http::Response& response, est::UnixTime now) {
  const auto date = response.fields.get("Date");
  if (!date) return now;
  return est::http::parse_http_date(*date).value_or(now);
}

}  // namespace

std::optional<std::uint64_t> wanted_wait(const est::http::Response& response, const RetryPolicy& policy, est::UnixTime now) {
  const bool pending = response.status == 202;
  if (!pending && response.status != 503 && response.status != 429) return std::nullopt;
  std::optional<est::http::RetryAfter> given;
  if (const auto field = response.fields.get("Retry-After")) given = est::http::parse_retry_after(*field);
  if (given) return std::max(given->wait_from(time_of(response, now)), policy.least);
  if (pending) return policy.without;
  return std::nullopt;
}

bool wait_sleeping(est::Milliseconds span) {
  std::this_thread::sleep_for(span);
  return true;
}

bool RetryBudget::spend(std::uint64_t seconds) noexcept {
  if (rounds_ >= policy_.most_rounds || seconds > policy_.limit - spent_) return false;
  spent_ += seconds;
  ++rounds_;
  return true;
}

}  // namespace client
