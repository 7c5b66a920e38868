#include "conformance/engine/evidence.h"

#include <gtest/gtest.h>

#include "conformance/engine/json.h"

namespace conformance::engine {
namespace {

Evidence full() {
  Exchange exchange;
  exchange.name = "first";
  exchange.phase = Phase::control;
  exchange.verb = "enroll";
  exchange.parameters = Json{{"key", "ec-p256"}, {"list", {1, "4xx"}}};
  exchange.connection = 2;
  exchange.new_connection = false;
  exchange.events = {{12, "tcp", "connected", "[::1]:443"}};
  exchange.failure = WireFailure{"handshake", "alert", "refused", "bad_certificate"};
  exchange.tls = TlsRecord{"TLS 1.3", "TLS_AES_128_GCM_SHA256", true, true, "http/1.1", true, "none", {{1, 2}, {3}}, {4}, {5}};
  exchange.method = "POST";
  exchange.target = "/x";
  exchange.request = {0, 255, 13};
  exchange.response = {9};
  exchange.peer_close = "fin";
  exchange.duration_us = 77;
  exchange.incomplete = true;
  exchange.artefacts = {{"csr", {48, 0}}};
  exchange.facts = {{"subject", "CN=a"}};
  return Evidence{"EST-X-1", 1000, 88, {exchange}, {{"steps", false}, {"control", true}}, "cannot", "fault", "not x"};
}

TEST(Evidence, RoundTripsThroughText) {
  const Json json = to_json(full());
  const auto parsed = parse_json(print_json(json));
  ASSERT_TRUE(parsed.ok());
  const auto back = evidence_from_json(*parsed);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(to_json(*back), json);
  EXPECT_EQ(back->exchanges.front().artefacts.at("csr"), (est::Bytes{48, 0}));
  EXPECT_EQ(back->exchanges.front().tls->peer_chain.size(), 2U);
}

TEST(Evidence, TextFromTheWireIsRepaired) {
  Evidence evidence = full();
  evidence.exchanges.front().facts["subject"] = "CN=\xFF";
  evidence.exchanges.front().events.front().detail = "\xC3";
  const Json json = to_json(evidence);
  EXPECT_EQ(*parse_json(json.dump()), json);
}

TEST(Evidence, FindsByNameAndPhase) {
  Evidence evidence = full();
  evidence.exchanges.push_back(Exchange{.name = "liveness", .phase = Phase::liveness});
  evidence.exchanges.push_back(Exchange{.name = "liveness-2", .phase = Phase::liveness});
  EXPECT_EQ(evidence.find("first")->connection, 2);
  EXPECT_EQ(evidence.find("second"), nullptr);
  EXPECT_EQ(evidence.last(Phase::liveness)->name, "liveness-2");
  EXPECT_EQ(evidence.last(Phase::step), nullptr);
}

// Every member replaced in turn by every wrong kind of value is either refused with a sentence or read, never a crash.
TEST(Evidence, SurvivesHostileJson) {
  const Json good = to_json(full());
  const Json exchange_paths = good.flatten();
  int refused = 0;
  for (const auto& [path, value] : exchange_paths.items()) {
    for (const Json& bad : {Json(nullptr), Json(-5), Json(1e300), Json("\x01"), Json::array({Json::array()}), Json::object({{"a", 1}})}) {
      Json hostile = good;
      hostile[Json::json_pointer(path)] = bad;
      const auto read = evidence_from_json(hostile);
      if (!read.ok()) {
        ++refused;
        EXPECT_FALSE(read.error().message.empty());
      }
    }
  }
  EXPECT_GT(refused, 100);
  for (const Json& bad : {Json(), Json("x"), Json::array(), Json::object(), Json{{"format", 2}}})
    EXPECT_FALSE(evidence_from_json(bad).ok());
}

}  // namespace
}  // namespace conformance::engine
