// Writes capture files: pcapng (draft-ietf-opsawg-pcapng), little-endian, link type raw IP, of TCP connections whose packets are made up
// around octets that were seen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "est/base/bytes.h"

namespace conformance::report {

// Host byte order.
struct PacketEnd {
  std::uint32_t address = 0;  // IPv4
  std::uint16_t port = 0;
};

class PacketFile {
 public:
  // One TCP connection: sequence numbers that come next, and which directions have ended.
  struct Flow {
    PacketEnd client, server;
    std::uint32_t sent = 0, received = 0;
    bool client_ended = false, server_ended = false;
  };

  PacketFile(const std::string& title, std::int64_t started_s);

  // A Decryption Secrets Block with lines of the NSS key log, for the packets that follow. Nothing without lines.
  void secrets(std::string_view lines, const std::string& comment);
  // Of the packets that follow, since the start; less than before counts as before.
  void at(std::int64_t microseconds);
  [[nodiscard]] Flow open(const PacketEnd& client, const PacketEnd& server, const std::string& comment);
  void octets(Flow& flow, bool from_client, est::BytesView data, std::string comment = {});
  // FIN and its ACK; nothing where that direction has ended.
  void end(Flow& flow, bool by_client);

  [[nodiscard]] est::Bytes take() { return std::move(file_); }

 private:
  void emit(const Flow& flow, bool from_client, std::uint8_t flags, est::BytesView octets, const std::string& comment);

  est::Bytes file_;
  std::int64_t started_us_;
  std::int64_t now_us_ = 0;
};

}  // namespace conformance::report
