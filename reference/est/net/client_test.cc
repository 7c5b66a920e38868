#include "est/net/client.h"

#include <httplib.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <functional>

#include "est/crypto/chain.h"
#include "est/net/server_fixture_test.h"
#include "est/net/socket.h"

namespace est::net {
namespace {

using ::testing::HasSubstr;

struct Listener {
  Socket socket;
  Endpoint endpoint;

  // A backlog below zero: the port is taken, and nobody listens there.
  explicit Listener(int backlog = 16) : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    SocketAddress address = look_up({"127.0.0.1", 0}, true).value().front();
    if (::bind(socket.get(), address.get(), address.length) != 0 || (backlog >= 0 && ::listen(socket.get(), backlog) != 0))
      throw std::runtime_error("listen");
    getsockname(socket.get(), address.get(), &address.length);
    endpoint = address.endpoint();
  }
  [[nodiscard]] Socket accept() const { return Socket(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC)); }
};

// A peer that plays one connection from a script, in a thread of its own; its socket blocks.
class ScriptedPeer {
 public:
  using Script = std::function<void(Socket&)>;
  explicit ScriptedPeer(Script script)
      : thread_([this, play = std::move(script)] {
          Socket socket = listener_.accept();
          // Or the last words before a reset might never leave.
          const int on = 1;
          setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
          play(socket);
        }) {}
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;
  ~ScriptedPeer() { thread_.join(); }
  [[nodiscard]] const Endpoint& endpoint() const { return listener_.endpoint; }

 private:
  Listener listener_;
  std::thread thread_;
};

void say(const Socket& socket, BytesView what) { static_cast<void>(::send(socket.get(), what.data(), what.size(), MSG_NOSIGNAL)); }

// Reads until something has come; the ClientHello, say.
void hear(const Socket& socket) {
  std::array<Byte, 4096> buffer{};
  static_cast<void>(::recv(socket.get(), buffer.data(), buffer.size(), 0));
}

void hear_to_the_end(const Socket& socket) {
  std::array<Byte, 4096> buffer{};
  while (::recv(socket.get(), buffer.data(), buffer.size(), 0) > 0) continue;
}

struct ClientTest : ::testing::Test {
  const tls::AuthorityForTest root{"root"};
  tls::ServerProfile server_profile;
  tls::ClientProfile profile;
  ClientDeadlines deadlines{patience, patience};

  ClientTest() {
    server_profile.identity = root.server();
    profile.anchors = {root.certificate()};
    profile.expected_name = "127.0.0.1";
  }
  [[nodiscard]] std::variant<ClientConnection, Failure> open(const Endpoint& to) const {
    return ClientConnection::open(to, *tls::must(tls::ClientContext::make(profile)), deadlines);
  }
  [[nodiscard]] Failure failure_of(const Endpoint& to) const {
    auto opened = open(to);
    if (auto* failure = std::get_if<Failure>(&opened)) return *failure;
    ADD_FAILURE() << "the connection stands";
    return {};
  }
  [[nodiscard]] Failure failure_against(ScriptedPeer::Script script) const {
    const ScriptedPeer peer(std::move(script));
    return failure_of(peer.endpoint());
  }
  [[nodiscard]] ClientConnection connect(const Endpoint& to) const {
    auto opened = open(to);
    if (const auto* failure = std::get_if<Failure>(&opened)) throw std::runtime_error(failure->message);
    return std::get<ClientConnection>(std::move(opened));
  }
  // TLS is up, then the script goes on with it.
  [[nodiscard]] ScriptedPeer::Script after_handshake(const std::function<void(Socket&, SSL*)>& play) const {
    auto context = tls::must(tls::ServerContext::make(server_profile));
    return [context, play](Socket& socket) {
      const crypto::SslHandle ssl = tls::must(tls::new_connection(*context));
      SSL_set_fd(ssl.get(), socket.get());
      if (SSL_do_handshake(ssl.get()) == 1) play(socket, ssl.get());
    };
  }
};

TEST_F(ClientTest, WhatHappensBeforeTlsIsToldApart) {
  const Listener nobody(-1);
  const Failure refused = failure_of(nobody.endpoint);
  EXPECT_EQ(refused.stage, Stage::connect);
  EXPECT_EQ(refused.cause, Cause::refused);
  EXPECT_THAT(refused.message, HasSubstr(nobody.endpoint.to_string()));

  // RFC 6761 6.4: this name never resolves.
  deadlines.connect = 5s;
  const Failure unknown = failure_of({"host.invalid", 1});
  EXPECT_EQ(unknown.stage, Stage::resolve);
  EXPECT_TRUE(unknown.cause == Cause::unreachable || unknown.cause == Cause::timeout) << to_string(unknown.cause);
}

