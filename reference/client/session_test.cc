#include "client/session.h"

#include "client/scripted_server_test.h"
#include "est/base/text.h"
#include "est/http/answer.h"
#include "est/net/scripted_proxy_test.h"

namespace client {
namespace {

using est::Bytes;
using est::http::Request;
using est::http::Response;
using est::net::Peer;
using est::tls::AuthorityForTest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string basic_challenge = "Basic realm=\"est\"";

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    profile.identity = root.server({"IP:127.0.0.1"});
    trust.explicit_anchors = {root.certificate()};
  }
  void start(ScriptedServer::Script script) { server = std::make_unique<ScriptedServer>(profile, std::move(script)); }
  [[nodiscard]] Session session() const { return {server->at(), options, std::make_shared<const Trust>(trust)}; }
  void give_credentials(const std::string& user = "alice") {
    options.credentials = [this, user](const Challenged& challenged) -> est::Result<std::optional<est::http::Credentials>> {
      challenges.push_back(challenged);
      return std::optional(est::http::Credentials{user, "secret"});
    };
  }
  // No request may have arrived, and no credentials been asked for.
  void expect_untrusted(const std::string& reason) {
    Session refused = session();
    const auto answer = refused.ask({"GET", "/x"});
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.problem().kind, ProblemKind::untrusted);
    EXPECT_THAT(answer.problem().reason, HasSubstr(reason));
    EXPECT_THAT(server->requests(), IsEmpty());
    EXPECT_THAT(challenges, IsEmpty());
  }

  const AuthorityForTest root{"root"};
  const AuthorityForTest stranger{"stranger"};
  est::tls::ServerProfile profile;
  SessionOptions options;
  Trust trust;
  std::vector<Challenged> challenges;
  std::unique_ptr<ScriptedServer> server;
};

Response ok(const Request&, const Peer&, int) { return answer_with(200, "fine"); }
Response demand_basic(const Request& request, const Peer&, int) {
  if (request.fields.get("Authorization") == "Basic YWxpY2U6c2VjcmV0") return answer_with(200, "welcome");
  return answer_with(401, "who?", {{"WWW-Authenticate", basic_challenge}});
}

TEST_F(SessionTest, AsksAnAuthorisedServerOverOneConnection) {
  start(ok);
  Session s = session();
  for (int i = 0; i < 2; ++i) {
    const auto answer = s.ask({"GET", "/x"});
    ASSERT_TRUE(answer.ok()) << answer.problem().reason;
    EXPECT_EQ(answer->response.status, 200);
    EXPECT_EQ(answer->server.basis, Basis::explicit_anchors);
    EXPECT_EQ(answer->url, server->url("/x"));
  }
  EXPECT_EQ(s.last_status(), 200);
  EXPECT_EQ(server->counters().accepted, 1U);
  EXPECT_EQ(server->requests().front().fields.get("Host"), server->at().to_string());
}

TEST_F(SessionTest, ResumesItsTlsSession) {
  bool resumed = false;
  start([&](const Request&, const Peer& peer, int) {
    resumed = peer.tls->resumed;
    return answer_with(200);
  });
  Session s = session();
  ASSERT_TRUE(s.ask({"GET", "/x"}).ok());
  s.close();
  ASSERT_TRUE(s.ask({"GET", "/x"}).ok());
  EXPECT_TRUE(resumed);
  s.set_trust(std::make_shared<const Trust>(trust));
  ASSERT_TRUE(s.ask({"GET", "/x"}).ok());
  EXPECT_FALSE(resumed);
}

TEST_F(SessionTest, UntrustedServersSeeNothing) {
  options.identity = root.client();
  give_credentials();
  profile.identity = stranger.server({"IP:127.0.0.1"});
  start(demand_basic);
  expect_untrusted("no path to the explicit trust anchors");
  profile.identity = root.server({"DNS:other.example"});
  start(demand_basic);
  expect_untrusted("not for the name 127.0.0.1");
  profile.identity = root.issue({"127.0.0.1", {}, "serverAuth"});  // its CN does not count
  start(demand_basic);
  expect_untrusted("not for the name 127.0.0.1");
  profile.identity = root.issue({"server", {"IP:127.0.0.1"}, "serverAuth", est::crypto::KeyType::ec_p256, true});
  start(demand_basic);
  expect_untrusted("expired");
  profile.identity = root.client();
  start(demand_basic);
  expect_untrusted("purpose");
  profile.identity = root.server({"IP:127.0.0.1"});
  trust = {};
  start(demand_basic);
  expect_untrusted("there are no trust anchors");
}

