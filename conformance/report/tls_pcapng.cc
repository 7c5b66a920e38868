#include "conformance/report/tls_pcapng.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "conformance/report/packets.h"
#include "est/base/text.h"

namespace conformance::report {
namespace {

using engine::CapturedConnection;
using engine::CapturedPiece;

// Of "192.0.2.7:443"; the documentation address stands in for what IPv4 cannot say.
PacketEnd packet_end(const std::string& text, std::uint32_t otherwise) {
  PacketEnd end{otherwise, 443};
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return end;
  static_cast<void>(std::from_chars(text.data() + colon + 1, text.data() + text.size(), end.port));
  in_addr address{};
  if (inet_pton(AF_INET, text.substr(0, colon).c_str(), &address) == 1) end.address = ntohl(address.s_addr);
  return end;
}

std::string remarks_of(const CapturedConnection& connection) {
  std::string text = connection.name;
  for (const auto& remark : connection.remarks) text += "; " + remark;
  return est::printable(text, 4000);
}

PacketFile::Flow open_flow(PacketFile& file, const CapturedConnection& connection) {
  constexpr std::uint32_t documented_client = 0xc0000201, documented_server = 0xc0000202;  // 192.0.2.1 and .2
  return file.open(packet_end(connection.client, documented_client), packet_end(connection.server, documented_server),
                   remarks_of(connection));
}

// Connections may overlap, and packets stand in the order of time.
void add_packets(PacketFile& file, const std::vector<CapturedConnection>& connections) {
  std::vector<std::pair<const CapturedConnection*, const CapturedPiece*>> all;
  for (const auto& connection : connections)
    for (const auto& piece : connection.pieces) all.emplace_back(&connection, &piece);
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.second->at_us < b.second->at_us; });
  std::map<const CapturedConnection*, PacketFile::Flow> flows;
  for (const auto& [connection, piece] : all) {
    file.at(piece->at_us);
    const auto [found, fresh] = flows.try_emplace(connection);
    if (fresh) found->second = open_flow(file, *connection);
    if (piece->octets.empty())
      file.end(found->second, piece->from_client);
    else
      file.octets(found->second, piece->from_client, piece->octets);
  }
}

}  // namespace

est::Bytes tls_pcapng(const engine::Evidence& evidence) {
  PacketFile file(evidence.scenario +
                      ": TLS records as they passed; TCP packets are made up around them. A direction that holds a secret has no "
                      "traffic secret here (see the comments); its HTTP is in capture.pcapng, with the secret overwritten",
                  evidence.started);
  for (const auto& one : evidence.captured) file.secrets(one.secrets, remarks_of(one));
  add_packets(file, evidence.captured);
  return file.take();
}

std::string tls_remarks(const engine::Evidence& evidence) {
  std::string text;
  for (const auto& one : evidence.captured)
    for (const auto& remark : one.remarks) text += "  " + est::printable(one.name + ": " + remark, 4000) + "\n";
  return text.empty() ? text : "tls.pcapng\n" + text;
}

}  // namespace conformance::report