TEST_F(ClientTest, AConnectionThatIsNotTakenTimesOut) {
  const Listener full(0);
  std::vector<PlainConnection> others;
  deadlines.connect = 200ms;
  for (int i = 0; i < 8; ++i) {
    auto opened = PlainConnection::open(full.endpoint, 200ms);
    if (std::holds_alternative<Failure>(opened)) break;
    others.push_back(std::get<PlainConnection>(std::move(opened)));
  }
  const Failure failure = failure_of(full.endpoint);
  EXPECT_EQ(failure.stage, Stage::connect);
  EXPECT_EQ(failure.cause, Cause::timeout);
}

struct HandshakeCase {
  std::string name;
  ScriptedPeer::Script script;
  Cause cause;
  std::string message;
};

TEST_F(ClientTest, HandshakeFailuresAreToldApart) {
  const Bytes fatal_alert{21, 3, 3, 0, 2, 2, SSL_AD_HANDSHAKE_FAILURE};
  const Bytes close_notify{21, 3, 3, 0, 2, 1, 0};
  const auto reply = [](Bytes bytes) {
    return [bytes = std::move(bytes)](Socket& socket) {
      hear(socket);
      say(socket, bytes);
      ::shutdown(socket.get(), SHUT_WR);
      hear_to_the_end(socket);
    };
  };
  const std::vector<HandshakeCase> cases{
      {"HTTP", reply(to_bytes("HTTP/1.1 400 Bad Request\r\n\r\n")), Cause::not_tls, "HTTP/1.1 400 Bad Request"},
      {"SSH", [](Socket& s) { say(s, as_bytes("SSH-2.0-OpenSSH\r\n")), hear_to_the_end(s); }, Cause::not_tls, "SSH-2.0"},
      {"one odd octet", reply({0}), Cause::not_tls, "TLS"},
      {"FIN at once", [](Socket& s) { ::shutdown(s.get(), SHUT_WR), hear_to_the_end(s); }, Cause::closed, "closed"},
      {"FIN after the hello", reply({}), Cause::closed, "closed"},
      {"FIN within a record", reply({22, 3, 3, 0, 100, 2}), Cause::closed, "closed"},
      {"close_notify", reply(close_notify), Cause::closed, "closed"},
      {"reset", [](Socket& s) { hear(s), s.reset(); }, Cause::reset, "reset"},
      {"alert", reply(fatal_alert), Cause::alert, "handshake_failure"},
      {"alert then reset", [&](Socket& s) { hear(s), say(s, fatal_alert), s.reset(); }, Cause::alert, "handshake_failure"},
      {"nonsense inside TLS", reply({22, 3, 3, 0, 4, 99, 0, 0, 0}), Cause::protocol, "unexpected message"},
      {"oversize record", reply({22, 3, 3, 0xFF, 0xFF, 2, 0, 0}), Cause::protocol, ""},
  };
  for (const HandshakeCase& c : cases) {
    const Failure failure = failure_against(c.script);
    EXPECT_EQ(failure.stage, Stage::handshake) << c.name;
    EXPECT_EQ(to_string(failure.cause), to_string(c.cause)) << c.name << ": " << failure.message;
    EXPECT_THAT(failure.message, HasSubstr(c.message)) << c.name;
    EXPECT_EQ(failure.alert.has_value(), c.cause == Cause::alert || c.cause == Cause::protocol) << c.name;
  }
}

