#include "conformance/steps/proxy_driver.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <filesystem>

namespace conformance::steps {
namespace {

using engine::Exchange;
using engine::Json;
using engine::StepOutcome;
using testing::HasSubstr;

// Made once: the keys in it take their time.
const peer::UpstreamSecrets& known() {
  static const auto secrets = [] {
    const std::string folder = testing::TempDir() + "upstream-" + std::to_string(::getpid());
    std::filesystem::remove_all(folder);
    EXPECT_TRUE(peer::make_upstream_files(folder, est::system_clock().now()));
    auto loaded = peer::load_upstream_files(folder, est::system_clock().now(), "localhost");
    std::filesystem::remove_all(folder);
    if (!loaded) throw std::runtime_error(loaded.error().message);
    return *std::move(loaded);
  }();
  return secrets;
}

struct Stage {
  target::Profile profile;
  std::shared_ptr<ProxyUpstream> upstream;

  Stage() {
    profile.role = "proxy";
    profile.upstream = target::Upstream{};
    profile.upstream->listen = {"localhost", 0};
    describe_upstream(known(), profile);
    auto started = ProxyUpstream::start(profile, known());
    EXPECT_TRUE(started);
    upstream = *std::move(started);
    // The "proxy" is the upstream itself: what clients ask in front arrives behind.
    profile.url = {"https", {"localhost", upstream->port()}, ""};
    profile.trust_anchors = {upstream->secrets().pki.anchor()};
    profile.password = target::Password{upstream->secrets().credentials.user, upstream->secrets().credentials.password};
  }

  std::unique_ptr<engine::Session> begin() {
    if (!driver_) driver_ = make_proxy_driver(profile, engine::Vocabulary{}, upstream);
    engine::Scenario scenario;
    scenario.id = "TEST";
    return driver_->begin(scenario);
  }

 private:
  std::unique_ptr<engine::Driver> driver_;
};

StepOutcome perform(engine::Session& session, const std::string& verb, Json parameters, Exchange& exchange) {
  engine::Step step;
  step.verb = verb;
  step.parameters = std::move(parameters);
  exchange.verb = verb;
  exchange.parameters = step.parameters;
  return session.perform(step, engine::Evidence{}, exchange);
}

int status_of(const Exchange& exchange) {
  const std::string head(est::as_text(exchange.response).substr(0, 12));
  return head.size() == 12 ? std::stoi(head.substr(9)) : 0;
}

TEST(ProxyDriver, RecordsWhatCameUpstreamDuringAStep) {
  Stage stage;
  const auto session = stage.begin();
  Exchange exchange;
  const auto outcome = perform(*session, "cacerts", Json::object(), exchange);
  ASSERT_EQ(outcome.kind, StepOutcome::Kind::recorded) << outcome.sentence;
  EXPECT_EQ(status_of(exchange), 200);
  ASSERT_EQ(outcome.further.size(), 1U);
  EXPECT_EQ(outcome.further.front().facts.at("operation"), "cacerts");
  EXPECT_EQ(exchange.facts.at("connections"), "1");
}

TEST(ProxyDriver, PlaysWhatTheStepSaysOnConnectionsThatStand) {
  Stage stage;
  const auto session = stage.begin();
  Exchange first, change, second;
  ASSERT_EQ(perform(*session, "cacerts", Json::object(), first).kind, StepOutcome::Kind::recorded);
  ASSERT_EQ(perform(*session, "upstream", {{"answers", {{"cacerts", {{"status", 503}}}}}}, change).kind, StepOutcome::Kind::recorded);
  const auto outcome = perform(*session, "cacerts", {{"connection", "keep"}}, second);
  EXPECT_EQ(status_of(second), 503);
  EXPECT_EQ(second.facts.at("connections"), "0");
  ASSERT_EQ(outcome.further.size(), 1U);
  EXPECT_FALSE(outcome.further.front().new_connection);
}

TEST(ProxyDriver, EveryScenarioBeginsWithAGoodUpstream) {
  Stage stage;
  Exchange change, after;
  {
    const auto session = stage.begin();
    ASSERT_EQ(perform(*session, "upstream", {{"absent", true}}, change).kind, StepOutcome::Kind::recorded);
    Exchange away;
    static_cast<void>(perform(*session, "cacerts", {{"within", 1000}}, away));
    EXPECT_TRUE(away.failure);
  }
  const auto session = stage.begin();
  static_cast<void>(perform(*session, "cacerts", Json::object(), after));
  EXPECT_EQ(status_of(after), 200);
}

TEST(ProxyDriver, ABadScriptIsOurFaultAndSaysWhere) {
  Stage stage;
  const auto session = stage.begin();
  Exchange exchange;
  const auto outcome = perform(*session, "upstream", {{"identity", "nobody"}}, exchange);
  EXPECT_EQ(outcome.kind, StepOutcome::Kind::fault);
  EXPECT_THAT(outcome.sentence, HasSubstr("nobody"));
}

TEST(ProxyDriver, SeesAClientsPasswordUpstreamAndStoresItNowhere) {
  Stage stage;
  const std::string password = stage.profile.password->password;
  stage.profile.further_secrets.clear();
  const auto session = stage.begin();
  Exchange change, exchange;
  ASSERT_EQ(perform(*session, "upstream", {{"authentication", {{"accept", {"basic"}}}}}, change).kind, StepOutcome::Kind::recorded);
  const auto outcome = perform(
      *session, "request", {{"operation", "simpleenroll"}, {"method", "POST"}, {"credentials", "password"}, {"scheme", "basic"}}, exchange);
  EXPECT_EQ(exchange.facts.at("client-secret-upstream"), "yes");
  for (const auto& one : outcome.further) EXPECT_EQ(est::as_text(one.request).find(password), std::string_view::npos);
}

}  // namespace
}  // namespace conformance::steps
