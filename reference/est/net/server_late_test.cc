// Client certificates that the server asks for when a request needs one, and certificates chosen by name.
#include "est/net/server.h"

#include "est/net/server_fixture_test.h"

namespace est::net {
namespace {

using tls::Version;

// Wants a certificate where the target says so: /leaf, and POSTs to /unique and /echo.
class CarefulApplication final : public Application {
 public:
  std::optional<Reply> on_head(const http::Request& head, const Peer& peer) override { return echo.on_head(head, peer); }
  Reply on_request(const http::Request& request, const Peer& peer, bool keep_alive) override {
    return echo.on_request(request, peer, keep_alive);
  }
  bool wants_client_certificate(const http::Request& head, const Peer& /*peer*/) override {
    ++wondered;
    return head.target == "/leaf" || head.method == "POST";
  }
  Reply on_refusal(const http::Refusal& refusal, const Peer& peer) override { return echo.on_refusal(refusal, peer); }
  EchoApplication echo;
  std::atomic<int> wondered{0};
};

struct LateCertificate : ServerTest, ::testing::WithParamInterface<Version> {
  LateCertificate() {
    use(GetParam());
    server_profile.client_certificate = tls::ClientCertificate::late;
    client_profile.identity = intermediate.client();
  }
  void serve() {
    server = tls::must(Server::bind(options, tls::must(tls::ServerContext::make(server_profile)), careful, log));
    ASSERT_TRUE(server->start().ok());
    endpoint = server->listening().front();
  }
  [[nodiscard]] std::string leaf() const { return est::to_string(client_profile.identity->chain.front()); }
  CarefulApplication careful;
};
INSTANTIATE_TEST_SUITE_P(Versions, LateCertificate, ::testing::Values(Version::tls12, Version::tls13),
                         [](const auto& one) { return one.param == Version::tls12 ? "tls12" : "tls13"; });

TEST_P(LateCertificate, IsAskedForOnceAndOnlyWhenNeeded) {
  serve();
  ClientConnection client = connect();
  EXPECT_EQ(ask(client, get("/chain")).body(), "0");
  EXPECT_EQ(client.certificate_requests(), 0U);
  EXPECT_EQ(ask(client, get("/leaf")).body(), leaf());
  EXPECT_EQ(client.certificate_requests(), 1U);
  EXPECT_EQ(ask(client, get("/leaf")).body(), leaf());
  EXPECT_EQ(ask(client, get("/chain")).body(), "2");
  EXPECT_EQ(client.certificate_requests(), 1U);
}

TEST_P(LateCertificate, TheRequestIsBoundToTheHandshakeItWasMadeOn) {
  serve();
  ClientConnection client = connect();
  const auto binding = [&] { return hex(GetParam() == Version::tls12 ? client.facts().tls_unique : client.facts().tls_exporter); };
  const std::string target = GetParam() == Version::tls12 ? "/unique" : "/exporter";
  const std::string before = binding();
  EXPECT_EQ(ask(client, post(target, "x")).body(), before);
  EXPECT_EQ(client.certificate_requests(), 1U);
  EXPECT_EQ(ask(client, post(target, "x")).body(), binding());
  EXPECT_EQ(binding() == before, GetParam() == Version::tls13);
}

TEST_P(LateCertificate, ClientsWithoutOneGoOnWithout) {
  serve();
  client_profile.identity.reset();
  ClientConnection client = connect();
  EXPECT_EQ(ask(client, get("/leaf")).body(), "");
  EXPECT_EQ(ask(client, get("/chain")).body(), "0");
}

TEST_P(LateCertificate, PipelinedRequestsWaitForIt) {
  serve();
  ClientConnection client = connect();
  Bytes both = post("/echo", "one");
  append(both, get("/chain"));
  ASSERT_FALSE(client.write(both, Deadline::after(patience)));
  Bytes rest;
  EXPECT_EQ(read_response(client, patience, &rest).body(), "one");
  EXPECT_EQ(read_response(client, patience, &rest).body(), "2");
}

TEST_P(LateCertificate, TheSessionKeepsIt) {
  serve();
  ClientConnection first = connect();
  EXPECT_EQ(ask(first, get("/leaf")).body(), leaf());
  const auto session = first.session();
  ASSERT_NE(session, nullptr);
  first.close();
  ClientConnection second = connect(session.get());
  EXPECT_TRUE(second.facts().resumed);
  EXPECT_EQ(ask(second, get("/leaf")).body(), leaf());
  EXPECT_EQ(second.certificate_requests(), 0U);
}

TEST_P(LateCertificate, SilentClientsAreDroppedAndKeepNobodyWaiting) {
  options.threads = 1;
  options.limits.handshake = 200ms;
  serve();
  ClientConnection silent = connect();
  ASSERT_FALSE(silent.write(get("/leaf"), Deadline::after(patience)));
  ASSERT_TRUE(eventually([&] { return careful.wondered > 0; }));
  ClientConnection other = connect();
  EXPECT_EQ(ask(other, get("/leaf")).body(), leaf());
  // Reading would answer, so it only looks at the server's counters.
  EXPECT_TRUE(eventually([&] { return server->counters().timeouts == 1; }));
}

TEST_P(LateCertificate, ClientsThatDidNotOfferItAreNotAsked) {
  serve();
  client_profile.post_handshake_authentication = false;
  ClientConnection client = connect();
  const Asked asked = ask(client, get("/leaf"));
  EXPECT_EQ(asked.status(), 200);
  EXPECT_EQ(asked.body() == leaf(), GetParam() == Version::tls12);
  EXPECT_EQ(client.certificate_requests(), GetParam() == Version::tls12 ? 1U : 0U);
}

TEST_F(ServerTest, ClientsMayNotRenegotiate) {
  use(Version::tls12);
  start();
  ClientConnection client = connect();
  EXPECT_EQ(ask(client, get("/chain")).body(), "0");
  const auto failure = client.renegotiate(Deadline::after(patience));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->cause, Cause::alert);
  EXPECT_EQ(failure->alert->name(), "no_renegotiation");
  expect_alive();
}

struct ByName : ServerTest {
  ByName() {
    server_profile.by_name = {intermediate.server({"DNS:one.example"}), intermediate.server({"DNS:two.example", "DNS:*.many.example"}),
                              intermediate.server({"DNS:b.many.example", "DNS:ONE.example", "DNS:Three.Example"})};
    client_profile.verify = false;
  }
  // Which of the server's identities a client sees that sends `name`.
  [[nodiscard]] std::string seen_by(const std::string& name) {
    client_profile.server_name = name;
    ClientConnection client = connect();
    const Bytes& leaf = client.facts().peer_chain.front();
    EXPECT_EQ(client.facts().peer_chain.size(), 2U);
    if (leaf == server_profile.identity.chain.front()) return "default";
    return leaf == server_profile.by_name[0].chain.front() ? "one" : leaf == server_profile.by_name[1].chain.front() ? "two" : "three";
  }
};

TEST_F(ByName, TheNameSentChoosesTheCertificate) {
  start();
  for (const Version version : {Version::tls12, Version::tls13}) {
    use(version);
    EXPECT_EQ(seen_by("one.example"), "one");
    EXPECT_EQ(seen_by("ONE.Example"), "one");
    EXPECT_EQ(seen_by("two.example"), "two");
    EXPECT_EQ(seen_by("a.many.example"), "two");
    EXPECT_EQ(seen_by("many.example"), "default");
    EXPECT_EQ(seen_by("one.example."), "default");
    EXPECT_EQ(seen_by("b.many.example"), "two") << "the first that will do";
    EXPECT_EQ(seen_by("three.example"), "three");
    EXPECT_EQ(seen_by("four.example"), "default");
    EXPECT_EQ(seen_by(""), "default");
  }
}

TEST_F(ByName, SessionsStayWithTheirName) {
  start();
  for (const Version version : {Version::tls12, Version::tls13}) {
    use(version);
    client_profile.server_name = "one.example";
    ClientConnection first = connect();
    EXPECT_EQ(ask(first, get("/resumed")).body(), "no");
    const auto session = first.session();
    first.close();
    EXPECT_TRUE(connect(session.get()).facts().resumed);
    client_profile.server_name = "two.example";
    EXPECT_FALSE(connect(session.get()).facts().resumed);
  }
}

}  // namespace
}  // namespace est::net
