// The text of the metrics, the listener that gives it out, and what a server on real sockets puts into it.
#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <regex>
#include <sstream>

#include "est/crypto/chain.h"
#include "est/net/client.h"
#include "server/instance.h"
#include "server/metrics_endpoint.h"
#include "server/scene_test.h"

namespace server {
namespace {

using est::TimedPhase;
using std::chrono::microseconds;
using testing::HasSubstr;
using testing::Not;

constexpr est::Milliseconds long_enough{10000};

// Every sample by its name and labels; fails for a line that is none and no comment, and for a series that comes twice.
std::map<std::string, double> samples_of(const std::string& text) {
  static const std::regex sample(R"(([a-z_]+(?:\{(?:[a-z_]+="[A-Za-z0-9_.+]*",?)+\})?) ([0-9.]+))");
  static const std::regex comment("# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram))");
  std::map<std::string, double> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch parts;
    if (std::regex_match(line, comment)) continue;
    if (!std::regex_match(line, parts, sample) || !samples.emplace(parts[1], std::stod(parts[2])).second) ADD_FAILURE() << line;
  }
  return samples;
}

std::string visit(const est::net::Endpoint& at, std::string_view sent) {
  auto opened = est::net::PlainConnection::open(at, long_enough);
  auto* connection = std::get_if<est::net::PlainConnection>(&opened);
  if (connection == nullptr) return "no connection";
  static_cast<void>(connection->write(est::to_bytes(sent), est::Deadline::after(long_enough)));
  std::string answer;
  std::array<est::Byte, 16384> block{};
  for (auto got = connection->read(block, est::Deadline::after(long_enough)); got.count > 0;
       got = connection->read(block, est::Deadline::after(long_enough)))
    answer += est::as_text(est::BytesView(block).first(got.count));
  return answer;
}

est::net::Endpoint place_of(const std::string& url) { return est::net::parse_url(url)->endpoint; }

std::string metrics_at(const std::string& url) {
  const std::string answer = visit(place_of(url), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

TEST(MetricsText, BucketsAddUpAndEndInTheCount) {
  Metrics metrics;
  metrics.timers.add(TimedPhase::issue, microseconds(20));
  metrics.timers.add(TimedPhase::issue, microseconds(300));
  metrics.timers.add(TimedPhase::issue, microseconds(20000000));
  auto samples = samples_of(metrics.text({}));
  EXPECT_EQ(samples.at(R"(est_phase_seconds_bucket{phase="issue",le="0.000010"})"), 0);
  EXPECT_EQ(samples.at(R"(est_phase_seconds_bucket{phase="issue",le="0.000025"})"), 1);
  EXPECT_EQ(samples.at(R"(est_phase_seconds_bucket{phase="issue",le="0.000500"})"), 2);
  EXPECT_EQ(samples.at(R"(est_phase_seconds_bucket{phase="issue",le="10.000000"})"), 2);
  EXPECT_EQ(samples.at(R"(est_phase_seconds_bucket{phase="issue",le="+Inf"})"), 3);
  EXPECT_EQ(samples.at(R"(est_phase_seconds_count{phase="issue"})"), 3);
  EXPECT_DOUBLE_EQ(samples.at(R"(est_phase_seconds_sum{phase="issue"})"), 20.00032);
  EXPECT_EQ(samples.at(R"(est_phase_seconds_count{phase="write"})"), 0);
}

TEST(MetricsText, NoTargetAndNoStatusMakesASeriesOfItsOwn) {
  Metrics metrics;
  metrics.count("/.well-known/est/simpleenroll", 200);
  metrics.count("/.well-known/est/other/simpleenroll", 200);
  metrics.count("/.well-known/est/secret-label/cacerts", 404);
  for (int i = 0; i < 1000; ++i) metrics.count("/" + std::to_string(i) + "\"} 1\nforged 2", i);
  const std::string text = metrics.text({});
  auto samples = samples_of(text);
  EXPECT_EQ(samples.at(R"(est_requests_total{operation="simpleenroll",status="200"})"), 2);
  EXPECT_EQ(samples.at(R"(est_requests_total{operation="cacerts",status="404"})"), 1);
  EXPECT_EQ(samples.at(R"(est_requests_total{operation="none",status="404"})"), 1);
  EXPECT_EQ(samples.at(R"(est_requests_total{operation="none",status="other"})"), 1000 - 22);
  EXPECT_THAT(text, Not(HasSubstr("forged")));
  EXPECT_THAT(text, Not(HasSubstr("secret-label")));
}

TEST(MetricsText, TellsWhatTheListenersCounted) {
  auto samples = samples_of(Metrics().text({.accepted = 5, .open = 2, .handshake_failures = 1, .timeouts = 4, .refused = 3}));
  EXPECT_EQ(samples.at("est_connections_accepted_total"), 5);
  EXPECT_EQ(samples.at("est_connections_open"), 2);
  EXPECT_EQ(samples.at("est_handshake_failures_total"), 1);
  EXPECT_EQ(samples.at("est_connections_refused_total"), 3);
  EXPECT_EQ(samples.at("est_timeouts_total"), 4);
}

TEST(MetricsEndpoint, HostileVisitorsGetLittleAndKeepNobodyOut) {
  auto endpoint = MetricsEndpoint::bind({"127.0.0.1", 0}, [] { return std::string("est_x 1\n"); });
  ASSERT_TRUE(endpoint.ok());
  ASSERT_TRUE((*endpoint)->start().ok());
  const est::net::Endpoint at = place_of((*endpoint)->url());
  const auto silent = est::net::PlainConnection::open(at, long_enough);
  EXPECT_EQ(visit(at, "\x16\x03\x01\x02 not HTTP\r\n\r\n"), "");
  EXPECT_EQ(visit(at, "GET /" + std::string(4096, 'a') + " HTTP/1.1\r\n"), "");
  EXPECT_THAT(visit(at, "GET /metrics/x HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("HTTP/1.1 404 "));
  EXPECT_THAT(visit(at, "DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(visit(at, "HEAD /metrics?a=b HTTP/1.1\r\nHost: x\r\n\r\n"), Not(HasSubstr("est_x")));
  EXPECT_EQ(metrics_at((*endpoint)->url()), "est_x 1\n");
}

class MetricsOfAServer : public testing::TestWithParam<unsigned> {};

// 0: the loop's own threads issue; 1: a worker does.
INSTANTIATE_TEST_SUITE_P(Workers, MetricsOfAServer, testing::Values(0U, 1U));

TEST_P(MetricsOfAServer, EveryPhaseOfAnEnrollmentIsCountedOnce) {
  Config config = load_config(sample_folder().path("est-server.yaml")).value();
  config.listen = {{"127.0.0.1", 0}};
  config.metrics = est::net::Endpoint{"127.0.0.1", 0};
  config.workers = GetParam();
  auto instance = Instance::make(config, est::Log::nowhere());
  ASSERT_TRUE(instance.ok()) << instance.error().message;
  ASSERT_TRUE((*instance)->start().ok());
  EXPECT_EQ(urls(**instance).back(), (*instance)->metrics_url());
  est::tls::ClientProfile profile;
  profile.anchors = est::crypto::certificates_from_pem(file_text(sample_folder().path("root.pem"))).value();
  profile.expected_name = "127.0.0.1";
  const auto context = est::tls::ClientContext::make(profile).value();
  {
    auto opened = est::net::ClientConnection::open((*instance)->listening().front(), *context, {});
    auto& connection = std::get<est::net::ClientConnection>(opened);
    est::http::Request request = est::ops::enroll_request(est::ops::Operation::simpleenroll, {}, "127.0.0.1", make_csr());
    request = with_password(std::move(request), "estuser", sample_password());
    request.fields.set("Connection", "close");
    const est::Deadline deadline = est::Deadline::after(long_enough);
    EXPECT_FALSE(connection.write(est::http::encode(request), deadline).has_value());
    std::array<est::Byte, 16384> block{};
    while (connection.read(block, deadline).count > 0) {
    }
  }
  const std::string text = metrics_at((*instance)->metrics_url());
  auto samples = samples_of(text);
  for (const char* phase : {"accept", "handshake", "parse", "authenticate", "issue", "write"}) {
    EXPECT_EQ(samples.at("est_phase_seconds_count{phase=\"" + std::string(phase) + "\"}"), 1) << phase;
    EXPECT_GT(samples.at("est_phase_seconds_sum{phase=\"" + std::string(phase) + "\"}"), 0) << phase;
  }
  EXPECT_EQ(samples.at(R"(est_requests_total{operation="simpleenroll",status="200"})"), 1);
  EXPECT_EQ(samples.at("est_connections_accepted_total"), 1);
  EXPECT_THAT(text, Not(HasSubstr("estuser")));
  EXPECT_THAT(text, Not(HasSubstr("127.0.0.1")));
}

TEST(MetricsOfAServerThat, IsNotAskedToMeasureHasNoListenerForThem) {
  Config config = load_config(sample_folder().path("est-server.yaml")).value();
  config.listen = {{"127.0.0.1", 0}};
  EXPECT_FALSE(config.metrics);
  const auto instance = Instance::make(config, est::Log::nowhere());
  ASSERT_TRUE(instance.ok());
  EXPECT_EQ((*instance)->metrics_url(), "");
  EXPECT_EQ(urls(**instance).size(), 1U);
}

}  // namespace
}  // namespace server
