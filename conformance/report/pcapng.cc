#include "conformance/report/pcapng.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "conformance/report/packets.h"
#include "conformance/report/script.h"
#include "est/base/text.h"

namespace conformance::report {
namespace {

using engine::Exchange;

// The suite is 127.0.0.1 and the target 127.0.0.2; the other way round where the target is the client.
constexpr std::uint32_t client_address = 0x7f000001, server_address = 0x7f000002;
constexpr std::uint16_t http_port = 80;

std::int64_t time_of(const Exchange& exchange, std::string_view what, std::int64_t otherwise) {
  const auto found = std::find_if(exchange.events.begin(), exchange.events.end(), [&](const auto& event) { return event.what == what; });
  return found == exchange.events.end() ? otherwise : found->at_us;
}

class Capture {
 public:
  explicit Capture(const engine::Evidence& evidence)
      : file_(evidence.scenario + ": HTTP as it was inside TLS; TCP connections and addresses are made up, secrets are overwritten by '*'",
              evidence.started) {
    for (const auto& exchange : evidence.exchanges) add(exchange);
    for (auto& [number, flow] : flows_) close(flow, true);
  }

  est::Bytes take() { return file_.take(); }

 private:
  // Number 0, and every copy of a control, stands for a connection of its own.
  PacketFile::Flow& flow_of(const Exchange& exchange, const std::string& comment) {
    const int number = exchange.connection > 0 ? exchange.connection : --unnumbered_;
    const auto [found, fresh] = flows_.try_emplace(number);
    if (fresh) found->second = file_.open({client_address, next_port_++}, {server_address, http_port}, comment);
    return found->second;
  }

  void close(PacketFile::Flow& flow, bool by_client) {
    file_.end(flow, by_client);
    file_.end(flow, !by_client);
  }

  void add(const Exchange& exchange) {
    const std::string comment =
        est::printable(fmt::format("{} ({}): {}{}", exchange.name, to_string(exchange.phase), to_script(exchange.verb, exchange.parameters),
                                   exchange.failure ? "; " + exchange.failure->stage + ": " + exchange.failure->message : ""),
                       2000);
    now_ = exchange.events.empty() ? now_ : exchange.events.front().at_us;
    file_.at(now_);
    PacketFile::Flow& flow = flow_of(exchange, comment);
    now_ = time_of(exchange, "request-sent", now_);
    file_.at(now_);
    file_.octets(flow, true, exchange.request, comment);
    now_ = std::max(now_, time_of(exchange, "response-received", now_));
    file_.at(now_);
    file_.octets(flow, false, exchange.response);
    if (exchange.peer_close != "open" && !exchange.peer_close.empty()) close(flow, false);
  }

  PacketFile file_;
  std::map<int, PacketFile::Flow> flows_;
  int unnumbered_ = 0;
  std::uint16_t next_port_ = 40001;
  std::int64_t now_ = 0;
};

}  // namespace

est::Bytes pcapng(const engine::Evidence& evidence) { return Capture(evidence).take(); }

}  // namespace conformance::report