TEST_F(SessionTest, RegistrationAuthorityNeedsNoNameUnderExplicitAnchorsOnly) {
  profile.identity = root.issue({"ra", {"DNS:ra.example"}, "serverAuth,1.3.6.1.5.5.7.3.28"});
  start(ok);
  Session s = session();
  const auto answer = s.ask({"GET", "/x"});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_TRUE(answer->server.by_role);
  trust.implicit_anchors = std::exchange(trust.explicit_anchors, {});
  Session implicit = session();
  EXPECT_EQ(implicit.ask({"GET", "/x"}).problem().kind, ProblemKind::untrusted);
}

TEST_F(SessionTest, ImplicitAnchorsComeSecond) {
  trust.explicit_anchors = {stranger.certificate()};
  trust.implicit_anchors = {root.certificate()};
  start(ok);
  Session s = session();
  const auto answer = s.ask({"GET", "/x"});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(answer->server.basis, Basis::implicit_anchors);
}

TEST_F(SessionTest, CrlsAreChecked) {
  trust.check_crl = true;
  start(ok);
  expect_untrusted("CRL");
}

// --- challenges

TEST_F(SessionTest, AnswersBasicWhenAsked) {
  give_credentials();
  start(demand_basic);
  Session s = session();
  const auto answer = s.ask({"GET", "/x"});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(answer->response.status, 200);
  ASSERT_THAT(challenges, SizeIs(1));
  EXPECT_EQ(challenges.front().realm, "est");
  EXPECT_EQ(challenges.front().scheme, "Basic");
  EXPECT_FALSE(server->requests().front().fields.has("Authorization"));
}

TEST_F(SessionTest, EmptyUserName) {
  give_credentials("");
  start([](const Request& request, const Peer&, int) {
    return request.fields.get("Authorization") == "Basic OnNlY3JldA==" ? answer_with(200)
                                                                       : answer_with(401, {}, {{"WWW-Authenticate", basic_challenge}});
  });
  Session s = session();
  EXPECT_TRUE(s.ask({"GET", "/x"}).ok());
}

// RFC 7617 2: the server would take what is behind the colon for the password.
TEST_F(SessionTest, BasicHasNoPlaceForAColonInTheName) {
  give_credentials("ali:ce");
  start(demand_basic);
  Session s = session();
  const auto answer = s.ask({"GET", "/x"});
  ASSERT_FALSE(answer.ok());
  EXPECT_THAT(answer.problem().reason, HasSubstr("colon"));
  EXPECT_THAT(server->requests(), SizeIs(1));
}

TEST_F(SessionTest, AnswersDigestAndAStaleNonceOnce) {
  give_credentials();
  const est::http::DigestVerifier verifier({}, est::system_clock());
  const auto lookup = [](std::string_view) { return std::optional<std::string>("secret"); };
  int stale = 1;
  start([&](const Request& request, const Peer&, int) {
    const auto field = request.fields.get("Authorization");
    std::vector<est::http::Field> fields{{"WWW-Authenticate", basic_challenge}};
    for (const std::string& value : verifier.challenges(field && stale > 0)) fields.push_back({"WWW-Authenticate", value});
    if (!field || stale-- > 0) return answer_with(401, {}, fields);
    const auto item = est::http::decode_credentials(*field);
    const auto verdict = verifier.verify(*item.value, request.method, request.target, lookup);
    return answer_with(verdict.outcome == est::http::DigestVerifier::Outcome::accepted ? 200 : 403);
  });
  Session s = session();
  auto answer = s.ask({"GET", "/x?y"});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(answer->response.status, 200);
  EXPECT_EQ(challenges.front().scheme, "SHA-256 Digest");
  stale = 5;
  answer = s.ask({"GET", "/x"});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.problem().kind, ProblemKind::refused);
}

