#include "conformance/report/tls_pcapng.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "est/base/text.h"

namespace conformance::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::uint32_t word_at(est::BytesView octets, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 4; i-- > 0;) word = word << 8U | octets[at + i];
  return word;
}

struct Block {
  std::uint32_t type = 0;
  est::Bytes body;
};

// Empty when the lengths do not add up.
std::vector<Block> blocks_of(est::BytesView file) {
  std::vector<Block> blocks;
  for (std::size_t at = 0; at < file.size();) {
    const std::uint32_t size = file.size() - at < 12 ? 0 : word_at(file, at + 4);
    if (size % 4 != 0 || size < 12 || size > file.size() - at || word_at(file, at + size - 4) != size) return {};
    blocks.push_back({word_at(file, at), est::to_bytes(file.subspan(at + 8, size - 12))});
    at += size;
  }
  return blocks;
}

std::vector<std::uint32_t> types_of(const std::vector<Block>& blocks) {
  std::vector<std::uint32_t> types;
  for (const auto& block : blocks) types.push_back(block.type);
  return types;
}

constexpr std::uint32_t section = 0x0a0d0d0a, interface = 1, packet = 6, secrets = 0x0a;

engine::Evidence evidence_with(const std::string& lines) {
  engine::Evidence evidence;
  evidence.scenario = "EST-X-1";
  engine::CapturedConnection one{.name = "connection 1", .client = "127.0.0.1:40000", .server = "[::1]:8443"};
  one.secrets = lines;
  one.pieces = {{10, true, est::to_bytes("hello")}, {20, false, est::to_bytes("hello yourself")}, {30, false, {}}, {40, true, {}}};
  one.remarks = {"CLIENT_TRAFFIC_SECRET_0 is withheld"};
  evidence.captured = {one};
  return evidence;
}

TEST(TlsCapture, NoPacketsWithoutConnections) {
  EXPECT_THAT(types_of(blocks_of(tls_pcapng({}))), ElementsAre(section, interface));
  EXPECT_TRUE(tls_remarks({}).empty());
}

TEST(TlsCapture, SecretsStandBeforeThePackets) {
  const std::string lines = "SERVER_TRAFFIC_SECRET_0 00 11\n";
  const auto blocks = blocks_of(tls_pcapng(evidence_with(lines)));
  // SYN, SYN-ACK, ACK; two segments; a FIN and its ACK from either side.
  ASSERT_THAT(types_of(blocks),
              ElementsAre(section, interface, secrets, packet, packet, packet, packet, packet, packet, packet, packet, packet));
  const auto& body = blocks[2].body;
  EXPECT_EQ(word_at(body, 0), 0x544c534bU);
  ASSERT_EQ(word_at(body, 4), lines.size());
  EXPECT_EQ(est::as_text(est::BytesView(body).subspan(8, lines.size())), lines);
  EXPECT_THAT(std::string(est::as_text(body)), HasSubstr("connection 1; CLIENT_TRAFFIC_SECRET_0 is withheld"));
  EXPECT_THAT(std::string(est::as_text(blocks[7].body)), HasSubstr("hello yourself"));
}

TEST(TlsCapture, WithoutSecretsThereIsNoSuchBlock) {
  const auto evidence = evidence_with("");
  const auto blocks = blocks_of(tls_pcapng(evidence));
  ASSERT_GE(blocks.size(), 3U);
  EXPECT_EQ(blocks[2].type, packet);
  EXPECT_EQ(tls_remarks(evidence), "tls.pcapng\n  connection 1: CLIENT_TRAFFIC_SECRET_0 is withheld\n");
}

TEST(TlsCapture, OverlappingConnectionsStandInOrderOfTime) {
  auto evidence = evidence_with("");
  evidence.captured.push_back(evidence.captured[0]);
  evidence.captured[1].pieces = {{15, true, est::to_bytes("between")}};
  const auto blocks = blocks_of(tls_pcapng(evidence));
  ASSERT_GE(blocks.size(), 11U);
  EXPECT_THAT(std::string(est::as_text(blocks[9].body)), HasSubstr("between"));
  EXPECT_THAT(std::string(est::as_text(blocks[10].body)), HasSubstr("hello yourself"));
}

}  // namespace
}  // namespace conformance::report
