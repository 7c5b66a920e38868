#include "client/retry.h"

#include <gtest/gtest.h>

#include "est/http/values.h"

namespace client {
namespace {

constexpr est::UnixTime noon = 1'800'000'000;

est::http::Response pending(int status, const std::string& retry_after, std::optional<est::UnixTime> date = {}) {
  est::http::Response response;
  response.status = status;
  if (!retry_after.empty()) response.fields.add("Retry-After", retry_after);
  if (date) response.fields.add("Date", est::http::http_date(*date));
  return response;
}

TEST(WantedWait, UnderstandsBothForms) {
  const RetryPolicy policy;
  struct Row {
    est::http::Response response;
    std::optional<std::uint64_t> seconds;
  };
  const std::string in_90_seconds = est::http::http_date(noon + 90);
  for (const Row& row : {Row{pending(202, "30"), 30},
                         {pending(202, in_90_seconds), 90},
                         {pending(202, in_90_seconds, noon + 60), 30},  // the server's clock counts, not ours
                         {pending(202, est::http::http_date(noon - 5)), 1},
                         {pending(202, "0"), 1},
                         {pending(202, ""), 60},
                         {pending(202, "soon"), 60},
                         {pending(202, "-1"), 60},
                         {pending(202, "99999999999999999999"), std::uint64_t{1} << 31U},
                         {pending(503, "7"), 7},
                         {pending(429, "7"), 7},
                         {pending(503, ""), std::nullopt},
                         {pending(200, "7"), std::nullopt},
                         {pending(404, "7"), std::nullopt}}) {
    EXPECT_EQ(wanted_wait(row.response, policy, noon), row.seconds) << row.response.fields.get("Retry-After").value_or("");
  }
}

TEST(RetryBudget, EndsAtTheLimit) {
  RetryPolicy policy;
  policy.limit = 10;
  RetryBudget budget(policy);
  EXPECT_TRUE(budget.spend(4));
  EXPECT_FALSE(budget.spend(7));
  EXPECT_TRUE(budget.spend(6));
  EXPECT_FALSE(budget.spend(1));
  policy.limit = 0;
  EXPECT_FALSE(RetryBudget(policy).spend(1));
  policy = {};
  policy.most_rounds = 1;
  RetryBudget rounds(policy);
  EXPECT_TRUE(rounds.spend(0));
  EXPECT_FALSE(rounds.spend(0));
}

}  // namespace
}  // namespace client
