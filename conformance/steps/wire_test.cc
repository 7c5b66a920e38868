#include "conformance/steps/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conformance/steps/scripted_target_test.h"

namespace conformance::steps {
namespace {

// Accepts connections in the kernel and never says a word.
class SilentListener {
 public:
  explicit SilentListener(bool listening = true) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, generic, size), 0);
    if (listening) {
      EXPECT_EQ(::listen(socket_, 16), 0);
    }
    EXPECT_EQ(::getsockname(socket_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentListener() { ::close(socket_); }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

TEST_F(DriverTest, ASilentTargetEndsInATimeout) {
  const SilentListener silent;
  profile_.url.endpoint.port = silent.port();
  const auto begun = std::chrono::steady_clock::now();
  const auto exchange = perform("cacerts", {{"within", 200}});
  expect_recorded();
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->stage, "handshake");
  EXPECT_EQ(exchange.failure->cause, "timeout");
  EXPECT_TRUE(exchange.response.empty());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST_F(DriverTest, AnAnswerThatStopsEndsInATimeoutAndIsKept) {
  target_.script = [](const Seen&) {
    return est::net::Reply{est::to_bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), est::net::AfterReply::keep};
  };
  const auto exchange = perform("cacerts", {{"within", 300}});
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->stage, "read");
  EXPECT_EQ(exchange.failure->cause, "timeout");
  EXPECT_TRUE(est::to_string(exchange.response).ends_with("\r\nabc"));
  EXPECT_EQ(exchange.peer_close, "open");
}

TEST_F(DriverTest, AnEndlessAnswerIsCutOff) {
  target_.script = [](const Seen&) {
    est::Bytes wire = est::to_bytes("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
    wire.resize(wire.size() + (std::size_t{18} << 20U), est::Byte{'x'});
    return est::net::Reply{std::move(wire), est::net::AfterReply::keep};
  };
  const auto exchange = perform("cacerts");
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->cause, "protocol");
  EXPECT_LE(exchange.response.size(), std::size_t{18} << 20U);
}

TEST_F(DriverTest, ATruncatedAnswerIsAFailure) {
  target_.script = [](const Seen&) {
    return est::net::Reply{est::to_bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), est::net::AfterReply::close};
  };
  const auto exchange = perform("cacerts");
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->cause, "closed");
  EXPECT_EQ(exchange.peer_close, "close_notify");
}

TEST_F(DriverTest, NoAnswerAtAllIsAFailure) {
  target_.script = [](const Seen&) { return est::net::Reply{{}, est::net::AfterReply::abort}; };
  const auto exchange = perform("cacerts");
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->stage, "read");
  EXPECT_EQ(exchange.failure->cause, "reset");
  EXPECT_EQ(exchange.peer_close, "reset");
}

TEST_F(DriverTest, AnAnswerThatIsNoHttpIsAFailure) {
  target_.script = [](const Seen&) { return est::net::Reply{est::to_bytes("220 mail.example ESMTP\r\n\r\n"), est::net::AfterReply::keep}; };
  const auto exchange = perform("cacerts", {{"within", 1000}});
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->cause, "protocol");
}

TEST_F(DriverTest, NobodyListening) {
  const SilentListener deaf(false);  // holds the port, so that nobody else can listen there meanwhile
  profile_.url.endpoint.port = deaf.port();
  const auto exchange = perform("cacerts");
  expect_recorded();
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->stage, "connect");
  EXPECT_EQ(exchange.failure->cause, "refused");
}

TEST_F(DriverTest, AnUntrustedTargetIsAFailure) {
  profile_.trust_anchors = {TestCa().certificate};
  const auto exchange = perform("cacerts");
  expect_recorded();
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->cause, "untrusted");
  EXPECT_TRUE(target_.seen().empty());
  const auto unverified = perform("cacerts", {{"verify", false}});
  EXPECT_EQ(status_of(unverified), 200);
  EXPECT_FALSE(unverified.tls->verified);
  EXPECT_FALSE(unverified.tls->verify_error.empty());
}

TEST_F(DriverTest, AnotherNameIsUntrustedToo) {
  profile_.url.endpoint.host = "localhost";
  const auto exchange = perform("cacerts");
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->cause, "untrusted");
}

TEST_F(DriverTest, KeepsConnections) {
  for (const std::string tls : {"1.2", "1.3"}) {
    const auto first = perform("cacerts", {{"tls", tls}});
    const auto second = perform("cacerts", {{"connection", "keep"}});
    EXPECT_EQ(status_of(second), 200);
    EXPECT_FALSE(second.new_connection);
    EXPECT_EQ(second.connection, first.connection);
    EXPECT_EQ(second.tls->tls_exporter, first.tls->tls_exporter);
  }
  EXPECT_TRUE(perform("cacerts").new_connection);
}

