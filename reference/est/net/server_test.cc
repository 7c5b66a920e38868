#include "est/net/server.h"

#include <httplib.h>

#include <future>

#include "est/crypto/chain.h"
#include "est/net/server_fixture_test.h"

namespace est::net {
namespace {

using ::testing::HasSubstr;
using tls::Version;

struct ServerByVersion : ServerTest, ::testing::WithParamInterface<Version> {
  ServerByVersion() { use(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Versions, ServerByVersion, ::testing::Values(Version::tls12, Version::tls13),
                         [](const auto& one) { return one.param == Version::tls12 ? "tls12" : "tls13"; });

TEST_P(ServerByVersion, Echoes) {
  start();
  ClientConnection client = connect();
  EXPECT_EQ(client.facts().version, GetParam());
  for (const std::string body : {"", "one", "two"}) {
    const Asked asked = ask(client, post("/echo", body));
    EXPECT_EQ(asked.status(), 200);
    EXPECT_EQ(asked.body(), body);
  }
  client.close();
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
  EXPECT_EQ(server->counters().requests, 3U);
  EXPECT_EQ(server->counters().accepted, 1U);
  EXPECT_EQ(server->counters().handshake_failures, 0U);
}

TEST_P(ServerByVersion, BothEndsAgreeOnTheConnectionFirstAndResumed) {
  start();
  client_profile.identity = intermediate.client();
  const auto check = [&](ClientConnection& client, std::string_view resumed) {
    EXPECT_EQ(ask(client, get("/unique")).body(), hex(client.facts().tls_unique));
    EXPECT_EQ(ask(client, get("/exporter")).body(), hex(client.facts().tls_exporter));
    EXPECT_EQ(ask(client, get("/resumed")).body(), resumed);
    EXPECT_EQ(ask(client, get("/leaf")).body(), est::to_string(client_profile.identity->chain.front()));
    EXPECT_EQ(ask(client, get("/chain")).body(), "2");
    EXPECT_EQ(client.facts().tls_unique.empty(), GetParam() == Version::tls13);
    EXPECT_EQ(client.facts().tls_exporter.size(), 32U);
    EXPECT_TRUE(client.facts().peer_verified);
  };
  ClientConnection first = connect();
  check(first, "no");
  const auto session = first.session();
  ASSERT_NE(session, nullptr);
  first.close();
  ClientConnection second = connect(session.get());
  EXPECT_TRUE(second.facts().resumed);
  check(second, "yes");
  second.close(true);  // a reset does not spoil the session either
  ClientConnection third = connect(session.get());
  EXPECT_TRUE(third.facts().resumed);
}

TEST_P(ServerByVersion, ARequiredClientCertificateThatIsMissingIsAnAlert) {
  server_profile.client_certificate = tls::ClientCertificate::required;
  start();
  auto opened = try_connect();
  // TLS 1.3: the client's handshake is over before the server has judged its certificate.
  std::optional<Failure> failure;
  if (auto* client = std::get_if<ClientConnection>(&opened))
    failure = ask(*client, get("/")).failure;
  else
    failure = std::get<Failure>(opened);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->cause, Cause::alert) << failure->message;
  EXPECT_EQ(failure->stage, GetParam() == Version::tls13 ? Stage::read : Stage::handshake);
  ASSERT_TRUE(failure->alert);
  EXPECT_EQ(failure->alert->name(), GetParam() == Version::tls13 ? "certificate_required" : "handshake_failure");
  EXPECT_TRUE(eventually([&] { return server->counters().handshake_failures == 1 && server->counters().open == 0; }));
}

// --- an HTTP and TLS client that is none of ours

TEST_F(ServerTest, AnswersAnIndependentClient) {
  start();
  httplib::SSLClient client("127.0.0.1", endpoint.port);
  client.enable_server_certificate_verification(false);
  client.set_keep_alive(true);
  for (int i = 0; i < 3; ++i) {
    const auto result = client.Post("/echo", "hello", "text/plain");
    ASSERT_TRUE(result) << httplib::to_string(result.error());
    EXPECT_EQ(result->status, 200);
    EXPECT_EQ(result->body, "hello");
  }
  EXPECT_EQ(server->counters().accepted, 1U);
  const auto refused = client.Get("/forbidden");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 403);
  const auto after = client.Get("/big");
  ASSERT_TRUE(after);
  EXPECT_EQ(after->body.size(), std::size_t{8} << 20U);
}

TEST_F(ServerTest, SeesTheCertificateOfAnIndependentClient) {
  start();
  const tls::Identity identity = intermediate.client();
  const auto certificate = tls::must(crypto::parse_certificate(identity.chain.front()));
  httplib::SSLClient client("127.0.0.1", endpoint.port, certificate.get(), identity.key->handle());
  crypto::X509StoreHandle store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), tls::must(crypto::parse_certificate(root.certificate())).get());
  client.set_ca_cert_store(store.release());
  client.enable_server_certificate_verification(true);
  const auto result = client.Get("/leaf");
  ASSERT_TRUE(result) << httplib::to_string(result.error());
  EXPECT_EQ(result->body, est::to_string(identity.chain.front()));
}

