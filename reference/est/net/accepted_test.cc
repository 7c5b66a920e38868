#include "est/net/accepted.h"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <thread>

#include "est/codec/tls_hello.h"
#include "est/tls/identities_test.h"

namespace est::net {
namespace {

using namespace std::chrono_literals;
using tls::AuthorityForTest;
using tls::must;

class Accepted : public testing::Test {
 protected:
  std::shared_ptr<const tls::ServerContext> server_context(tls::ClientCertificate asked = tls::ClientCertificate::none) {
    tls::ServerProfile profile;
    profile.identity = authority.server();
    profile.client_certificate = asked;
    return must(tls::ServerContext::make(profile));
  }
  std::variant<ClientConnection, Failure> dial(bool trusting = true, tls::Version most = tls::Version::tls13) {
    tls::ClientProfile profile;
    if (trusting) profile.anchors = {authority.certificate()};
    if (!trusting) profile.anchors = {AuthorityForTest("other").certificate()};
    profile.expected_name = "localhost";
    profile.identity = authority.client();
    profile.most = most;
    return ClientConnection::open({"localhost", listener.port()}, *must(tls::ClientContext::make(profile)), {});
  }
  static Deadline soon() { return Deadline::after(10s); }
  static std::string text_of(ReadOutcome outcome, BytesView buffer) { return est::to_string(buffer.first(outcome.count)); }

  AuthorityForTest authority{"CA"};
  Listener listener = must(Listener::bind({"localhost", 0}));
};

TEST_F(Accepted, TalksBothWays) {
  std::thread server([&] {
    auto connection = listener.accept(soon());
    ASSERT_TRUE(connection);
    ASSERT_FALSE(connection->handshake(*server_context(), soon()));
    std::array<Byte, 64> buffer{};
    EXPECT_EQ(text_of(connection->read(buffer, soon()), buffer), "hello");
    const codec::TlsFlight flight = codec::read_tls_flight(connection->beginning());
    EXPECT_NE(flight.find(codec::tls_message::client_hello), nullptr);
    EXPECT_FALSE(connection->write(as_bytes("world"), soon()));
    EXPECT_EQ(connection->read(buffer, soon()).count, 0U);
    EXPECT_EQ(connection->peer_close(), PeerClose::close_notify);
  });
  auto opened = dial();
  auto& client = std::get<ClientConnection>(opened);
  EXPECT_FALSE(client.write(as_bytes("hello"), soon()));
  std::array<Byte, 64> buffer{};
  EXPECT_EQ(text_of(client.read(buffer, soon()), buffer), "world");
  client.close();
  server.join();
}

TEST_F(Accepted, ToldTheAlertOfAClientThatDoesNotTrustIt) {
  std::optional<Failure> failure;
  std::thread server([&] { failure = listener.accept(soon())->handshake(*server_context(), soon()); });
  EXPECT_TRUE(std::holds_alternative<Failure>(dial(false)));
  server.join();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->cause, Cause::alert);
  EXPECT_EQ(failure->alert->name(), "unknown_ca");
}

TEST_F(Accepted, PlainTextIsNoTls) {
  std::optional<Failure> failure;
  std::string beginning;
  std::thread server([&] {
    auto connection = listener.accept(soon());
    failure = connection->handshake(*server_context(), soon());
    beginning = est::to_string(BytesView(connection->beginning()));
  });
  auto opened = PlainConnection::open({"localhost", listener.port()}, 10s);
  EXPECT_FALSE(std::get<PlainConnection>(opened).write(as_bytes("GET / HTTP/1.1\r\n\r\n"), soon()));
  server.join();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->cause, Cause::not_tls);
  EXPECT_THAT(beginning, testing::StartsWith("GET /"));
}

class AcceptedLate : public Accepted, public testing::WithParamInterface<tls::Version> {};

TEST_P(AcceptedLate, AsksForACertificateInTheMiddle) {
  std::thread server([&] {
    const auto context = server_context(tls::ClientCertificate::late);
    auto connection = listener.accept(soon());
    ASSERT_FALSE(connection->handshake(*context, soon()));
    EXPECT_TRUE(connection->facts().peer_chain.empty());
    std::array<Byte, 64> buffer{};
    EXPECT_EQ(connection->read(buffer, soon()).count, 5U);
    EXPECT_TRUE(connection->ask_for_certificate(*context, soon()));
    EXPECT_FALSE(connection->facts().peer_chain.empty());
    EXPECT_FALSE(connection->write(as_bytes("world"), soon()));
  });
  auto opened = dial(true, GetParam());
  auto& client = std::get<ClientConnection>(opened);
  EXPECT_FALSE(client.write(as_bytes("hello"), soon()));
  std::array<Byte, 64> buffer{};
  EXPECT_EQ(text_of(client.read(buffer, soon()), buffer), "world");
  server.join();
}

INSTANTIATE_TEST_SUITE_P(Versions, AcceptedLate, testing::Values(tls::Version::tls12, tls::Version::tls13),
                         [](const auto& row) { return row.param == tls::Version::tls12 ? "tls12" : "tls13"; });

TEST_F(Accepted, StopEndsAWait) {
  std::thread server([&] { EXPECT_FALSE(listener.accept(Deadline::after(100s))); });
  listener.stop();
  server.join();
}

TEST_F(Accepted, InterruptEndsARead) {
  std::atomic<AcceptedConnection*> reading{nullptr};
  std::thread server([&] {
    auto connection = listener.accept(soon());
    ASSERT_FALSE(connection->handshake(*server_context(), soon()));
    reading = &*connection;
    std::array<Byte, 64> buffer{};
    EXPECT_EQ(connection->read(buffer, Deadline::after(100s)).count, 0U);
    while (reading != nullptr) std::this_thread::yield();
  });
  const auto opened = dial();
  while (reading == nullptr) std::this_thread::yield();
  reading.load()->interrupt();
  reading = nullptr;
  server.join();
}

}  // namespace
}  // namespace est::net