TEST_F(ClientTest, ASilentOrDrippingPeerRunsIntoTheTotalDeadline) {
  deadlines.handshake = 300ms;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(failure_against([](Socket& s) { hear_to_the_end(s); }).cause, Cause::timeout);
  const Failure dripping = failure_against([](Socket& s) {
    for (const Byte octet : Bytes{22, 3, 3, 64, 0, 2, 0, 63, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0}) {
      say(s, std::array{octet});
      std::this_thread::sleep_for(50ms);
    }
  });
  EXPECT_EQ(dripping.cause, Cause::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

// From the second answer on a receive waits by itself, for less than a deadline may be away.
TEST_F(ClientTest, OnAConnectionAskedAgainEveryReadStillEndsInTime) {
  const ScriptedPeer peer(after_handshake([](Socket& socket, SSL* ssl) {
    Byte octet = 0;
    for (const Milliseconds pause : {0ms, 0ms, longest_receive + 200ms}) {
      ASSERT_EQ(SSL_read(ssl, &octet, 1), 1);
      std::this_thread::sleep_for(pause);
      ASSERT_EQ(SSL_write(ssl, &octet, 1), 1);
    }
    ASSERT_EQ(SSL_read(ssl, &octet, 1), 1);  // no answer
    ASSERT_EQ(SSL_read(ssl, &octet, 1), 1);
    say(socket, Bytes{23, 3, 3, 0, 40, 1, 2});  // the beginning of a record
    hear_to_the_end(socket);
  }));
  ClientConnection client = connect(peer.endpoint());
  std::array<Byte, 10> buffer{};
  const auto ask = [&](Byte what, Milliseconds within) {
    EXPECT_FALSE(client.write(std::array{what}, Deadline::after(patience)));
    return client.read(buffer, Deadline::after(within));
  };
  for (const Byte what : {Byte{1}, Byte{2}, Byte{3}}) {
    const ReadOutcome answer = ask(what, patience);
    ASSERT_EQ(answer.count, 1U);
    EXPECT_EQ(buffer.front(), what);
  }
  for (const Milliseconds within : {longest_receive + 300ms, longest_receive + 300ms, 300ms}) {
    const auto begin = std::chrono::steady_clock::now();
    const ReadOutcome nothing = ask(4, within);
    ASSERT_TRUE(nothing.failure);
    EXPECT_EQ(nothing.failure->cause, Cause::timeout);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, within);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  }
  client.close(true);
}

TEST_F(ClientTest, AnUntrustedServerIsRefusedWithTheReason) {
  const auto play = after_handshake([](Socket&, SSL*) {});
  profile.expected_name = "other.example";
  Failure failure = failure_against(play);
  EXPECT_EQ(failure.cause, Cause::untrusted);
  EXPECT_THAT(failure.message, HasSubstr("ostname mismatch"));
  ASSERT_TRUE(failure.alert);
  EXPECT_FALSE(failure.alert->from_peer);
  profile.anchors.clear();
  failure = failure_against(play);
  EXPECT_EQ(failure.cause, Cause::untrusted);
}

TEST_F(ClientTest, NoCommonVersionIsAnAlert) {
  server_profile.least = server_profile.most = tls::Version::tls13;
  profile.least = profile.most = tls::Version::tls12;
  const Failure failure = failure_against(after_handshake([](Socket&, SSL*) {}));
  EXPECT_EQ(failure.cause, Cause::alert);
  EXPECT_EQ(failure.alert->name(), "protocol_version");
}

TEST_F(ClientTest, WhatWeCannotOfferIsOurOwnFault) {
  profile.most = tls::Version::tls12;
  profile.suites = "ECDHE-ECDSA-AES128-GCM-SHA256";
  const auto context = tls::must(tls::ClientContext::make(profile));
  SSL_CTX_set_security_level(context->handle(), 5);  // now no suite is left
  const ScriptedPeer peer([](Socket& s) { hear_to_the_end(s); });
  const auto opened = ClientConnection::open(peer.endpoint(), *context, deadlines);
  ASSERT_TRUE(std::holds_alternative<Failure>(opened));
  EXPECT_EQ(std::get<Failure>(opened).cause, Cause::local) << std::get<Failure>(opened).message;
}

// A TLS and HTTP server that is none of ours.
TEST_F(ClientTest, TalksToAnIndependentServer) {
  const tls::Identity identity = root.server();
  const auto certificate = tls::must(crypto::parse_certificate(identity.chain.front()));
  httplib::SSLServer server(certificate.get(), identity.key->handle());
  server.Get("/", [](const httplib::Request&, httplib::Response& response) { response.set_content("hello", "text/plain"); });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread thread([&] { server.listen_after_bind(); });
  EXPECT_TRUE(eventually([&] { return server.is_running(); }));
  {
    ClientConnection client = connect({"127.0.0.1", static_cast<std::uint16_t>(port)});
    EXPECT_TRUE(client.facts().peer_verified) << client.facts().verify_error;
    EXPECT_EQ(ask(client, get("/")).body(), "hello");
    EXPECT_EQ(ask(client, get("/", "Connection: close\r\n")).body(), "hello");
  }
  server.stop();
  thread.join();
}

struct EndCase {
  std::string name;
  std::function<void(Socket&, SSL*)> play;
  PeerClose close;
  std::optional<Cause> cause;
};

TEST_F(ClientTest, TheWayThePeerEndsIsToldApart) {
  const std::vector<EndCase> cases{
      {"close_notify", [](Socket&, SSL* ssl) { SSL_shutdown(ssl); }, PeerClose::close_notify, {}},
      {"FIN alone", [](Socket& s, SSL*) { ::shutdown(s.get(), SHUT_WR), hear_to_the_end(s); }, PeerClose::fin, {}},
      {"reset", [](Socket& s, SSL*) { s.reset(); }, PeerClose::reset, Cause::reset},
      {"not TLS any more", [](Socket& s, SSL*) { say(s, as_bytes("plain text")), hear_to_the_end(s); }, PeerClose::open, Cause::protocol},
  };
  for (const tls::Version version : {tls::Version::tls12, tls::Version::tls13}) {
    profile.least = profile.most = version;
    for (const EndCase& c : cases) {
      const ScriptedPeer peer(after_handshake([&](Socket& socket, SSL* ssl) {
        SSL_write(ssl, "bye", 3);
        c.play(socket, ssl);
      }));
      ClientConnection client = connect(peer.endpoint());
      std::array<Byte, 10> buffer{};
      const ReadOutcome said = client.read(buffer, Deadline::after(patience));
      EXPECT_EQ(said.count, 3U) << c.name << (said.failure ? said.failure->message : "");
      for (int twice = 0; twice < 2; ++twice) {
        const ReadOutcome end = client.read(buffer, Deadline::after(patience));
        EXPECT_EQ(end.count, 0U);
        EXPECT_EQ(end.failure.has_value(), c.cause.has_value()) << c.name << " " << (end.failure ? end.failure->message : "");
        if (end.failure && c.cause) {
          EXPECT_EQ(end.failure->cause, *c.cause) << c.name << ": " << end.failure->message;
        }
        EXPECT_EQ(to_string(client.peer_close()), to_string(c.close)) << c.name;
      }
      EXPECT_TRUE(client.readable_now());
      client.close();
    }
  }
}

// TLS 1.3: the server's refusal of our certificate comes when our handshake is over. Whether the request still goes out or the
// connection is gone by then, the answer is the alert.
TEST_F(ClientTest, ALateAlertSurfacesFromReadAndFromWrite) {
  profile.identity = root.client();
  server_profile.client_certificate = tls::ClientCertificate::required;
  profile.least = profile.most = tls::Version::tls13;
  const auto context = tls::must(tls::ServerContext::make(server_profile));
  SSL_CTX_set_cert_verify_callback(
      context->handle(),
      [](X509_STORE_CTX* store, void*) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED);
        return 0;
      },
      nullptr);
  std::atomic<bool> gone = false;
  const auto play = [&](Socket& socket) {
    const crypto::SslHandle ssl = tls::must(tls::new_connection(*context));
    SSL_set_fd(ssl.get(), socket.get());
    EXPECT_NE(SSL_do_handshake(ssl.get()), 1);
    socket.reset();
    gone = true;
  };
  for (const bool write_first : {false, true}) {
    gone = false;
    const ScriptedPeer peer(play);
    ClientConnection client = connect(peer.endpoint());
    ASSERT_TRUE(eventually([&] { return gone.load(); }));
    std::optional<Failure> failure;
    if (write_first) failure = client.write(Bytes(std::size_t{1} << 20U), Deadline::after(patience));
    std::array<Byte, 10> buffer{};
    if (!failure) failure = client.read(buffer, Deadline::after(patience)).failure;
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->stage, Stage::read);
    EXPECT_EQ(failure->cause, Cause::alert) << failure->message;
    EXPECT_EQ(failure->alert->name(), "certificate_revoked");
  }
}