// --- HTTP on a connection

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  ClientConnection client = connect();
  Bytes all;
  for (int i = 0; i < 200; ++i) append(all, post("/echo", "number " + std::to_string(i)));
  ASSERT_FALSE(client.write(all, Deadline::after(patience)));
  Bytes rest;
  for (int i = 0; i < 200; ++i) ASSERT_EQ(read_response(client, patience, &rest).body(), "number " + std::to_string(i));
}

TEST_F(ServerTest, ARequestMayComeOctetByOctet) {
  start();
  ClientConnection client = connect();
  for (const Byte octet : post("/echo", "slowly")) ASSERT_FALSE(client.write(std::array{octet}, Deadline::after(patience)));
  EXPECT_EQ(read_response(client).body(), "slowly");
}

TEST_F(ServerTest, TheConnectionEndsWhenAskedTo) {
  start();
  for (const Bytes& request : {get("/", "Connection: close\r\n"), get("/last"), to_bytes("GET / HTTP/1.0\r\nHost: a\r\n\r\n")}) {
    ClientConnection client = connect();
    EXPECT_EQ(ask(client, request).status(), 200);
    std::array<Byte, 1> octet{};
    const ReadOutcome end = client.read(octet, Deadline::after(patience));
    EXPECT_FALSE(end.failure);
    EXPECT_EQ(client.peer_close(), PeerClose::close_notify);
    EXPECT_THAT(client.alerts(), ::testing::Contains(tls::Alert{false, 0, true}));
  }
}

TEST_F(ServerTest, RequestsPerConnectionAreLimited) {
  options.limits.requests_per_connection = 2;
  start();
  ClientConnection client = connect();
  EXPECT_FALSE(ask(client, get("/")).response->message.fields.has("Connection"));
  EXPECT_TRUE(ask(client, get("/")).response->message.fields.has("Connection"));
  std::array<Byte, 1> octet{};
  EXPECT_EQ(client.read(octet, Deadline::after(patience)).count, 0U);
}

