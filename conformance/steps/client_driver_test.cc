#include "conformance/steps/client_driver.h"

#include <gmock/gmock.h>

namespace conformance::steps {
namespace {

using engine::Evidence;
using engine::Exchange;
using engine::Json;
using engine::StepOutcome;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string fetch = "curl --silent --max-time 20 --cacert {trust_anchor} {url}/.well-known/est/cacerts";

struct Drove {
  StepOutcome outcome;
  Exchange exchange;
  std::vector<Exchange> further;
  std::vector<engine::CapturedConnection> captured;
};

std::shared_ptr<const peer::Pki> pki() {
  static const auto made = [] {
    auto pki = peer::Pki::make(est::system_clock().now());
    if (!pki) throw std::runtime_error(pki.error().message);
    return std::make_shared<const peer::Pki>(std::move(*pki));
  }();
  return made;
}

Drove drive(const target::ClientProfile& profile, Json parameters) {
  const auto driver = make_client_driver(profile, pki());
  engine::Scenario scenario;
  scenario.id = "TEST";
  const auto session = driver->begin(scenario);
  session->capture();
  engine::Step step;
  step.verb = "drive";
  step.parameters = std::move(parameters);
  Drove drove;
  const Evidence before;
  drove.outcome = session->perform(step, before, drove.exchange);
  drove.further = drove.outcome.further;
  drove.captured = session->captured(std::chrono::steady_clock::now());
  return drove;
}

Drove drive(const std::string& command, Json parameters) { return drive(target::client_profile_for(command), std::move(parameters)); }

TEST(ClientDriver, RecordsWhatTheServerSawAndHowTheClientEnded) {
  const auto drove = drive(fetch, {{"operation", "cacerts"}});
  EXPECT_EQ(drove.outcome.kind, StepOutcome::Kind::recorded);
  EXPECT_EQ(drove.exchange.facts.at("ended"), "exited");
  EXPECT_EQ(drove.exchange.facts.at("exit-status"), "0");
  ASSERT_THAT(drove.further, SizeIs(1));
  const Exchange& request = drove.further.front();
  EXPECT_EQ(request.verb, "request");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.facts.at("operation"), "cacerts");
  EXPECT_TRUE(request.tls);
  EXPECT_TRUE(request.artefacts.contains("client-hello"));
  EXPECT_THAT(request.response, Not(IsEmpty()));
}

TEST(ClientDriver, ARefusedServerIsAConnectionWithItsAlert) {
  const auto drove = drive(fetch, {{"operation", "cacerts"}, {"server", {{"identity", "untrusted"}}}});
  EXPECT_NE(drove.exchange.facts.at("exit-status"), "0");
  ASSERT_THAT(drove.further, SizeIs(1));
  EXPECT_EQ(drove.further.front().verb, "connection");
  ASSERT_TRUE(drove.further.front().failure);
  EXPECT_EQ(drove.further.front().failure->alert, "unknown_ca");
}

TEST(ClientDriver, TheReservedStatusMeansCannot) {
  const auto drove = drive("exit 77", {{"operation", "fullcmc"}});
  EXPECT_EQ(drove.outcome.kind, StepOutcome::Kind::cannot);
  EXPECT_THAT(drove.outcome.sentence, HasSubstr("fullcmc"));
}

TEST(ClientDriver, AClientThatHangsIsStopped) {
  const auto drove = drive("sleep 1000 & sleep 1000", {{"operation", "cacerts"}, {"within", 1}});
  EXPECT_EQ(drove.exchange.facts.at("ended"), "timed-out");
  EXPECT_EQ(drove.exchange.facts.at("connections"), "0");
  EXPECT_THAT(drove.further, IsEmpty());
}

TEST(ClientDriver, AClientThatForksAwayLeavesNothingBehind) {
  // Twice forked, in a session of its own, deaf to SIGTERM.
  const std::string stray = "(setsid sh -c \"trap '' TERM HUP; while :; do echo x; sleep 100; done\" &) &";
  const auto drove = drive(stray + " sleep 0.2; exit 5", {{"operation", "cacerts"}});
  EXPECT_EQ(drove.exchange.facts.at("ended"), "exited");
  EXPECT_EQ(drove.exchange.facts.at("exit-status"), "5");
  EXPECT_TRUE(drove.exchange.facts.contains("left-behind"));
}

TEST(ClientDriver, AClientThatPrintsWithoutEndIsStopped) {
  const auto drove = drive("yes >&2", {{"operation", "cacerts"}, {"within", 1}});
  EXPECT_EQ(drove.exchange.facts.at("ended"), "timed-out");
  EXPECT_LE(drove.exchange.artefacts.at("stderr").size(), std::size_t{64} << 10U);
}

TEST(ClientDriver, SecretsStayOutOfEvidence) {
  const std::string command =
      "cat {password_file}; curl -s --cacert {trust_anchor} -u {user}:\"$(cat {password_file})\" -d x {url}/.well-known/est/simpleenroll";
  const auto drove = drive(command, {{"operation", "simpleenroll"}, {"server", {{"authentication", {{"accept", {"basic"}}}}}}});
  const std::string printed = est::to_string(est::BytesView(drove.exchange.artefacts.at("stdout")));
  EXPECT_THAT(printed, testing::StartsWith(std::string(24, '*')));
  ASSERT_THAT(drove.captured, SizeIs(1));
  EXPECT_THAT(drove.captured[0].secrets, HasSubstr("SERVER_TRAFFIC_SECRET_0"));
  EXPECT_THAT(drove.captured[0].secrets, Not(HasSubstr("CLIENT_TRAFFIC_SECRET_0")));
  EXPECT_THAT(drove.captured[0].remarks, testing::Contains(HasSubstr("it holds a password")));
  ASSERT_THAT(drove.further, SizeIs(1));
  EXPECT_THAT(est::to_string(est::BytesView(drove.further[0].request)), HasSubstr("Authorization: Basic *****"));
}

const std::string through =
    "curl -s --max-time 20 --cacert {trust_anchor} --proxy {proxy} --noproxy '' -U {proxy_user}:\"$(cat {proxy_password_file})\" "
    "{url}/.well-known/est/cacerts";

TEST(ClientDriver, AProxyIsEvidenceToo) {
  const auto drove = drive(through, {{"operation", "cacerts"}, {"proxy", "password"}});
  EXPECT_EQ(drove.exchange.facts.at("exit-status"), "0");
  ASSERT_THAT(drove.further, SizeIs(2));
  EXPECT_EQ(drove.further[0].method, "CONNECT");
  EXPECT_EQ(drove.further[0].facts.at("server"), "proxy");
  EXPECT_EQ(drove.further[0].facts.at("password"), "of-the-proxy");
  EXPECT_THAT(est::to_string(est::BytesView(drove.further[0].request)), HasSubstr("Proxy-Authorization: Basic *****"));
  EXPECT_EQ(drove.further[1].facts.at("came"), "through-proxy");
}

TEST(ClientDriver, WhoPassesByTheProxyIsSeen) {
  const auto drove = drive(fetch, {{"operation", "cacerts"}, {"proxy", "open"}});
  ASSERT_THAT(drove.further, SizeIs(1));
  EXPECT_EQ(drove.further[0].facts.at("came"), "straight");
}

TEST(ClientDriver, ARequestMadeElsewhereIsAFile) {
  const auto drove = drive("openssl req -in {csr_file} -noout -verify", {{"operation", "simpleenroll"}, {"request", "given"}});
  EXPECT_EQ(drove.exchange.facts.at("exit-status"), "0");
  EXPECT_TRUE(drove.exchange.artefacts.contains("given-request"));
}

TEST(ClientDriver, FingerprintsOfEitherDigest) {
  const auto length = [](const Json& parameters) {
    return drive("exit $(printf %s {fingerprint} | wc -c)", parameters).exchange.facts.at("exit-status");
  };
  EXPECT_EQ(length({{"operation", "provision"}, {"fingerprint", "right"}}), "64");
  EXPECT_EQ(length({{"operation", "provision"}, {"fingerprint", "near"}, {"fingerprint-by", "sha-512"}}), "128");
}

TEST(ClientDriver, InstructionsAreInTheEnvironmentToo) {
  const auto drove =
      drive("test \"$EST_OPERATION:$EST_LABEL:$EST_WAIT\" = csrattrs:one:5", {{"operation", "csrattrs"}, {"label", "one"}, {"wait", 5}});
  EXPECT_EQ(drove.exchange.facts.at("exit-status"), "0");
}

TEST(ClientDriver, AScriptThatIsWrongIsOurFault) {
  const auto drove = drive("exit 0", {{"operation", "cacerts"}, {"server", {{"identity", "nobody"}}}});
  EXPECT_EQ(drove.outcome.kind, StepOutcome::Kind::fault);
}

TEST(ClientDriver, HooksMustSucceed) {
  auto profile = target::client_profile_for("exit 0");
  profile.seed = "echo broken >&2; exit 3";
  const auto drove = drive(profile, {{"operation", "cacerts"}});
  EXPECT_EQ(drove.outcome.kind, StepOutcome::Kind::cannot);
  EXPECT_THAT(drove.outcome.sentence, HasSubstr("access.seed ended with 3 instead of 0: broken"));
}

TEST(ClientDriver, StateLastsForAScenario) {
  auto profile = target::client_profile_for("echo again >>{state_dir}/runs; test $(wc -l <{state_dir}/runs) = 2");
  profile.reset = "echo reset >{state_dir}/runs";
  EXPECT_EQ(drive(profile, {{"operation", "cacerts"}}).exchange.facts.at("exit-status"), "0");
}

TEST(ClientDriver, AClientInThisProcessIsStartedAndJudgedLikeAnyOther) {
  Instructions heard;
  const auto start = [&](const std::string& operation, const Instructions& told, est::Milliseconds within) -> est::Result<ClientEnd> {
    EXPECT_EQ(operation, "cacerts");
    EXPECT_EQ(within, est::Milliseconds(7000));
    heard = told;
    return ClientEnd{.code = 3, .errors = "it is " + told.find("user")->second};
  };
  const auto driver = make_client_driver(target::client_profile_for("exit 0"), pki(), start);
  Exchange exchange;
  const Evidence before;
  engine::Step step;
  step.verb = "drive";
  step.parameters = {{"operation", "cacerts"}, {"within", 7}};
  const auto session = driver->begin(engine::Scenario());
  EXPECT_EQ(session->perform(step, before, exchange).kind, StepOutcome::Kind::recorded);
  EXPECT_EQ(exchange.facts.at("exit-status"), "3");
  EXPECT_TRUE(heard.contains("trust_anchor"));
}

TEST(ClientDriver, LivenessIsSomethingTheClientClaims) {
  target::ClientProfile profile = target::client_profile_for("exit 0");
  profile.claims = {"client-simplereenroll"};
  EXPECT_EQ(make_client_driver(profile, pki())->liveness().parameters.at("operation"), "simplereenroll");
}

}  // namespace
}  // namespace conformance::steps
