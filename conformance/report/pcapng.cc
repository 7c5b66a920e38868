#include "conformance/report/pcapng.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "conformance/report/script.h"
#include "est/base/text.h"

namespace conformance::report {
namespace {

using engine::Exchange;

constexpr std::size_t segment_size = 1400;
constexpr std::uint8_t fin = 1, syn = 2, push = 8, ack = 16;
constexpr std::uint16_t http_port = 80;

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

// One made-up connection: the suite 127.0.0.1, the target 127.0.0.2; the other way round where the target is the client.
struct Flow {
  std::uint16_t port = 0;
  std::uint32_t sent = 1, received = 1;  // next sequence numbers
  bool closed = false;
};

constexpr std::uint32_t client_address = 0x7f000001, server_address = 0x7f000002;

est::Bytes packet(const Flow& flow, bool from_client, std::uint8_t flags, est::BytesView octets) {
  est::Bytes tcp;
  big(tcp, from_client ? flow.port : http_port, 2);
  big(tcp, from_client ? http_port : flow.port, 2);
  big(tcp, from_client ? flow.sent : flow.received, 4);
  big(tcp, (flags & ack) == 0 ? 0 : (from_client ? flow.received : flow.sent), 4);
  big(tcp, 0x5000U | flags, 2);
  big(tcp, 65535, 2);
  big(tcp, 0, 4);
  est::append(tcp, octets);
  const std::uint32_t sum = 2 * 0x7f00U + 1 + 2 + 6 + static_cast<std::uint32_t>(tcp.size());
  const std::uint16_t tcp_sum = checksum(sum, tcp);
  tcp[16] = static_cast<est::Byte>(tcp_sum >> 8U);
  tcp[17] = static_cast<est::Byte>(tcp_sum);
  est::Bytes ip;
  big(ip, 0x4500, 2);
  big(ip, 20 + tcp.size(), 2);
  big(ip, 0x00004000, 4);  // do not fragment
  big(ip, 0x4006, 2);      // 64 hops, TCP
  big(ip, 0, 2);
  big(ip, from_client ? client_address : server_address, 4);
  big(ip, from_client ? server_address : client_address, 4);
  const std::uint16_t ip_sum = checksum(0, ip);
  ip[10] = static_cast<est::Byte>(ip_sum >> 8U);
  ip[11] = static_cast<est::Byte>(ip_sum);
  est::append(ip, tcp);
  return ip;
}

std::int64_t time_of(const Exchange& exchange, std::string_view what, std::int64_t otherwise) {
  const auto found = std::find_if(exchange.events.begin(), exchange.events.end(), [&](const auto& event) { return event.what == what; });
  return found == exchange.events.end() ? otherwise : found->at_us;
}

class Capture {
 public:
  explicit Capture(const engine::Evidence& evidence) : evidence_(evidence) {}

  est::Bytes write() {
    section();
    for (const auto& exchange : evidence_.exchanges) add(exchange);
    for (auto& [number, flow] : flows_)
      if (!flow.closed) close(flow, true);
    return std::move(file_);
  }

 private:
  void section() {
    est::Bytes body;
    little(body, 0x1a2b3c4d, 4);
    little(body, 1, 2);
    little(body, 0, 2);
    little(body, ~std::uint64_t{0}, 8);
    option(body, 1,
           evidence_.scenario + ": HTTP as it was inside TLS; TCP connections and addresses are made up, secrets are overwritten by '*'");
    option(body, 4, std::string("estspec ") + ESTSPEC_VERSION);
    end_of_options(body);
    block(file_, 0x0a0d0d0a, body);
    est::Bytes interface;
    little(interface, 101, 2);  // LINKTYPE_RAW
    little(interface, 0, 2);
    little(interface, 0, 4);
    block(file_, 1, interface);
  }

  void emit(const Flow& flow, bool from_client, std::uint8_t flags, est::BytesView octets, const std::string& comment) {
    const est::Bytes data = packet(flow, from_client, flags, octets);
    const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(0, evidence_.started) * 1000000 + std::max<std::int64_t>(0, now_));
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

  // Number 0, and every copy of a control, stands for a connection of its own.
  Flow& flow_of(const Exchange& exchange, const std::string& comment) {
    const int number = exchange.connection > 0 ? exchange.connection : --unnumbered_;
    const auto [found, fresh] = flows_.try_emplace(number);
    if (!fresh) return found->second;
    found->second.port = next_port_++;
    Flow first = found->second;
    first.sent = first.received = 0;
    emit(first, true, syn, {}, comment);
    first.sent = 1;
    emit(first, false, syn | ack, {}, {});
    emit(found->second, true, ack, {}, {});
    return found->second;
  }

  void octets(Flow& flow, bool from_client, est::BytesView data, std::string comment) {
    for (std::size_t at = 0; at < data.size(); at += segment_size) {
      const auto part = data.subspan(at, std::min(segment_size, data.size() - at));
      emit(flow, from_client, push | ack, part, std::exchange(comment, {}));
      (from_client ? flow.sent : flow.received) += static_cast<std::uint32_t>(part.size());
    }
  }

  void close(Flow& flow, bool by_client) {
    emit(flow, by_client, fin | ack, {}, {});
    ++(by_client ? flow.sent : flow.received);
    emit(flow, !by_client, fin | ack, {}, {});
    ++(by_client ? flow.received : flow.sent);
    emit(flow, by_client, ack, {}, {});
    flow.closed = true;
  }

  void add(const Exchange& exchange) {
    const std::string comment =
        est::printable(fmt::format("{} ({}): {}{}", exchange.name, to_string(exchange.phase), to_script(exchange.verb, exchange.parameters),
                                   exchange.failure ? "; " + exchange.failure->stage + ": " + exchange.failure->message : ""),
                       2000);
    now_ = exchange.events.empty() ? now_ : exchange.events.front().at_us;
    Flow& flow = flow_of(exchange, comment);
    now_ = time_of(exchange, "request-sent", now_);
    octets(flow, true, exchange.request, comment);
    now_ = std::max(now_, time_of(exchange, "response-received", now_));
    octets(flow, false, exchange.response, {});
    const bool over = exchange.peer_close != "open" && !exchange.peer_close.empty();
    if (over && !flow.closed) close(flow, false);
  }

  const engine::Evidence& evidence_;
  est::Bytes file_;
  std::map<int, Flow> flows_;
  int unnumbered_ = 0;
  std::uint16_t next_port_ = 40001;
  std::int64_t now_ = 0;
};

}  // namespace

est::Bytes pcapng(const engine::Evidence& evidence) { return Capture(evidence).write(); }

}  // namespace conformance::report