TEST_F(ServerTest, ContinueIsSentBeforeTheBody) {
  start();
  ClientConnection client = connect();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  ASSERT_FALSE(client.write(as_bytes(head), Deadline::after(patience)));
  std::array<Byte, 100> buffer{};
  const ReadOutcome interim = client.read(buffer, Deadline::after(patience));
  EXPECT_EQ(as_text(BytesView(buffer).first(interim.count)), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(ask(client, to_bytes("body")).body(), "body");

  const std::string refused = "POST /forbidden HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  const Asked asked = ask(client, to_bytes(refused));
  EXPECT_EQ(asked.status(), 403);
  EXPECT_TRUE(asked.response->interim.empty());
}

struct RefusalCase {
  std::string name;
  Bytes request;
  int status;
};

TEST_F(ServerTest, RefusalsReachTheClientAndEndTheConnection) {
  options.limits.parser.body = 1000;
  start();
  const std::string megabytes(std::size_t{4} << 20U, 'x');
  const std::vector<RefusalCase> cases{
      {"ill-formed", to_bytes("NONSENSE\r\n\r\n"), 400},
      {"body too large, all of it sent", post("/echo", megabytes), 413},
      {"head refused by the application, body sent", post("/forbidden", megabytes.substr(0, 900)), 403},
      {"start line too long", get("/" + std::string(9000, 'x')), 414},
      {"fields too large", get("/", "X: " + std::string(40000, 'x') + "\r\n"), 431},
      {"both lengths", to_bytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
      {"no length", to_bytes("POST / HTTP/1.1\r\nHost: a\r\n\r\n"), 411},
  };
  for (const RefusalCase& c : cases) {
    ClientConnection client = connect();
    const Asked asked = ask(client, c.request);
    EXPECT_EQ(asked.status(), c.status) << c.name << (asked.failure ? ": " + asked.failure->message : "");
    std::array<Byte, 1> octet{};
    const ReadOutcome end = client.read(octet, Deadline::after(patience));
    EXPECT_FALSE(end.failure) << c.name << ": " << end.failure->message;
    EXPECT_EQ(client.peer_close(), PeerClose::close_notify) << c.name;
  }
  expect_alive();
}

TEST_F(ServerTest, NothingBehindARefusalIsServed) {
  start();
  ClientConnection client = connect();
  Bytes two = to_bytes("NONSENSE\r\n\r\n");
  append(two, post("/echo", "smuggled"));
  EXPECT_EQ(ask(client, two).status(), 400);
  EXPECT_EQ(read_response(client).status(), 0);
  EXPECT_EQ(application.answered, 0);
}

TEST_F(ServerTest, AnAbortIsAReset) {
  start();
  ClientConnection client = connect();
  EXPECT_EQ(ask(client, get("/abort")).body(), "last words");
  std::array<Byte, 1> octet{};
  const ReadOutcome end = client.read(octet, Deadline::after(patience));
  ASSERT_TRUE(end.failure);
  EXPECT_EQ(end.failure->cause, Cause::reset);
  EXPECT_EQ(client.peer_close(), PeerClose::reset);
  ClientConnection silent = connect();
  EXPECT_EQ(ask(silent, get("/vanish")).failure->cause, Cause::reset);
}

TEST_F(ServerTest, AnEscapingExceptionIsAnAnswerAndNotTheEnd) {
  start();
  ClientConnection client = connect();
  const Asked asked = ask(client, get("/throw"));
  EXPECT_EQ(asked.status(), 500);
  EXPECT_TRUE(asked.response->complete);
  EXPECT_TRUE(asked.response->findings.empty());
  expect_alive();
}

TEST_F(ServerTest, AClientMayCloseItsHalfAfterTheRequest) {
  start();
  ClientConnection client = connect();
  ASSERT_FALSE(client.write(post("/slow", "half"), Deadline::after(patience)));
  client.end_output();
  EXPECT_EQ(read_response(client).body(), "half");
}

// --- the server's life

TEST_F(ServerTest, ListensOnBothFamiliesAndEveryPortIsKnown) {
  options.listen = {{"127.0.0.1", 0}, {"::1", 0}};
  const auto bound = Server::bind(options, tls::must(tls::ServerContext::make(server_profile)), application, log);
  if (!bound.ok()) GTEST_SKIP() << "no IPv6 here: " << bound.error().message;
  start();
  ASSERT_EQ(server->listening().size(), 2U);
  endpoint = server->listening().at(1);
  EXPECT_EQ(endpoint.host, "::1");
  EXPECT_NE(endpoint.port, 0);
  client_profile.expected_name = "::1";
  ClientConnection client = connect();
  EXPECT_THAT(ask(client, get("/address")).body(), HasSubstr("[::1]:"));
}

TEST_F(ServerTest, OneNameMayBeSeveralAddressesOnOnePort) {
  options.listen = {{"", 0}};
  start();
  for (const Endpoint& one : server->listening()) EXPECT_EQ(one.port, endpoint.port);
  endpoint.host = "localhost";
  client_profile.expected_name = "localhost";
  expect_alive();
}

TEST_F(ServerTest, ATakenPortIsAClearError) {
  start();
  options.listen = {endpoint};
  const auto second = Server::bind(options, tls::must(tls::ServerContext::make(server_profile)), application, log);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message, HasSubstr(endpoint.to_string()));
  options.listen.clear();
  EXPECT_FALSE(Server::bind(options, tls::must(tls::ServerContext::make(server_profile)), application, log).ok());
}

TEST_F(ServerTest, ServersComeAndGo) {
  for (int i = 0; i < 10; ++i) {
    start();
    expect_alive();
    server.reset();
    const auto refused = try_connect();
    ASSERT_TRUE(std::holds_alternative<Failure>(refused));
    EXPECT_EQ(std::get<Failure>(refused).cause, Cause::refused);
  }
  // Never started, and started after its end.
  server = tls::must(Server::bind(options, tls::must(tls::ServerContext::make(server_profile)), application, log));
  server->drain();
  EXPECT_FALSE(server->start().ok());
}

TEST_F(ServerTest, ANewContextIsForNewConnections) {
  start();
  ClientConnection before = connect();
  const tls::AuthorityForTest other("other");
  server_profile.identity = other.server();
  server->replace_context(tls::must(tls::ServerContext::make(server_profile)));
  EXPECT_EQ(ask(before, post("/echo", "still")).body(), "still");
  const auto refused = try_connect();
  ASSERT_TRUE(std::holds_alternative<Failure>(refused));
  EXPECT_EQ(std::get<Failure>(refused).cause, Cause::untrusted);
  client_profile.anchors = {other.certificate()};
  expect_alive();
}

TEST_F(ServerTest, DrainFinishesWhatHasBegunAndRefusesTheRest) {
  options.limits.drain = patience;
  start();
  ClientConnection idle = connect();
  EXPECT_EQ(ask(idle, get("/")).status(), 200);
  const PlainConnection silent = connect_plain();
  ClientConnection half = connect();
  const Bytes request = post("/echo", "half a request");
  ASSERT_FALSE(half.write(BytesView(request).first(40), Deadline::after(patience)));
  EXPECT_EQ(ask(idle, get("/")).status(), 200);  // by now the half has been read
  ClientConnection busy = connect();
  ASSERT_FALSE(busy.write(get("/slow"), Deadline::after(patience)));
  ASSERT_TRUE(eventually([&] { return application.slow_started == 1; }));

  auto drained = std::async(std::launch::async, [&] { server->drain(); });
  EXPECT_EQ(read_response(busy).status(), 200);
  busy.close();
  std::array<Byte, 1> octet{};
  EXPECT_EQ(idle.read(octet, Deadline::after(patience)).count, 0U);
  EXPECT_EQ(idle.peer_close(), PeerClose::close_notify);
  const auto refused = try_connect();
  ASSERT_TRUE(std::holds_alternative<Failure>(refused));
  ASSERT_FALSE(half.write(BytesView(request).subspan(40), Deadline::after(patience)));
  const Asked asked = read_response(half);
  EXPECT_EQ(asked.body(), "half a request");
  EXPECT_EQ(asked.response->message.fields.get("Connection"), "close");
  half.close();
  EXPECT_EQ(drained.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(server->counters().open, 0U);
}

TEST_F(ServerTest, DrainHasAnEnd) {
  options.limits.drain = 100ms;
  start();
  ClientConnection half = connect();
  ASSERT_FALSE(half.write(as_bytes("GET / HT"), Deadline::after(patience)));
  EXPECT_TRUE(eventually([&] { return server->counters().open == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  server->drain();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

}  // namespace
}  // namespace est::net