TEST_F(SessionTest, GivesUpOnChallengesItCannotAnswer) {
  struct Row {
    std::vector<est::http::Field> fields;
    std::string reason;
    bool credentials;
  };
  for (const Row& row : {Row{{{"WWW-Authenticate", basic_challenge}}, "refuses the user name or password for \"est\"", true},
                         {{{"WWW-Authenticate", basic_challenge}}, "wants a user name and password (Basic)", false},
                         {{{"WWW-Authenticate", "Bearer realm=\"x\""}}, "other than Basic and Digest", true},
                         {{}, "without saying how", true}}) {
    options.credentials = {};
    if (row.credentials) give_credentials();
    start([&](const Request&, const Peer&, int) { return answer_with(401, {}, row.fields); });
    Session s = session();
    const auto answer = s.ask({"GET", "/x"});
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.problem().kind, ProblemKind::refused);
    EXPECT_EQ(answer.problem().status, 401);
    EXPECT_THAT(answer.problem().reason, HasSubstr(row.reason));
    EXPECT_THAT(answer.problem().reason, Not(HasSubstr("secret")));
    EXPECT_LE(server->requests().size(), 2U);
  }
}

TEST_F(SessionTest, AuthenticatesOnANewConnectionWhenTheFirstWasClosed) {
  give_credentials();
  int bodies = 0;
  start([](const Request& request, const Peer&, int) {
    if (request.fields.has("Authorization")) return answer_with(200);
    return answer_with(401, {}, {{"WWW-Authenticate", basic_challenge}, {"Connection", "close"}});
  });
  Session s = session();
  const auto answer = s.ask({"POST", "/x", "application/pkcs10", [&](const est::tls::Facts&) -> Outcome<Bytes> {
                               ++bodies;
                               return est::to_bytes("body");
                             }});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(bodies, 2);
  EXPECT_NE(server->connections()[0], server->connections()[1]);
}

// --- redirections

TEST_F(SessionTest, FollowsRedirectionsWithinTheOrigin) {
  for (const int status : {301, 302, 307, 308}) {
    start([&](const Request&, const Peer&, int number) {
      return number == 1 ? answer_with(status, {}, {{"Location", "/y?z"}}) : answer_with(200, "there");
    });
    Session s = session();
    const auto answer = s.ask({"POST", "/x", "text/plain", [](const est::tls::Facts&) -> Outcome<Bytes> { return est::to_bytes("body"); }});
    ASSERT_TRUE(answer.ok()) << answer.problem().reason;
    const auto requests = server->requests();
    ASSERT_THAT(requests, SizeIs(2));
    EXPECT_EQ(requests[1].target, "/y?z");
    EXPECT_EQ(requests[1].method, "POST");
    EXPECT_EQ(est::to_string(requests[1].body), "body");
  }
}

TEST_F(SessionTest, SaysTheTransferEncodingOfABodyWhenAskedTo) {
  start(ok);
  const auto body = [](const est::tls::Facts&) -> Outcome<Bytes> { return est::to_bytes("Ym9keQ=="); };
  ASSERT_TRUE(session().ask({"POST", "/x", "text/plain", body}).ok());
  options.transfer_encoding = true;
  Session s = session();
  ASSERT_TRUE(s.ask({"POST", "/x", "text/plain", body}).ok());
  ASSERT_TRUE(s.ask({"GET", "/x"}).ok());
  const auto requests = server->requests();
  ASSERT_THAT(requests, SizeIs(3));
  EXPECT_FALSE(requests[0].fields.has("Content-Transfer-Encoding"));
  EXPECT_EQ(requests[1].fields.get("Content-Transfer-Encoding"), "base64");
  EXPECT_FALSE(requests[2].fields.has("Content-Transfer-Encoding"));
}

