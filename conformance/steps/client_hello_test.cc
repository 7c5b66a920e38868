#include "conformance/steps/client_hello.h"

#include "conformance/steps/scripted_target_test.h"
#include "est/codec/tls_hello.h"

namespace conformance::steps {
namespace {

est::Bytes body_of(const est::Bytes& message) { return {message.begin() + 4, message.end()}; }

TEST(ClientHello, EveryKindReads) {
  for (const auto& kind : hello_kinds()) {
    if (kind.name == "ssl-2") continue;
    const auto message = hello_message(kind.name, "est.example");
    const auto flight = est::codec::read_tls_flight(hello_records(kind.name, "whole", message));
    ASSERT_EQ(flight.messages.size(), 1U) << kind.name;
    EXPECT_TRUE(est::codec::decode_client_hello(body_of(message))) << kind.name;
    EXPECT_FALSE(kind.meaning.empty());
  }
}

TEST(ClientHello, RecordsMayBeSplit) {
  const auto message = hello_message("both", "");
  for (const auto* form : {"whole", "two", "single-octets", "empty-first"}) {
    const auto flight = est::codec::read_tls_flight(hello_records("both", form, message));
    ASSERT_EQ(flight.messages.size(), 1U) << form;
    EXPECT_EQ(flight.messages.front().body, body_of(message)) << form;
  }
  EXPECT_TRUE(est::codec::read_tls_flight(hello_records("both", "first-half", message)).messages.empty());
}

TEST_F(DriverTest, AClientHelloIsAnsweredAndRecorded) {
  const auto exchange = perform("client-hello", {{"hello", "both"}});
  expect_recorded();
  EXPECT_FALSE(exchange.failure);
  EXPECT_EQ(exchange.facts.at("hello"), "both");
  const auto flight = est::codec::read_tls_flight(exchange.artefacts.at("server-flight"));
  EXPECT_NE(flight.find(est::codec::tls_message::server_hello), nullptr);
}

TEST_F(DriverTest, ARefusedClientHelloNamesTheAlert) {
  const auto exchange = perform("client-hello", {{"hello", "rc4"}});
  expect_recorded();
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->cause, "alert");
  EXPECT_EQ(exchange.failure->alert, "handshake_failure");
}

TEST_F(DriverTest, HalfOpenConnectionsDoNotDisturbTheScenario) {
  const auto held = perform("half-open", {{"connections", 5}});
  expect_recorded();
  EXPECT_EQ(held.facts.at("half-open"), "5");
  EXPECT_FALSE(perform("cacerts").failure);
}

TEST_F(DriverTest, RenegotiationIsRefusedAndToldSo) {
  static_cast<void>(perform("cacerts", {{"tls", "1.2"}}));
  const auto exchange = perform("renegotiate");
  expect_recorded();
  EXPECT_EQ(exchange.facts.at("renegotiated"), "no");
  ASSERT_TRUE(exchange.failure);
  EXPECT_EQ(exchange.failure->alert, "no_renegotiation");
}

TEST_F(DriverTest, KeysAreUpdatedWithTheNextRequest) {
  static_cast<void>(perform("cacerts", {{"tls", "1.3"}}));
  static_cast<void>(perform("key-update"));
  expect_recorded();
  const auto exchange = perform("cacerts", {{"connection", "keep"}, {"tls", "1.3"}});
  EXPECT_FALSE(exchange.failure);
  EXPECT_EQ(exchange.facts.at("certificate-request"), "in the handshake");
  EXPECT_EQ(exchange.facts.at("early-data"), "0");
}

}  // namespace
}  // namespace conformance::steps