TEST_F(ClientTest, AnEarlyAnswerIsReadThoughThePeerTakesNoMore) {
  const ScriptedPeer peer(after_handshake([](Socket& socket, SSL* ssl) {
    std::array<Byte, 100> some{};
    SSL_read(ssl, some.data(), static_cast<int>(some.size()));
    SSL_write(ssl, "enough", 6);
    SSL_shutdown(ssl);
    socket.close();  // with unread input: a reset follows
  }));
  ClientConnection client = connect(peer.endpoint());
  const auto failure = client.write(Bytes(std::size_t{64} << 20U), Deadline::after(patience));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->stage, Stage::write);
  EXPECT_EQ(failure->cause, Cause::reset) << failure->message;
  std::array<Byte, 100> buffer{};
  const ReadOutcome answer = client.read(buffer, Deadline::after(patience));
  EXPECT_EQ(as_text(BytesView(buffer).first(answer.count)), "enough");
}

TEST_F(ClientTest, APeerThatReadsNothingRunsIntoTheDeadline) {
  std::atomic<bool> done = false;
  const ScriptedPeer peer(after_handshake([&](Socket&, SSL*) { EXPECT_TRUE(eventually([&] { return done.load(); })); }));
  ClientConnection client = connect(peer.endpoint());
  const auto failure = client.write(Bytes(std::size_t{64} << 20U), Deadline::after(300ms));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->cause, Cause::timeout);
  std::array<Byte, 1> buffer{};
  const ReadOutcome nothing = client.read(buffer, Deadline::after(10ms));
  EXPECT_EQ(nothing.failure->cause, Cause::timeout);
  done = true;
}

