#include "conformance/peer/scripted_proxy.h"

#include <gmock/gmock.h>

#include <array>

#include "est/net/client.h"
#include "est/net/plain_listener.h"

namespace conformance::peer {
namespace {

using namespace std::chrono_literals;
using est::net::PlainConnection;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::uint16_t no_port = 1;
const ProxySecrets secrets{{"traveller", "proxy word"}, {"device", "server word"}};

est::Deadline before_long() { return est::Deadline::after(20s); }

std::unique_ptr<ScriptedProxy> proxy_of(std::string_view kind, std::uint16_t server = no_port) {
  auto proxy = ScriptedProxy::start(kind, server, secrets);
  if (!proxy) throw std::runtime_error(proxy.error().message);
  return std::move(*proxy);
}

PlainConnection visit(const ScriptedProxy& proxy) {
  auto opened = PlainConnection::open(est::net::parse_url(proxy.url())->endpoint, 20s);
  return std::get<PlainConnection>(std::move(opened));
}

// One request, and the first octets that come back; empty at the end.
std::string say(PlainConnection& connection, const std::string& text) {
  EXPECT_FALSE(connection.write(est::as_bytes(text), before_long()));
  std::array<est::Byte, 2048> buffer{};
  return est::to_string(est::BytesView(buffer).first(connection.read(buffer, before_long()).count));
}

std::string connect_to(std::uint16_t port, const est::http::Credentials& credentials = {}) {
  const std::string target = "localhost:" + std::to_string(port);
  const std::string field = credentials.user.empty() ? "" : "Proxy-Authorization: " + est::http::basic_authorization(credentials) + "\r\n";
  return "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + field + "\r\n";
}

TEST(ScriptedProxy, PassesOctetsBothWays) {
  auto behind = *est::net::PlainListener::bind({"127.0.0.1", 0});
  const auto proxy = proxy_of("open", behind.port());
  auto client = visit(*proxy);
  EXPECT_THAT(say(client, connect_to(behind.port())), StartsWith("HTTP/1.1 200 "));
  auto server = behind.accept(before_long());
  ASSERT_TRUE(server);
  EXPECT_FALSE(client.write(est::as_bytes("ping"), before_long()));
  EXPECT_EQ(say(*server, "pong"), "ping");
  EXPECT_EQ(say(client, ""), "pong");
  server->end_output();
  EXPECT_EQ(say(client, ""), "");
  ASSERT_THAT(proxy->seen(), SizeIs(1));
  EXPECT_THAT(proxy->seen().front().leaves_from, StartsWith("127.0.0.1:"));
}

TEST(ScriptedProxy, LeadsNowhereElse) {
  const auto proxy = proxy_of("open");
  auto client = visit(*proxy);
  EXPECT_THAT(say(client, connect_to(9)), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(say(client, "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(proxy->seen().back().leaves_from, IsEmpty());
}

TEST(ScriptedProxy, KnowsWhosePasswordItGot) {
  const auto proxy = proxy_of("password");
  auto client = visit(*proxy);
  EXPECT_THAT(say(client, connect_to(no_port)), HasSubstr("\r\nProxy-Authenticate: Basic realm="));
  EXPECT_THAT(say(client, connect_to(no_port, secrets.server)), StartsWith("HTTP/1.1 407 "));
  EXPECT_THAT(say(client, connect_to(no_port, {"who", "ever"})), StartsWith("HTTP/1.1 407 "));
  EXPECT_THAT(say(client, connect_to(no_port, secrets.own)), StartsWith("HTTP/1.1 502 ")) << "let in, and nothing is behind it";
  std::vector<std::string> passwords;
  for (const auto& one : proxy->seen()) passwords.push_back(one.password);
  EXPECT_THAT(passwords, testing::ElementsAre("none", "server", "other", "own"));
}

TEST(ScriptedProxy, ClosesOrIsNeverContent) {
  const auto closing = proxy_of("password-closing");
  auto client = visit(*closing);
  EXPECT_THAT(say(client, connect_to(no_port)), HasSubstr("Connection: close"));
  EXPECT_EQ(say(client, ""), "");
  const auto never = proxy_of("never-content");
  auto another = visit(*never);
  EXPECT_THAT(say(another, connect_to(no_port, secrets.own)), StartsWith("HTTP/1.1 407 "));
}

TEST(ScriptedProxy, StopsWhoeverIsStillThere) {
  auto behind = *est::net::PlainListener::bind({"127.0.0.1", 0});
  const auto proxy = proxy_of("with-length", behind.port());
  auto client = visit(*proxy);
  EXPECT_THAT(say(client, connect_to(behind.port())), HasSubstr("\r\nContent-Length: 5\r\n"));
  const auto silent = visit(*proxy);
  proxy->stop();
  EXPECT_EQ(say(client, ""), "");
  EXPECT_FALSE(ScriptedProxy::start("unheard-of", no_port, secrets).ok());
}

}  // namespace
}  // namespace conformance::peer
