#include "conformance/report/pcapng.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "est/base/text.h"

namespace conformance::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::uint32_t number_at(est::BytesView octets, std::size_t at) {
  return octets[at] | static_cast<std::uint32_t>(octets[at + 1]) << 8U | static_cast<std::uint32_t>(octets[at + 2]) << 16U |
         static_cast<std::uint32_t>(octets[at + 3]) << 24U;
}

// Types of the blocks; empty when lengths do not add up.
std::vector<std::uint32_t> block_types(est::BytesView file) {
  std::vector<std::uint32_t> types;
  for (std::size_t at = 0; at < file.size();) {
    if (file.size() - at < 12) return {};
    const std::uint32_t size = number_at(file, at + 4);
    if (size % 4 != 0 || size < 12 || size > file.size() - at || number_at(file, at + size - 4) != size) return {};
    types.push_back(number_at(file, at));
    at += size;
  }
  return types;
}

engine::Exchange exchange(int connection, const std::string& request, const std::string& response) {
  engine::Exchange one;
  one.name = "step-1";
  one.connection = connection;
  one.request = est::to_bytes(request);
  one.response = est::to_bytes(response);
  one.peer_close = "open";
  return one;
}

TEST(Capture, HasHandshakeDataAndEnd) {
  engine::Evidence evidence;
  evidence.scenario = "EST-X-1";
  evidence.exchanges = {exchange(1, "GET /x HTTP/1.1\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"), exchange(1, "GET /y", "")};
  const est::Bytes file = pcapng(evidence);
  constexpr std::uint32_t section = 0x0a0d0d0a, interface = 1, packet = 6;
  // SYN, SYN-ACK, ACK; request; response; request; a FIN and its ACK from either side.
  EXPECT_THAT(block_types(file),
              ElementsAre(section, interface, packet, packet, packet, packet, packet, packet, packet, packet, packet, packet));
  EXPECT_THAT(std::string(est::as_text(file)), HasSubstr("GET /x HTTP/1.1\r\n\r\n"));
}

TEST(Capture, CutsWhatIsLongAndBearsWhatIsEmpty) {
  engine::Evidence evidence;
  EXPECT_EQ(block_types(pcapng(evidence)).size(), 2U);
  evidence.exchanges = {exchange(0, "", ""), exchange(0, std::string(5000, 'x'), "")};
  EXPECT_EQ(block_types(pcapng(evidence)).size(), 2U + 3 + 4 + 3 + 4 + 4);
}

}  // namespace
}  // namespace conformance::report