TEST_F(DriverTest, AConnectionTheTargetClosedCannotBeKept) {
  target_.script = [](const Seen&) {
    auto response = est::ops::text_response(200, "bye");
    response.fields.add("Connection", "close");
    return reply(response, est::net::AfterReply::close);
  };
  const auto first = perform("cacerts");
  EXPECT_EQ(first.peer_close, "close_notify");
  EXPECT_FALSE(first.failure);
  const auto second = perform("cacerts", {{"connection", "keep"}});
  expect_recorded();
  ASSERT_TRUE(second.failure);
  EXPECT_EQ(second.failure->cause, "closed");
}

TEST_F(DriverTest, ResumesSessions) {
  for (const std::string tls : {"1.2", "1.3"}) {
    const auto first = perform("cacerts", {{"tls", tls}});
    const auto second = perform("cacerts", {{"tls", tls}, {"connection", "resume"}});
    EXPECT_FALSE(first.tls->resumed);
    EXPECT_TRUE(second.tls->resumed) << tls;
    EXPECT_EQ(second.facts.at("session-offered"), "yes");
    const auto enroll = perform("enroll", {{"tls", tls}, {"connection", "resume"}, {"pop", "right"}});
    const auto seen = last_seen();
    EXPECT_EQ(enroll.artefacts.at("binding"), tls == "1.2" ? seen.tls.tls_unique : seen.tls.tls_exporter);
  }
}

TEST_F(DriverTest, HandshakeAlone) {
  const auto exchange = perform("handshake", {{"tls", "1.2"}, {"suites", "ECDHE-ECDSA-AES128-GCM-SHA256"}});
  expect_recorded();
  EXPECT_FALSE(exchange.failure);
  EXPECT_EQ(exchange.tls->suite, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
  const auto old = perform("handshake", {{"tls", "1.0"}});
  expect_recorded();
  ASSERT_TRUE(old.failure);
  EXPECT_EQ(old.failure->cause, "alert");
  EXPECT_EQ(old.failure->alert, "protocol_version");
  perform("handshake", {{"suites", "NO-SUCH-SUITE"}});
  expect_cannot("NO-SUCH-SUITE");
}

TEST_F(DriverTest, ARefusedClientCertificateIsAnAlert) {
  auto tls = server_tls();
  tls.client_certificate = est::tls::ClientCertificate::required;
  server_->replace_context(est::tls::ServerContext::make(tls).value());
  const auto old = perform("handshake", {{"tls", "1.2"}});
  EXPECT_EQ(old.failure.value_or(engine::WireFailure{}).alert, "handshake_failure");
  EXPECT_FALSE(old.tls);
  for (const std::string verb : {"handshake", "enroll"}) {
    const auto exchange = perform(verb, {{"tls", "1.3"}, {"within", 5000}});
    expect_recorded();
    ASSERT_TRUE(exchange.failure) << verb;
    EXPECT_EQ(exchange.failure->cause, "alert");
    EXPECT_EQ(exchange.failure->alert, "certificate_required");
    EXPECT_TRUE(exchange.tls);
  }
}

TEST_F(DriverTest, OctetsInsideTls) {
  const auto exchange = perform("raw", {{"send", "GET {est}/cacerts HTTP/1.1\r\nHost: {host}\r\n\r\n"}, {"repeat", 2}, {"answers", 2}});
  expect_recorded();
  EXPECT_FALSE(exchange.failure);
  EXPECT_EQ(target_.seen().size(), 2U);
  const auto binary = perform("raw", {{"send-hex", "ff 00"}, {"send", "BOGUS\r\n\r\n"}});
  EXPECT_EQ(status_of(binary), 400);
  perform("raw", {{"send", "GET / HTTP/1.1\r\n"}, {"close", "abrupt"}});
  expect_recorded();
  EXPECT_EQ(status_of(perform("cacerts", {{"connection", "keep"}})), 200) << "after an abrupt close there is nothing to keep";
}

TEST_F(DriverTest, OctetsWithoutTls) {
  const auto exchange = perform("plain", {{"send", "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"}});
  expect_recorded();
  EXPECT_FALSE(exchange.tls);
  EXPECT_TRUE(exchange.failure || status_of(exchange) >= 400);
  EXPECT_TRUE(target_.seen().empty());
}

TEST_F(DriverTest, MadeCertificatesArePresented) {
  est::tls::Identity ca{{ca_.certificate}, ca_.key};
  profile_.client_ca = ca;
  for (const std::string name :
       {"expired", "not-yet-valid", "wrong-purpose", "third-party", "self-signed", "unknown-ca", "forged-issuer", "no-digital-signature"}) {
    const auto exchange = perform("enroll", {{"certificate", name}});
    expect_recorded();
    ASSERT_NE(last_seen().tls.peer_certificate(), nullptr) << name;
    EXPECT_EQ(*last_seen().tls.peer_certificate(), exchange.artefacts.at("client-certificate")) << name;
    EXPECT_EQ(exchange.facts.at("credentials"), "certificate");
  }
  const auto one = perform("handshake", {{"certificate", "expired"}, {"watch", 1}});
  EXPECT_EQ(one.artefacts.at("client-certificate"), evidence_.exchanges.front().artefacts.at("client-certificate"));
}

}  // namespace
}  // namespace conformance::steps
