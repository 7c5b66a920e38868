#include "conformance/peer/scripted_server.h"

#include <gmock/gmock.h>

#include <array>

#include "est/http/parser.h"
#include "est/net/client.h"
#include "est/ops/message.h"
#include "est/pki/request.h"

namespace conformance::peer {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

template <class T>
T must(est::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

const Pki& pki() {
  static const Pki made = must(Pki::make(est::system_clock().now()));
  return made;
}

Script script_from(const std::string& yaml) {
  engine::Problems problems;
  const auto tree = engine::parse_yaml({"script.yaml", yaml}, problems);
  Script script = read_script(tree.value(), "script.yaml", problems);
  if (!problems.empty()) throw std::runtime_error(problems.front());
  return script;
}

est::Deadline soon() { return est::Deadline::after(20s); }

// One client connection and what it reads.
class Client {
 public:
  explicit Client(const ScriptedServer& server, std::optional<est::tls::Identity> identity = {}, est::Bytes anchor = pki().anchor()) {
    est::tls::ClientProfile profile;
    profile.anchors = {std::move(anchor)};
    profile.expected_name = "localhost";
    profile.identity = std::move(identity);
    auto opened = est::net::ClientConnection::open({"localhost", server.port()}, *must(est::tls::ClientContext::make(profile)), {});
    if (auto* failure = std::get_if<est::net::Failure>(&opened)) {
      failed = *failure;
    } else {
      connection.emplace(std::get<est::net::ClientConnection>(std::move(opened)));
    }
  }

  est::http::ObservedResponse ask(const est::http::Request& request) {
    EXPECT_TRUE(connection) << (failed ? failed->message : "");
    static_cast<void>(connection->write(est::http::encode(request), soon()));
    est::http::ResponseParser parser(request.method);
    std::array<est::Byte, 4096> buffer{};
    while (parser.state() == est::http::ResponseParser::State::need_more) {
      const auto got = connection->read(buffer, soon());
      if (got.count == 0) parser.end_of_input();
      if (got.count == 0) break;
      parser.feed(est::BytesView(buffer).first(got.count));
    }
    return parser.observed();
  }
  est::http::ObservedResponse get(est::ops::Operation operation, const std::string& authorization = {}) {
    auto request = est::ops::get_request(operation, "", "localhost");
    if (!authorization.empty()) request.fields.add("Authorization", authorization);
    return ask(request);
  }
  est::http::ObservedResponse enroll(bool linked, const std::string& authorization = {},
                                     est::ops::Operation operation = est::ops::Operation::simpleenroll) {
    const auto key = must(est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256));
    est::pki::RequestSpec spec;
    spec.subject = must(est::codec::parse_name("CN=device"));
    const auto& facts = connection->facts();
    const auto& binding = facts.version == est::tls::Version::tls13 ? facts.tls_exporter : facts.tls_unique;
    if (linked) spec.challenge_password = est::ops::channel_binding_text(binding);
    auto request = est::ops::enroll_request(operation, "", "localhost", must(est::pki::make_request(spec, key)));
    if (!authorization.empty()) request.fields.add("Authorization", authorization);
    return ask(request);
  }

  std::optional<est::net::ClientConnection> connection;
  std::optional<est::net::Failure> failed;
};

class ScriptedServerTest : public testing::Test {
 protected:
  std::unique_ptr<ScriptedServer> serve(const std::string& yaml = "identity: good") {
    return must(ScriptedServer::start(script_from(yaml), pki(), {"device", "secret word"}));
  }
  static std::size_t certificates_in(const est::http::ObservedResponse& answer) {
    const auto bag = est::ops::read_certs_only_body(answer.message.body);
    return bag.value ? bag.value->size() : 0;
  }
  const std::string right = est::http::basic_authorization({"device", "secret word"});
};

TEST_F(ScriptedServerTest, GoodServerAnswersEveryOperation) {
  const auto server = serve();
  Client client(*server);
  EXPECT_EQ(certificates_in(client.get(est::ops::Operation::cacerts)), 2U);
  EXPECT_EQ(client.get(est::ops::Operation::csrattrs).message.status, 204);
  EXPECT_EQ(certificates_in(client.enroll(false)), 1U);
  EXPECT_EQ(certificates_in(client.enroll(true, "", est::ops::Operation::simplereenroll)), 1U);
  const auto delivered = client.enroll(false, "", est::ops::Operation::serverkeygen);
  EXPECT_THAT(delivered.message.fields.get("Content-Type").value_or(""), StartsWith("multipart/mixed"));
}

TEST_F(ScriptedServerTest, WritesDownWhatItSaw) {
  const auto server = serve();
  {
    Client client(*server);
    static_cast<void>(client.get(est::ops::Operation::cacerts));
    client.connection->close();
  }
  server->settle(soon());
  server->stop();
  const auto seen = server->seen();
  ASSERT_THAT(seen, SizeIs(1));
  ASSERT_TRUE(seen[0].tls);
  EXPECT_FALSE(seen[0].failure);
  ASSERT_THAT(seen[0].requests, SizeIs(1));
  const auto& request = seen[0].requests[0];
  EXPECT_EQ(request.operation, "cacerts");
  EXPECT_THAT(est::to_string(est::BytesView(request.request)), StartsWith("GET /.well-known/est/cacerts HTTP/1.1\r\n"));
  EXPECT_THAT(est::to_string(est::BytesView(request.answer)), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ScriptedServerTest, AnswersInTurnAndRepeatsTheLast) {
  const auto server = serve("answers: {cacerts: [{status: 503, retry-after: '1'}, good, {status: 404}]}");
  Client client(*server);
  EXPECT_EQ(client.get(est::ops::Operation::cacerts).message.status, 503);
  EXPECT_EQ(client.get(est::ops::Operation::cacerts).message.status, 200);
  EXPECT_EQ(client.get(est::ops::Operation::cacerts).message.status, 404);
  EXPECT_EQ(client.get(est::ops::Operation::cacerts).message.status, 404);
}

TEST_F(ScriptedServerTest, FieldsOfTheScriptAreInEveryMessageThatHasNoneOfItsOwn) {
  const auto server = serve(
      "fields: {Content-Transfer-Encoding: base64}\nanswers: {cacerts: [good, {fields: {content-transfer-encoding: 7bit}}, {status: "
      "503}]}\n");
  Client client(*server);
  const auto encoding = [&] { return client.get(est::ops::Operation::cacerts).message.fields.all("Content-Transfer-Encoding"); };
  EXPECT_THAT(encoding(), ElementsAre("base64"));
  EXPECT_THAT(encoding(), ElementsAre("7bit"));
  EXPECT_THAT(encoding(), IsEmpty());
}

TEST_F(ScriptedServerTest, AsksForAPasswordByBasicAndDigest) {
  const auto server = serve("authentication: {accept: [basic, digest]}");
  Client client(*server);
  const auto asked = client.enroll(false);
  EXPECT_EQ(asked.message.status, 401);
  EXPECT_THAT(asked.message.fields.all("WWW-Authenticate"), ElementsAre(StartsWith("Digest"), StartsWith("Digest"), StartsWith("Basic")));
  EXPECT_EQ(client.enroll(false, est::http::basic_authorization({"device", "wrong"})).message.status, 401);
  EXPECT_EQ(client.enroll(false, right).message.status, 200);
}

TEST_F(ScriptedServerTest, StaleIsSaidOnceOfARightDigest) {
  const auto server = serve("authentication: {accept: [digest], stale: true}");
  Client client(*server);
  const auto ask = [&](const est::http::ObservedResponse& challenged) {
    const auto items = est::http::decode_challenges(challenged.message.fields.all("WWW-Authenticate"));
    const auto challenge = est::http::parse_digest_challenge(items.value->front()).value();
    return client.enroll(
        false, est::http::digest_authorization(challenge, {"device", "secret word"}, "POST", "/.well-known/est/simpleenroll", 1, "abcdef"));
  };
  const auto stale = ask(client.enroll(false));
  EXPECT_EQ(stale.message.status, 401);
  EXPECT_THAT(stale.message.fields.all("WWW-Authenticate").at(0), HasSubstr("stale=true"));
  EXPECT_EQ(ask(stale).message.status, 200);
}

TEST_F(ScriptedServerTest, LateCertificateLetsIn) {
  const auto server = serve("{tls: {client-certificate: late}, authentication: {accept: [certificate]}}");
  Client client(*server, must(pki().client("known device")));
  EXPECT_EQ(client.enroll(true).message.status, 200);
  Client stranger(*server);
  EXPECT_EQ(stranger.enroll(false).message.status, 403);
}

TEST_F(ScriptedServerTest, LinkingIsDemandedAndVerified) {
  const auto server = serve("linking: true");
  Client client(*server);
  EXPECT_EQ(client.enroll(false).message.status, 400);
  EXPECT_EQ(client.enroll(true).message.status, 200);
}

TEST_F(ScriptedServerTest, RedirectsToAnotherServer) {
  const auto server = serve("{answers: {cacerts: {redirect: other}}, other: {identity: wrong-name}}");
  Client client(*server);
  const auto answer = client.get(est::ops::Operation::cacerts);
  EXPECT_EQ(answer.message.status, 307);
  const auto location = answer.message.fields.get("Location").value_or("");
  const auto other = must(est::net::parse_url(location));
  EXPECT_NE(other.endpoint.port, server->port());
  est::tls::ClientProfile profile;
  profile.anchors = {pki().anchor()};
  profile.expected_name = "localhost";
  const auto opened = est::net::ClientConnection::open(other.endpoint, *must(est::tls::ClientContext::make(profile)), {});
  EXPECT_EQ(std::get<est::net::Failure>(opened).cause, est::net::Cause::untrusted);
  server->stop();
  EXPECT_THAT(server->seen(), ElementsAre(testing::Field(&SeenConnection::other, false), testing::Field(&SeenConnection::other, true)));
}

TEST_F(ScriptedServerTest, CutsAndResets) {
  const auto server = serve("answers: {cacerts: [{ending: cut, after: 40}, {ending: reset, after: 0}]}");
  Client first(*server);
  EXPECT_FALSE(first.get(est::ops::Operation::cacerts).complete);
  EXPECT_EQ(first.connection->peer_close(), est::net::PeerClose::fin);
  Client second(*server);
  EXPECT_FALSE(second.get(est::ops::Operation::cacerts).complete);
  EXPECT_EQ(second.connection->peer_close(), est::net::PeerClose::reset);
}

TEST_F(ScriptedServerTest, InsteadOfTls) {
  for (const std::string way : {"close", "reset", "plain-http"}) {
    const auto server = serve("tls: {instead: " + way + "}");
    const Client client(*server);
    EXPECT_TRUE(client.failed) << way;
  }
}

TEST_F(ScriptedServerTest, StopEndsSilenceAndPauses) {
  const auto server = serve("answers: {cacerts: {delay: 500000}}");
  Client client(*server);
  EXPECT_FALSE(client.connection->write(est::http::encode(est::ops::get_request(est::ops::Operation::cacerts, "", "localhost")), soon()));
  server->stop();
  std::array<est::Byte, 64> buffer{};
  const auto got = client.connection->read(buffer, soon());
  EXPECT_FALSE(got.failure && got.failure->cause == est::net::Cause::timeout);
}

// Every identity can be served, and a strict client refuses exactly those whose words say so.
TEST_F(ScriptedServerTest, IdentitiesAreWhatTheyAreCalled) {
  const std::vector<std::string> legal{"good", "rsa",     "no-purpose", "upper-case",   "many-names",   "chain-with-root",
                                       "sha1", "revoked", "weak-key",   "new-with-old", "other-address"};
  for (const auto& word : server_identities()) {
    if (word.name.starts_with("implicit")) continue;
    const auto server = serve("identity: " + word.name);
    const Client client(*server);
    const bool accepted = client.connection.has_value();
    const bool weak = word.name == "sha1" || word.name == "weak-key";  // the client's own security level decides
    if (!weak) {
      EXPECT_EQ(accepted, std::find(legal.begin(), legal.end(), word.name) != legal.end()) << word.name;
    }
  }
  const Client implicit(*serve("identity: implicit"), {}, pki().implicit_anchor());
  EXPECT_TRUE(implicit.connection);
}

TEST_F(ScriptedServerTest, LegalEncodingsAndFramingsReadAlike) {
  for (const std::string encoding : {"one-line", "folded", "folded-lf", "spaced", "final-newline"}) {
    const auto server = serve("answers: {cacerts: {encoding: " + encoding + "}}");
    EXPECT_EQ(certificates_in(Client(*server).get(est::ops::Operation::cacerts)), 2U) << encoding;
  }
  for (const std::string framing : {"length", "chunked", "chunked-extensions", "until-close"}) {
    const auto server = serve("answers: {cacerts: {framing: " + framing + "}}");
    const auto answer = Client(*server).get(est::ops::Operation::cacerts);
    EXPECT_TRUE(answer.complete) << framing;
    EXPECT_EQ(certificates_in(answer), 2U) << framing;
  }
}

TEST_F(ScriptedServerTest, BrokenEncodingsAndFramingsAreBroken) {
  for (const std::string encoding : {"pem", "raw", "url-alphabet", "unpadded", "truncated", "garbage", "broken-der", "empty"}) {
    const auto server = serve("answers: {cacerts: {encoding: " + encoding + "}}");
    const auto answer = Client(*server).get(est::ops::Operation::cacerts);
    EXPECT_FALSE(est::ops::read_certs_only_body(answer.message.body).accepted()) << encoding;
  }
  for (const std::string framing : {"long-length", "cut-chunks", "two-lengths"}) {
    const auto server = serve("answers: {cacerts: {framing: " + framing + "}}");
    const auto answer = Client(*server).get(est::ops::Operation::cacerts);
    EXPECT_TRUE(est::has_errors(answer.findings)) << framing;
  }
}

TEST_F(ScriptedServerTest, PacesAnAnswer) {
  const auto server = serve("answers: {cacerts: {pace: {octets: 500, pause: 1}}}");
  EXPECT_EQ(certificates_in(Client(*server).get(est::ops::Operation::cacerts)), 2U);
}

TEST_F(ScriptedServerTest, KeepsWhatNeverBecameARequest) {
  const auto server = serve();
  {
    Client client(*server);
    EXPECT_FALSE(client.connection->write(est::as_bytes("POST /.well-known/est/simpleenroll HTTP/1.1\r\nHo"), soon()));
    client.connection->close();
  }
  server->settle(soon());
  server->stop();
  ASSERT_THAT(server->seen(), SizeIs(1));
  ASSERT_THAT(server->seen()[0].requests, SizeIs(1));
  EXPECT_THAT(server->seen()[0].requests[0].answer, IsEmpty());
}

}  // namespace
}  // namespace conformance::peer