TEST_F(SessionTest, RefusesUnusableRedirections) {
  for (const std::string location : {"http://127.0.0.1/y", "", "https://alice:secret@127.0.0.1/", "/\x01", "/x"}) {
    start([&](const Request&, const Peer&, int) { return answer_with(302, {}, {{"Location", location}}); });
    Session s = session();
    const auto answer = s.ask({"GET", "/x"});
    ASSERT_FALSE(answer.ok()) << location;
    EXPECT_EQ(answer.problem().kind, ProblemKind::answer) << location;
    EXPECT_LE(server->requests().size(), 6U);
  }
}

TEST_F(SessionTest, OtherOriginsNeedApprovalAndAllChecks) {
  give_credentials();
  ScriptedServer second(profile, demand_basic);
  start([&](const Request&, const Peer&, int) { return answer_with(307, {}, {{"Location", second.url("/y")}}); });
  Session alone = session();
  EXPECT_THAT(alone.ask({"GET", "/x"}).problem().reason, HasSubstr("another origin"));
  EXPECT_THAT(second.requests(), IsEmpty());
  std::vector<std::string> asked;
  options.approve = [&](const std::string& from, const std::string& to) {
    asked = {from, to};
    return true;
  };
  Session approving = session();
  const auto answer = approving.ask({"GET", "/x"});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(est::to_string(answer->response.body), "welcome");
  EXPECT_THAT(asked, ElementsAre(server->url("/x"), second.url("/y")));
  EXPECT_FALSE(server->requests().back().fields.has("Authorization"));
}

TEST_F(SessionTest, AnUntrustedOriginGetsNothingEvenIfApproved) {
  give_credentials();
  est::tls::ServerProfile other;
  other.identity = stranger.server({"IP:127.0.0.1"});
  ScriptedServer second(other, demand_basic);
  start([&](const Request&, const Peer&, int) { return answer_with(307, {}, {{"Location", second.url("/y")}}); });
  options.approve = [](const std::string&, const std::string&) { return true; };
  Session s = session();
  EXPECT_EQ(s.ask({"GET", "/x"}).problem().kind, ProblemKind::untrusted);
  EXPECT_THAT(second.requests(), IsEmpty());
  EXPECT_THAT(challenges, IsEmpty());
}

// --- bootstrap

TEST_F(SessionTest, ProvisionallyShowsNothing) {
  trust = {};
  options.identity = root.client();
  give_credentials();
  bool certificate = true;
  start([&](const Request&, const Peer& peer, int) {
    certificate = peer.tls->peer_certificate() != nullptr;
    return answer_with(401, {}, {{"WWW-Authenticate", basic_challenge}});
  });
  Session s = session();
  const auto answer = s.ask_provisionally({"GET", "/x"});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(answer->response.status, 401);
  EXPECT_FALSE(answer->server.authorised());
  EXPECT_FALSE(certificate);
  EXPECT_THAT(challenges, IsEmpty());
  EXPECT_EQ(s.ask({"GET", "/x"}).problem().kind, ProblemKind::untrusted);
  EXPECT_THAT(server->requests(), SizeIs(1));
}

// --- client certificates and linking

TEST_F(SessionTest, ShowsItsCertificate) {
  options.identity = root.client("device");
  start([](const Request&, const Peer& peer, int) { return answer_with(peer.tls->peer_certificate() == nullptr ? 403 : 200); });
  for (const auto version : {est::tls::Version::tls12, est::tls::Version::tls13}) {
    options.least = options.most = version;
    Session s = session();
    EXPECT_EQ(s.ask({"GET", "/x"})->response.status, 200);
  }
}

TEST_F(SessionTest, RemakesTheBodyWhenARenegotiationTookItsBinding) {
  options.identity = root.client("device");
  options.most = est::tls::Version::tls12;
  profile.client_certificate = est::tls::ClientCertificate::late;
  // As servers do that compare with the binding after the renegotiation.
  start([](const Request& request, const Peer& peer, int number) {
    return answer_with(number > 1 && est::hex(peer.tls->tls_unique) == est::to_string(request.body) ? 200 : 400);
  });
  server->late_certificate = [](const Request&) { return true; };
  Session s = session();
  const auto answer = s.ask({"POST", "/x", "text/plain",
                             [](const est::tls::Facts& facts) -> Outcome<Bytes> { return est::to_bytes(est::hex(facts.tls_unique)); }});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(answer->response.status, 200);
  EXPECT_THAT(server->requests(), SizeIs(2));
}

