// Connections through a proxy, which is played by a script on loopback.

#include "est/net/tunnel.h"
#include "est/http/auth.h"
#include "est/net/scripted_proxy_test.h"

namespace est::net {
namespace {

using testing::HasSubstr;

class TunnelTest : public ServerTest {
 protected:
  [[nodiscard]] std::variant<ClientConnection, Failure> open_through(const ScriptedProxy& through, Milliseconds within = patience) const {
    Proxy used = proxy;
    used.at = through.at;
    return ClientConnection::open(endpoint, *tls::must(tls::ClientContext::make(client_profile)), {within, patience}, nullptr, &used);
  }
  void expect_works(const ScriptedProxy& through) const {
    auto opened = open_through(through);
    ASSERT_TRUE(std::holds_alternative<ClientConnection>(opened)) << std::get<Failure>(opened).message;
    EXPECT_EQ(ask(std::get<ClientConnection>(opened), post("/echo", "through")).body(), "through");
  }
  void expect_failure(const ScriptedProxy& through, Cause cause, const std::string& text) const {
    const auto opened = open_through(through);
    ASSERT_TRUE(std::holds_alternative<Failure>(opened));
    const Failure& failure = std::get<Failure>(opened);
    EXPECT_EQ(failure.stage, Stage::proxy);
    EXPECT_EQ(failure.cause, cause);
    EXPECT_THAT(failure.message, HasSubstr(text));
    EXPECT_THAT(failure.message, testing::Not(HasSubstr("secret")));
  }
  Proxy proxy;
};

TEST_F(TunnelTest, HttpConnect) {
  start();
  std::string head;
  const ScriptedProxy through([&](const ProxyClient& client, int) {
    head = client.receive_head();
    client.send(as_bytes("HTTP/1.1 200 Connection established\r\nVia: 1.1 script\r\n\r\n"));
    client.relay(endpoint);
  });
  expect_works(through);
  EXPECT_THAT(head, HasSubstr("CONNECT " + endpoint.to_string() + " HTTP/1.1\r\nHost: " + endpoint.to_string()));
  EXPECT_THAT(head, testing::Not(HasSubstr("Authorization")));
}

TEST_F(TunnelTest, HttpConnectAnswersAChallenge) {
  start();
  proxy.credentials = http::Credentials{"user", "secret"};
  const http::DigestVerifier verifier({}, system_clock());
  for (const bool digest : {false, true}) {
    const std::string challenge = digest ? verifier.challenges(false).front() : "Basic realm=\"proxy\"";
    std::string first;
    std::string second;
    const ScriptedProxy through([&](const ProxyClient& client, int number) {
      if (number == 1) {
        first = client.receive_head();
        client.send(as_bytes("HTTP/1.1 407 No\r\nProxy-Authenticate: " + challenge + "\r\nContent-Length: 2\r\n\r\nno"));
        return;
      }
      second = client.receive_head();
      client.send(as_bytes("HTTP/1.1 200 OK\r\n\r\n"));
      client.relay(endpoint);
    });
    expect_works(through);
    EXPECT_THAT(first, testing::Not(HasSubstr("Authorization")));
    EXPECT_THAT(second, HasSubstr(digest ? "Proxy-Authorization: Digest" : "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ="));
    if (digest) {
      EXPECT_THAT(second, HasSubstr("uri=\"" + endpoint.to_string() + "\""));
    }
  }
}

TEST_F(TunnelTest, HttpConnectRefused) {
  start();
  const auto answering = [](const std::string& answer) {
    return [answer](const ProxyClient& client, int) {
      static_cast<void>(client.receive_head());
      client.send(as_bytes(answer));
    };
  };
  const std::string wants = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n\r\n";
  expect_failure(ScriptedProxy(answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")), Cause::refused, "403 Forbidden");
  expect_failure(ScriptedProxy(answering(wants)), Cause::refused, "wants a user name and password");
  expect_failure(ScriptedProxy(answering("garbage\r\n\r\n")), Cause::protocol, "sent no HTTP answer");
  expect_failure(ScriptedProxy(answering("")), Cause::closed, "closed the connection");
  proxy.credentials = http::Credentials{"user", "secret"};
  expect_failure(ScriptedProxy(answering(wants)), Cause::refused, "refused the user name or password");
  expect_failure(ScriptedProxy(answering("HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n")), Cause::refused,
                 "other than Basic and Digest");
}

TEST_F(TunnelTest, Socks5) {
  start();
  proxy.kind = Proxy::Kind::socks5;
  Bytes request;
  const ScriptedProxy through([&](const ProxyClient& client, int) {
    EXPECT_EQ(client.receive(3), (Bytes{5, 1, 0}));
    client.send(Bytes{5, 0});
    request = client.receive(10);
    client.send(Bytes{5, 0, 0, 1, 127, 0, 0, 1, 0, 1});
    client.relay(endpoint);
  });
  expect_works(through);
  EXPECT_EQ(request, (Bytes{5, 1, 0, 1, 127, 0, 0, 1, static_cast<Byte>(endpoint.port >> 8U), static_cast<Byte>(endpoint.port & 0xffU)}));
}

TEST_F(TunnelTest, Socks5WithPasswordAndName) {
  start();
  proxy.kind = Proxy::Kind::socks5;
  proxy.credentials = http::Credentials{"user", "secret"};
  const Endpoint real = endpoint;
  endpoint.host = "localhost";
  client_profile.expected_name = "localhost";
  const ScriptedProxy through([&](const ProxyClient& client, int) {
    EXPECT_EQ(client.receive(4), (Bytes{5, 2, 0, 2}));
    client.send(Bytes{5, 2});
    EXPECT_EQ(est::to_string(client.receive(13)), std::string("\x01\x04user\x06secret"));
    client.send(Bytes{1, 0});
    EXPECT_EQ(est::to_string(client.receive(14)).substr(3, 11), std::string("\x03\x09localhost"));
    static_cast<void>(client.receive(2));
    client.send(Bytes{5, 0, 0, 3, 2, 'o', 'k', 0, 1});
    client.relay(real);
  });
  expect_works(through);
}

TEST_F(TunnelTest, Socks5Refused) {
  start();
  proxy.kind = Proxy::Kind::socks5;
  const auto after_greeting = [](const Bytes& method, const Bytes& reply) {
    return [method, reply](const ProxyClient& client, int) {
      static_cast<void>(client.receive(16));
      client.send(method);
      if (reply.empty()) return;
      static_cast<void>(client.receive(64));
      client.send(reply);
    };
  };
  expect_failure(ScriptedProxy(after_greeting({5, 0xff}, {})), Cause::refused, "wants a user name and password");
  expect_failure(ScriptedProxy(after_greeting({4, 0}, {})), Cause::protocol, "does not speak SOCKS5");
  expect_failure(ScriptedProxy(after_greeting({5, 0}, {5, 5, 0, 1, 0, 0, 0, 0, 0, 0})), Cause::refused, "connection refused");
  expect_failure(ScriptedProxy(after_greeting({5, 0}, {5, 0, 0, 9, 0})), Cause::protocol, "unknown type");
  proxy.credentials = http::Credentials{"user", "secret"};
  expect_failure(ScriptedProxy(after_greeting({5, 2}, {1, 1})), Cause::refused, "refused the user name or password");
  proxy.credentials->user = "";
  expect_failure(ScriptedProxy(after_greeting({5, 2}, {1, 1})), Cause::local, "1 to 255 octets");
}

TEST_F(TunnelTest, SilentProxyMeetsTheDeadline) {
  start();
  std::atomic<bool> done{false};
  const ScriptedProxy through([&](const ProxyClient&, int) { static_cast<void>(eventually([&] { return done.load(); })); });
  const auto opened = open_through(through, 100ms);
  done = true;
  ASSERT_TRUE(std::holds_alternative<Failure>(opened));
  EXPECT_EQ(std::get<Failure>(opened).cause, Cause::timeout);
}

TEST(ParseProxy, TakesTwoSchemes) {
  EXPECT_EQ(tls::must(parse_proxy("http://proxy:3128")).kind, Proxy::Kind::http_connect);
  EXPECT_EQ(tls::must(parse_proxy("socks5://[::1]:1080")).at.to_string(), "[::1]:1080");
  EXPECT_EQ(tls::must(parse_proxy("socks5h://proxy:1080/")).kind, Proxy::Kind::socks5);
  for (const char* bad : {"proxy:3128", "https://proxy:3128", "http://user:secret@proxy:1", "http://proxy:1/path", "socks5://proxy"})
    EXPECT_FALSE(parse_proxy(bad).ok()) << bad;
}

}  // namespace
}  // namespace est::net
