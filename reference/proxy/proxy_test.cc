// A registration authority in this process, between real clients and the reference server, or a server that says what the test wants.
#include <array>

#include "est/net/client.h"
#include "est/pki/request.h"
#include "proxy/scene_test.h"

namespace proxy {
namespace {

using client::Client;
using client::ClientOptions;
using client::ProblemKind;
using est::ops::Operation;
using est::tls::must;
using est::tls::Version;
using testing::HasSubstr;
using testing::Not;

TEST_F(ProxyTest, GivesOutTheCertificatesOfTheCa) {
  Client est(through());
  const auto answer = est.ca_certificates();
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(answer->set.anchors(), trust().explicit_anchors);
}

TEST_F(ProxyTest, EnrollsByPasswordAndByCertificateOnBothVersions) {
  for (const Version version : {Version::tls12, Version::tls13}) {
    ClientOptions by_password = through("basic", version);
    give_password(by_password);
    Client first(by_password);
    const auto enrolled = enroll_as_asked(first, plan("CN=first"));
    ASSERT_TRUE(enrolled.ok()) << enrolled.problem().reason;
    ClientOptions by_certificate = through("cert", version);
    by_certificate.session.identity = identity("device");
    Client second(by_certificate);
    EXPECT_TRUE(enroll_as_asked(second, plan("CN=second")).ok());
  }
  const auto records = must(instance->authority().certificates());
  EXPECT_THAT(records.back().identity, HasSubstr("certificate:")) << "the upstream sees the registration authority";
  EXPECT_THAT(records.back().identity, Not(HasSubstr("estuser")));
}

TEST_F(ProxyTest, TimesItsPhasesAndTheUpstream) {
  more = "metrics: {port: 0}\n";
  proxy.reset();
  start(instance->listening().front());
  EXPECT_TRUE(enroll().ok());
  const auto at = est::net::parse_url(proxy->metrics_url())->endpoint;
  auto visitor = std::get<est::net::PlainConnection>(est::net::PlainConnection::open(at, est::Milliseconds(5000)));
  const auto deadline = est::Deadline::after(est::Milliseconds(5000));
  ASSERT_FALSE(visitor.write(est::to_bytes("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), deadline));
  std::string text;
  std::array<est::Byte, 4096> block{};
  for (auto got = visitor.read(block, deadline); got.count > 0; got = visitor.read(block, deadline))
    text += est::as_text(est::BytesView(block).first(got.count));
  EXPECT_THAT(text, HasSubstr("est_phase_seconds_count{phase=\"issue\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("est_phase_seconds_count{phase=\"upstream\"} 0\n")));
  EXPECT_THAT(text, HasSubstr("est_requests_total{operation=\"simpleenroll\",status=\"200\"} 1\n"));
}

TEST_F(ProxyTest, JudgesClientsItself) {
  ClientOptions wrong = through("basic");
  give_password(wrong, "wrong");
  Client stranger(wrong);
  const auto refused = enroll_as_asked(stranger, plan("CN=x"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().kind, ProblemKind::refused);
  Client nobody(through("cert"));
  EXPECT_FALSE(enroll_as_asked(nobody, plan("CN=x")).ok());
}

TEST_F(ProxyTest, ChecksTheLinkOfTheSessionWithItAndAsksForIt) {
  ClientOptions how = through("pop", Version::tls12);
  give_password(how);
  Client linked(how);
  const auto attributes = linked.csr_attributes();
  ASSERT_TRUE(attributes.ok()) << attributes.problem().reason;
  EXPECT_TRUE(attributes->asked->mentions(est::codec::oids::challenge_password));
  const auto enrolled = enroll_as_asked(linked, plan("CN=linked"));
  EXPECT_TRUE(enrolled.ok()) << enrolled.problem().reason;
  how.linking = client::Linking::none;
  Client unlinked(how);
  EXPECT_FALSE(enroll_as_asked(unlinked, plan("CN=unlinked")).ok());
}

TEST_F(ProxyTest, ReenrollsForTheHolderAlone) {
  ClientOptions how = through();
  how.session.identity = identity("client");
  const auto current = decoded(how.session.identity->chain.front());
  Client holder(how);
  client::EnrollmentPlan renewal = plan(current.subject.to_string());
  renewal.operation = Operation::simplereenroll;
  const auto renewed = enroll_as_asked(holder, renewal);
  EXPECT_TRUE(renewed.ok()) << renewed.problem().reason;
  renewal.request.wishes.subject = must(est::codec::parse_name("CN=somebody else"));
  Client thief(how);
  EXPECT_FALSE(enroll_as_asked(thief, renewal).ok());
}

TEST_F(ProxyTest, HandsOnThatARequestWaits) {
  ClientOptions how = through("manual");
  give_password(how);
  how.retry.limit = 0;
  Client est(how);
  const auto waiting = enroll_as_asked(est, plan("CN=patient"));
  ASSERT_FALSE(waiting.ok());
  EXPECT_EQ(waiting.problem().kind, ProblemKind::later);
  EXPECT_EQ(waiting.problem().wait, 1U) << "as the label of the upstream says";
}

TEST_F(ProxyTest, SaysWhatTheUpstreamWillHoldAgainstIt) {
  EXPECT_THAT(logged(), Not(HasSubstr("upstream.certificate")));
  for (const auto& [name, problem] : {std::pair<std::string, std::string>{"client", "id-kp-cmcRA"}, {"expired", "not valid"}}) {
    own = name;
    proxy.reset();
    start(instance->listening().front());
    EXPECT_THAT(logged(), HasSubstr(problem));
  }
}

TEST_F(ProxyTest, StillGivesOutWhatItKnowsWhenTheUpstreamIsGone) {
  instance->drain();
  Client est(through());
  EXPECT_TRUE(est.ca_certificates().ok());
  const auto enrolled = enroll();
  ASSERT_FALSE(enrolled.ok());
  EXPECT_EQ(enrolled.problem().status, 504);
}

// --- An upstream that says what the test wants

TEST_F(HostileUpstream, ARefusalIsHandedOnInItsOwnWords) {
  const auto refused = told(est::ops::text_response(403, "Not this device."));
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.reason, HasSubstr("Not this device."));
}

TEST_F(HostileUpstream, WhatItThinksOfUsIsNoBusinessOfClients) {
  est::http::Response challenge = est::ops::text_response(401, "Who are you?");
  challenge.fields.add("WWW-Authenticate", "Basic realm=\"upstream\"");
  EXPECT_EQ(told(challenge).status, 502);
}

TEST_F(HostileUpstream, NonsenseIsNoCertificate) {
  EXPECT_EQ(told(est::ops::enroll_response(identity("client").chain.front())).status, 502) << "for another key";
  EXPECT_EQ(told(est::ops::text_response(200, "welcome")).status, 502);
  EXPECT_EQ(told(est::ops::text_response(500, "oops")).status, 502);
  EXPECT_EQ(told({204, {}, 1, {}, {}}).status, 502);
}

TEST_F(HostileUpstream, BusyIsHandedOnWithItsTime) {
  est::http::Response busy = est::ops::text_response(503, "Not now.");
  busy.fields.set("Retry-After", "17");
  const auto later = told(busy);
  EXPECT_EQ(later.status, 503);
  EXPECT_EQ(later.wait, 17U);
}

TEST_F(HostileUpstream, SeesTheRequestAndNothingElseOfTheClient) {
  static_cast<void>(told(est::ops::text_response(403, "No.")));
  const auto requests = upstream->requests();
  ASSERT_FALSE(requests.empty());
  const auto& last = requests.back();
  EXPECT_FALSE(last.fields.has("Authorization"));
  EXPECT_EQ(last.fields.get("User-Agent").value_or(""), "est-proxy/" ESTSPEC_VERSION);
  EXPECT_TRUE(est::ops::read_enroll_body(last.body).accepted());
}

TEST_F(HostileUpstream, BadSignaturesStayHere) {
  ClientOptions how = through();
  give_password(how);
  Client est(how);
  const auto key = must(est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256));
  const auto refused = est.enroll(Operation::simpleenroll, [&](const std::optional<std::string>&) -> est::Result<est::Bytes> {
    est::pki::RequestSpec spec;
    spec.subject = must(est::codec::parse_name("CN=x"));
    est::Bytes der = must(est::pki::make_request(spec, key));
    der.back() ^= 1U;
    return der;
  });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().status, 400);
  for (const auto& request : upstream->requests()) EXPECT_EQ(request.method, "GET");
}

// --- The configuration

TEST(ProxyConfig, MistakesAreOneLineWithPlaceAndCure) {
  const std::string front = "server-certificate: a\nserver-key: b\nlabels: {\"\": {}}\n";
  for (const auto& [text, problem] :
       {std::pair{"", "upstream is missing"},
        {"upstream: {url: \"http://a:1\", anchors: [r], certificate: c, key: k}\n", "https://host:port"},
        {"upstream: {url: \"https://a:1\", certificate: c, key: k}\n", "whom to believe"},
        {"upstream: {url: \"https://a:1\", anchors: [r], certificate: c}\n", "come together"},
        {"upstream: {url: \"https://a:1\", anchors: [r]}\n", "would not know us"},
        {"upstream: {url: \"https://a:1\", anchors: [r], user: u, password-file: p, colour: red}\n", "unknown key"},
        {"# \x1b\n", "control character"}}) {
    const auto config = parse_config(front + text, "p.yaml");
    ASSERT_FALSE(config.ok()) << text;
    EXPECT_THAT(config.error().message, HasSubstr("p.yaml:")) << text;
    EXPECT_THAT(config.error().message, HasSubstr(problem)) << text;
  }
}

}  // namespace
}  // namespace proxy