// --- what programs that build on this may put in between

TEST_F(SessionTest, AServerCheckOfOnesOwnDecides) {
  start(ok);
  options.check = [](const std::vector<Bytes>& chain, const std::string& host, const Trust& given) {
    EXPECT_THAT(chain, Not(IsEmpty()));
    EXPECT_EQ(host, "127.0.0.1");
    EXPECT_FALSE(given.empty());
    return ServerVerdict{Basis::none, false, "it is Sunday", 0};
  };
  expect_untrusted("it is Sunday");
}

TEST_F(SessionTest, AnInterceptorSeesAndChangesBothWays) {
  start([](const Request& request, const Peer&, int) { return answer_with(request.fields.get("X-Gateway") == "a" ? 200 : 400); });
  options.interceptor = [](const Request& request, const est::tls::Facts& facts, const Send& send) {
    EXPECT_FALSE(facts.suite.empty());
    Request changed = request;
    changed.fields.add("X-Gateway", "a");
    Outcome<Response> answer = send(changed);
    if (answer) answer->fields.set("X-Seen", "yes");
    return answer;
  };
  Session s = session();
  const auto answer = s.ask({"GET", "/x"});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(answer->response.status, 200);
  EXPECT_EQ(answer->response.fields.get("X-Seen"), "yes");
}

TEST_F(SessionTest, AnInterceptorThatSendsOnAClosedConnectionIsToldSo) {
  start([](const Request&, const Peer&, int) {
    Response response = answer_with(200);
    response.fields.set("Content-Length", "1");
    return response;
  });
  std::vector<ProblemKind> kinds;
  options.answer_within = est::Milliseconds(200);
  options.interceptor = [&](const Request& request, const est::tls::Facts&, const Send& send) {
    Outcome<Response> answer = send(request);
    for (int i = 0; i < 2 && !answer; ++i) {
      kinds.push_back(answer.problem().kind);
      answer = send(request);
    }
    return answer;
  };
  Session s = session();
  EXPECT_FALSE(s.ask({"GET", "/x"}).ok());
  EXPECT_THAT(kinds, ElementsAre(ProblemKind::transport, ProblemKind::transport));
}

TEST_F(SessionTest, TheLastTouchIsToTheTlsProfile) {
  start(ok);
  options.last_touch = [](est::tls::ClientProfile& touched) { touched.most = est::tls::Version::tls12; };
  Session s = session();
  const auto answer = s.ask({"GET", "/x"});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(answer->facts.version, est::tls::Version::tls12);
}

// --- proxies

TEST_F(SessionTest, GoesThroughAProxyAndItsRefusalIsNoTrustInTheServer) {
  start(demand_basic);
  give_credentials();
  bool refuse = false;
  const est::net::ScriptedProxy proxy([&](const est::net::ProxyClient& client, int) {
    static_cast<void>(client.receive_head());
    client.send(est::as_bytes(refuse ? "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\n"));
    if (!refuse) client.relay(server->at());
  });
  options.proxy = est::net::Proxy{est::net::Proxy::Kind::http_connect, proxy.at, {}};
  Session s = session();
  const auto answer = s.ask({"GET", "/x"});
  ASSERT_TRUE(answer.ok()) << answer.problem().reason;
  EXPECT_EQ(est::to_string(answer->response.body), "welcome");
  s.close();
  refuse = true;
  const auto refused = s.ask({"GET", "/x"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.problem().kind, ProblemKind::transport);
  EXPECT_THAT(refused.problem().reason, HasSubstr("proxy: "));
}

TEST_F(SessionTest, TransportFailuresNameTheStage) {
  start(ok);
  const est::net::Endpoint nowhere = server->at();
  server.reset();
  Session s{nowhere, options, std::make_shared<const Trust>(trust)};
  const auto answer = s.ask({"GET", "/x"});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.problem().kind, ProblemKind::transport);
  EXPECT_THAT(answer.problem().reason, HasSubstr("connect: "));
  EXPECT_EQ(s.last_status(), 0);
}

}  // namespace
}  // namespace client
