#include "conformance/report/packets.h"

#include <algorithm>
#include <utility>

namespace conformance::report {
namespace {

constexpr std::size_t segment_size = 1400;
constexpr std::size_t longest_option = 65000;
constexpr std::uint8_t fin = 1, syn = 2, push = 8, ack = 16;

void little(est::Bytes& out, std::uint64_t value, int octets) {
  for (int i = 0; i < octets; ++i) out.push_back(static_cast<est::Byte>(value >> (8 * i)));
}

void big(est::Bytes& out, std::uint64_t value, int octets) {
  for (int i = octets - 1; i >= 0; --i) out.push_back(static_cast<est::Byte>(value >> (8 * i)));
}

void pad(est::Bytes& out) {
  while (out.size() % 4 != 0) out.push_back(0);
}

void block(est::Bytes& file, std::uint32_t type, const est::Bytes& body) {
  little(file, type, 4);
  little(file, body.size() + 12, 4);
  est::append(file, body);
  little(file, body.size() + 12, 4);
}

void option(est::Bytes& body, std::uint16_t code, std::string_view text) {
  text = text.substr(0, longest_option);
  little(body, code, 2);
  little(body, text.size(), 2);
  est::append(body, est::as_bytes(text));
  pad(body);
}

void end_of_options(est::Bytes& body) { little(body, 0, 4); }

// RFC 1071, of octets in network order.
std::uint16_t checksum(std::uint32_t sum, est::BytesView octets) {
  for (std::size_t i = 0; i < octets.size(); ++i) sum += static_cast<std::uint32_t>(octets[i]) << (i % 2 == 0 ? 8U : 0U);
  while (sum > 0xffff) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

void put_checksum(est::Bytes& head, std::size_t at, std::uint16_t sum) {
  head[at] = static_cast<est::Byte>(sum >> 8U);
  head[at + 1] = static_cast<est::Byte>(sum);
}

// What the TCP checksum covers beside the segment (RFC 9293 3.1).
std::uint32_t pseudo_header(std::uint32_t from, std::uint32_t to, std::size_t length) {
  constexpr std::uint32_t tcp = 6;
  return (from >> 16U) + (from & 0xffffU) + (to >> 16U) + (to & 0xffffU) + tcp + static_cast<std::uint32_t>(length);
}

est::Bytes ip_header(std::uint32_t from, std::uint32_t to, std::size_t length) {
  est::Bytes ip;
  big(ip, 0x4500, 2);
  big(ip, 20 + length, 2);
  big(ip, 0x00004000, 4);  // do not fragment
  big(ip, 0x4006, 2);      // 64 hops, TCP
  big(ip, 0, 2);
  big(ip, from, 4);
  big(ip, to, 4);
  put_checksum(ip, 10, checksum(0, ip));
  return ip;
}

est::Bytes packet(const PacketFile::Flow& flow, bool from_client, std::uint8_t flags, est::BytesView octets) {
  const PacketEnd& from = from_client ? flow.client : flow.server;
  const PacketEnd& to = from_client ? flow.server : flow.client;
  est::Bytes tcp;
  big(tcp, from.port, 2);
  big(tcp, to.port, 2);
  big(tcp, from_client ? flow.sent : flow.received, 4);
  big(tcp, (flags & ack) == 0 ? 0 : (from_client ? flow.received : flow.sent), 4);
  big(tcp, 0x5000U | flags, 2);
  big(tcp, 65535, 2);
  big(tcp, 0, 4);
  est::append(tcp, octets);
  put_checksum(tcp, 16, checksum(pseudo_header(from.address, to.address, tcp.size()), tcp));
  est::Bytes whole = ip_header(from.address, to.address, tcp.size());
  est::append(whole, tcp);
  return whole;
}

}  // namespace

PacketFile::PacketFile(const std::string& title, std::int64_t started_s) : started_us_(std::max<std::int64_t>(0, started_s) * 1000000) {
  est::Bytes body;
  little(body, 0x1a2b3c4d, 4);
  little(body, 1, 2);
  little(body, 0, 2);
  little(body, ~std::uint64_t{0}, 8);
  option(body, 1, title);
  option(body, 4, std::string("estspec ") + ESTSPEC_VERSION);
  end_of_options(body);
  block(file_, 0x0a0d0d0a, body);
  est::Bytes interface;
  little(interface, 101, 2);  // LINKTYPE_RAW
  little(interface, 0, 2);
  little(interface, 0, 4);
  block(file_, 1, interface);
}

void PacketFile::secrets(std::string_view lines, const std::string& comment) {
  constexpr std::uint32_t secrets_block = 0x0000000a, tls_key_log = 0x544c534b;
  if (lines.empty()) return;
  est::Bytes body;
  little(body, tls_key_log, 4);
  little(body, lines.size(), 4);
  est::append(body, est::as_bytes(lines));
  pad(body);
  option(body, 1, comment);
  end_of_options(body);
  block(file_, secrets_block, body);
}

void PacketFile::at(std::int64_t microseconds) { now_us_ = std::max(now_us_, microseconds); }

void PacketFile::emit(const Flow& flow, bool from_client, std::uint8_t flags, est::BytesView octets, const std::string& comment) {
  const est::Bytes data = packet(flow, from_client, flags, octets);
  const auto time = static_cast<std::uint64_t>(started_us_ + now_us_);
  est::Bytes body;
  little(body, 0, 4);
  little(body, time >> 32U, 4);
  little(body, time & 0xffffffffU, 4);
  little(body, data.size(), 4);
  little(body, data.size(), 4);
  est::append(body, data);
  pad(body);
  if (!comment.empty()) {
    option(body, 1, comment);
    end_of_options(body);
  }
  block(file_, 6, body);
}

PacketFile::Flow PacketFile::open(const PacketEnd& client, const PacketEnd& server, const std::string& comment) {
  Flow flow{.client = client, .server = server};
  emit(flow, true, syn, {}, comment);
  flow.sent = 1;
  emit(flow, false, syn | ack, {}, {});
  flow.received = 1;
  emit(flow, true, ack, {}, {});
  return flow;
}

void PacketFile::octets(Flow& flow, bool from_client, est::BytesView data, std::string comment) {
  for (std::size_t at = 0; at < data.size(); at += segment_size) {
    const auto part = data.subspan(at, std::min(segment_size, data.size() - at));
    emit(flow, from_client, push | ack, part, std::exchange(comment, {}));
    (from_client ? flow.sent : flow.received) += static_cast<std::uint32_t>(part.size());
  }
}

void PacketFile::end(Flow& flow, bool by_client) {
  bool& ended = by_client ? flow.client_ended : flow.server_ended;
  if (std::exchange(ended, true)) return;
  emit(flow, by_client, fin | ack, {}, {});
  ++(by_client ? flow.sent : flow.received);
  emit(flow, !by_client, ack, {}, {});
}

}  // namespace conformance::report
