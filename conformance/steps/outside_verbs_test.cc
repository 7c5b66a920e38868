#include "conformance/steps/operator.h"
#include "conformance/steps/scripted_target_test.h"
#include "est/http/values.h"

namespace conformance::steps {
namespace {

using ::testing::HasSubstr;

std::string output_of(const engine::Exchange& exchange) {
  for (const auto& event : exchange.events) {
    if (event.layer == "operator" && event.what == "output") return event.detail;
  }
  return {};
}

TEST_F(DriverTest, OperatorGetsWhatTheExchangeGave) {
  profile_.operator_actions["revoke"] = {"printf '%s|%s|%s|' {serial} {subject} {label}; test -s {certificate} && printf file", false};
  const auto enrolled = perform("enroll");
  const auto exchange = perform("operator", {{"action", "revoke"}, {"of", "step-1"}});
  expect_recorded();
  EXPECT_THAT(output_of(exchange), HasSubstr(enrolled.facts.at("subject") + "||file"));
  EXPECT_EQ(exchange.facts.at("operator-exit"), "0");
}

TEST_F(DriverTest, OperatorApprovesByTheNumberInTheAnswer) {
  profile_.operator_actions["approve"] = {"printf %s {id}", false};
  target_.script = [](const Seen&) {
    return reply(est::ops::pending_response({.is_date = false, .seconds = 1, .date = 0}, "request 42 waits"));
  };
  const auto enrolled = perform("enroll");
  EXPECT_EQ(status_of(enrolled), 202);
  EXPECT_EQ(output_of(perform("operator", {{"action", "approve"}, {"of", "step-1"}})), "42");
  const auto waited = perform("wait-retry", {{"of", "step-1"}});
  expect_recorded();
  EXPECT_EQ(waited.facts.at("waited-ms"), "1000");
}

TEST_F(DriverTest, OperatorCannotWithoutWhatItNeeds) {
  perform("operator", {{"action", "restart"}});
  expect_cannot("access.operator.restart");
  profile_.operator_actions["approve"] = {"echo {serial}", false};
  profile_.operator_actions["restart"] = {"exit 7", false};
  profile_.operator_actions["revoke"] = {"true", false};
}

TEST_F(DriverTest, OperatorFailuresAreInconclusive) {
  profile_.operator_actions["approve"] = {"echo {serial}", false};
  profile_.operator_actions["restart"] = {"echo sorry >&2; exit 7", false};
  profile_.limits.operator_seconds = 1;
  target_.script = [](const Seen&) { return reply(202); };
  perform("enroll");
  perform("operator", {{"action", "approve"}, {"of", "step-1"}});
  expect_cannot("{serial}");
  const auto failed = perform("operator", {{"action", "restart"}});
  expect_cannot("exit code 7");
  EXPECT_THAT(output_of(failed), HasSubstr("sorry"));
}

TEST_F(DriverTest, RestartWaitsForTheTarget) {
  profile_.operator_actions["restart"] = {"true", false};
  perform("cacerts");
  perform("operator", {{"action", "restart"}});
  expect_recorded();
  EXPECT_EQ(status_of(perform("cacerts")), 200);
}

TEST_F(DriverTest, WaitIsBounded) {
  profile_.limits.longest_wait_seconds = 2;
  std::string value = "3600";
  target_.script = [&value](const Seen&) {
    auto response = est::ops::text_response(202, "later");
    if (!value.empty()) response.fields.add("Retry-After", value);
    return reply(response);
  };
  for (const auto& [field, part] : std::vector<std::pair<std::string, std::string>>{
           {"3600", "limits.longest-wait"}, {"soon", "cannot be read"}, {"", "no Retry-After"}}) {
    value = field;
    const std::string name = perform("cacerts").name;
    perform("wait-retry", {{"of", name}});
    expect_cannot(part);
  }
  value = est::http::http_date(est::system_clock().now() - 10);
  const std::string name = perform("cacerts").name;
  perform("wait-retry", {{"of", name}});
  expect_recorded();
  perform("pause", {{"ms", 5000}});
  expect_cannot("limits.longest-wait");
  perform("pause", {{"ms", 1}});
  expect_recorded();
}

TEST(Operator, QuotesForTheShell) {
  const auto result = run_command("printf %s " + shell_quoted("a'b $(x) \"c\" \\ `d`"), est::Milliseconds(10000));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->output, "a'b $(x) \"c\" \\ `d`");
}

TEST(Operator, FillsInKnownPlaceholdersOnly) {
  const Placeholders values{{"serial", "0a"}, {"id", std::nullopt}};
  EXPECT_EQ(*filled_in("x {serial} {other} ${HOME} {", values), "x '0a' {other} ${HOME} {");
  EXPECT_FALSE(filled_in("x {id}", values));
}

TEST(Operator, CommandsEndInTime) {
  const auto slow = run_command("echo begun; sleep 60", est::Milliseconds(2000));
  ASSERT_TRUE(slow.ok());
  EXPECT_TRUE(slow->timed_out);
  EXPECT_EQ(slow->output, "begun\n");
  const auto begun = std::chrono::steady_clock::now();
  const auto background = run_command("sleep 20 & echo gone", est::Milliseconds(10000));
  ASSERT_TRUE(background.ok());
  EXPECT_FALSE(background->timed_out);
  EXPECT_EQ(background->output, "gone\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(8));
  const auto chatty = run_command("yes | head -c 1000000", est::Milliseconds(10000));
  ASSERT_TRUE(chatty.ok());
  EXPECT_LE(chatty->output.size(), std::size_t{16} << 10U);
  EXPECT_EQ(run_command("kill -9 $$", est::Milliseconds(10000))->exit_code, 137);
  EXPECT_EQ(run_command("cat", est::Milliseconds(10000))->exit_code, 0) << "standard input is empty";
}

}  // namespace
}  // namespace conformance::steps