TEST_F(ClientTest, IdleTicketsAreNoNewsButDataIs) {
  std::atomic<int> stage = 0;
  const ScriptedPeer peer(after_handshake([&](Socket& socket, SSL* ssl) {
    EXPECT_TRUE(eventually([&] { return stage == 1; }));
    SSL_write(ssl, "x", 1);
    stage = 2;
    hear_to_the_end(socket);
  }));
  ClientConnection client = connect(peer.endpoint());
  std::this_thread::sleep_for(20ms);  // the ticket of TLS 1.3 is here now
  EXPECT_FALSE(client.readable_now());
  EXPECT_NE(client.session(), nullptr);
  stage = 1;
  EXPECT_TRUE(eventually([&] { return client.readable_now(); }));
  std::array<Byte, 10> buffer{};
  EXPECT_EQ(client.read(buffer, Deadline::after(patience)).count, 1U);
  EXPECT_FALSE(client.readable_now());
}

// A server that asks for the certificate when it has seen the request (TLS 1.2 renegotiation): the binding is another afterwards.
TEST_F(ClientTest, FactsFollowARenegotiation) {
  profile.identity = root.client();
  profile.most = tls::Version::tls12;
  server_profile.client_certificate = tls::ClientCertificate::none;
  Bytes unique;
  const ScriptedPeer peer(after_handshake([&](Socket& socket, SSL* ssl) {
    SSL_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
    SSL_set_options(ssl, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    SSL_renegotiate(ssl);
    SSL_do_handshake(ssl);
    std::array<Byte, 10> some{};
    SSL_read(ssl, some.data(), static_cast<int>(some.size()));
    const tls::Facts facts = tls::facts_of(ssl, true);
    EXPECT_EQ(facts.peer_chain.size(), 1U);
    unique = facts.tls_unique;
    SSL_write(ssl, "seen", 4);
    hear_to_the_end(socket);
  }));
  ClientConnection client = connect(peer.endpoint());
  const Bytes before = client.facts().tls_unique;
  std::array<Byte, 10> buffer{};
  EXPECT_EQ(client.read(buffer, Deadline::after(300ms)).failure->cause, Cause::timeout);
  ASSERT_FALSE(client.write(as_bytes("x"), Deadline::after(patience)));
  EXPECT_EQ(client.read(buffer, Deadline::after(patience)).count, 4U);
  EXPECT_NE(client.facts().tls_unique, before);
  EXPECT_EQ(client.facts().tls_unique, unique);
  client.close();
}

TEST_F(ClientTest, AfterCloseEverythingFailsQuietly) {
  const ScriptedPeer peer(after_handshake([](Socket& s, SSL*) { hear_to_the_end(s); }));
  ClientConnection client = connect(peer.endpoint());
  client.close();
  client.close(true);
  client.end_output();
  std::array<Byte, 1> buffer{};
  EXPECT_EQ(client.read(buffer, Deadline::after(patience)).failure->cause, Cause::local);
  EXPECT_EQ(client.write(buffer, Deadline::after(patience))->cause, Cause::local);
  EXPECT_EQ(client.session(), nullptr);
}

}  // namespace
}  // namespace est::net
