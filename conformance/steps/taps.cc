#include "conformance/steps/taps.h"

#include <algorithm>
#include <set>

#include "conformance/steps/key_mask.h"
#include "est/base/text.h"

namespace conformance::steps {
namespace {

using engine::CapturedConnection;
using est::net::Tapped;
using est::net::TappedSide;
using Reasons = std::set<std::string>;

// What is left in the socket is no more than an alert (close_notify).
constexpr std::size_t an_alert = 64;

// What the client and the server said, whichever of them is the suite.
struct Sides {
  const TappedSide& client;
  const TappedSide& server;
};

Sides sides_of(const Tapped& tapped, TapRole role) {
  return role == TapRole::client ? Sides{tapped.sent, tapped.received} : Sides{tapped.received, tapped.sent};
}

bool is_redacted(const est::Bytes& octets, const Redactor& redactor) {
  est::Bytes copy = octets;
  redactor.overwrite(copy);
  return copy != octets;
}

// Wider than what is overwritten in evidence: a successful answer to whoever may have asked for a key, in whatever spelling.
bool may_hold_key(const Sides& sides) {
  const std::string asked = est::ascii_lower(est::as_text(sides.client.content));
  const bool may_ask = asked.find("keygen") != std::string::npos || asked.find('%') != std::string::npos;
  const std::string_view answer = est::as_text(sides.server.content);
  return looks_like_key(answer) || (may_ask && answer.find(" 200") != std::string_view::npos);
}

Reasons common_reasons(const TappedSide& side, const Redactor& redactor) {
  Reasons reasons;
  if (is_redacted(side.content, redactor)) reasons.insert("it holds a password or another secret of the profile");
  if (side.content_cut) reasons.insert("there was more of it than was searched for secrets");
  return reasons;
}

Reasons against_client(const Tapped& tapped, TapRole role, const Redactor& redactor) {
  Reasons reasons = common_reasons(sides_of(tapped, role).client, redactor);
  if (role == TapRole::server && tapped.unread > an_alert) reasons.insert("the end of it was not read");
  return reasons;
}

Reasons against_server(const Tapped& tapped, TapRole role, const Redactor& redactor) {
  const Sides sides = sides_of(tapped, role);
  Reasons reasons = common_reasons(sides.server, redactor);
  if (may_hold_key(sides)) reasons.insert("it may hold a private key");
  const bool asked_for_key = est::ascii_lower(est::as_text(sides.client.content)).find("keygen") != std::string::npos;
  if (role == TapRole::client && asked_for_key && tapped.unread > an_alert)
    reasons.insert("the end of it was not read, and might be a private key");
  return reasons;
}

// One connection with what stands against telling its secrets.
struct Judged {
  std::string name;
  Tapped tapped;
  Reasons client, server;
  [[nodiscard]] bool withholds() const { return !client.empty() || !server.empty(); }
};

std::vector<std::string> key_lines(const Tapped& tapped) {
  std::vector<std::string> lines;
  for (const auto line : est::split(tapped.keys, '\n'))
    if (!line.empty()) lines.emplace_back(line);
  return lines;
}

std::string label_of_line(const std::string& line) { return line.substr(0, line.find(' ')); }
std::string secret_of_line(const std::string& line) { return line.substr(line.rfind(' ') + 1); }

constexpr std::string_view master = "CLIENT_RANDOM";

// Master secrets of connections that withhold something: sessions resumed from theirs have the same.
std::set<std::string> tainted_masters(const std::vector<Judged>& all) {
  std::set<std::string> secrets;
  for (const Judged& one : all) {
    if (!one.withholds()) continue;
    for (const auto& line : key_lines(one.tapped))
      if (label_of_line(line) == master) secrets.insert(secret_of_line(line));
  }
  return secrets;
}

class CaptureWriter {
 public:
  CaptureWriter(const Judged& judged, TapRole role, const Redactor& redactor, std::chrono::steady_clock::time_point began)
      : judged_(judged), role_(role), redactor_(redactor), began_(began) {}

  CapturedConnection write(const std::set<std::string>& tainted, bool complete) {
    const bool is_client = role_ == TapRole::client;
    out_.name = judged_.name;
    out_.client = is_client ? judged_.tapped.own : judged_.tapped.peer;
    out_.server = is_client ? judged_.tapped.peer : judged_.tapped.own;
    add_pieces();
    for (const auto& line : key_lines(judged_.tapped)) add_secret(line, tainted, complete);
    return std::move(out_);
  }

 private:
  void add_pieces() {
    est::Bytes sent = judged_.tapped.sent.octets;
    est::Bytes received = judged_.tapped.received.octets;
    redactor_.overwrite(sent);  // of what stands in the clear in a handshake
    redactor_.overwrite(received);
    std::size_t sent_at = 0;
    std::size_t received_at = 0;
    for (const auto& piece : judged_.tapped.pieces) {
      std::size_t& at = piece.sent ? sent_at : received_at;
      const auto part = est::BytesView(piece.sent ? sent : received).subspan(at, piece.count);
      at += piece.count;
      const auto since = std::chrono::duration_cast<std::chrono::microseconds>(piece.at - began_).count();
      out_.pieces.push_back({since, piece.sent == (role_ == TapRole::client), est::to_bytes(part)});
    }
    remark_cut(judged_.tapped.sent, "sent");
    remark_cut(judged_.tapped.received, "received");
  }

  void remark_cut(const TappedSide& side, const std::string& what) {
    if (side.cut)
      out_.remarks.push_back("of what was " + what + " only the first " + std::to_string(est::net::Tap::most) + " octets are kept");
  }

  void add_secret(const std::string& line, const std::set<std::string>& tainted, bool complete) {
    const std::string label = label_of_line(line);
    if (label == "CLIENT_HANDSHAKE_TRAFFIC_SECRET" || label == "SERVER_HANDSHAKE_TRAFFIC_SECRET") return tell(line, {});
    if (label == "CLIENT_TRAFFIC_SECRET_0") return tell(line, judged_.client);
    if (label == "SERVER_TRAFFIC_SECRET_0") return tell(line, judged_.server);
    if (label != master) return;
    Reasons reasons = judged_.client;
    reasons.insert(judged_.server.begin(), judged_.server.end());
    if (reasons.empty() && tainted.contains(secret_of_line(line)))
      reasons.insert("another connection resumed this session and holds a secret");
    if (reasons.empty() && !complete) reasons.insert("more connections were made than are captured, and may have resumed this session");
    tell(line, reasons);
  }

  void tell(const std::string& line, const Reasons& against) {
    if (against.empty()) {
      out_.secrets += line + "\n";
      return;
    }
    const std::string label = label_of_line(line);
    const std::string what = label == "CLIENT_TRAFFIC_SECRET_0"   ? "what the client said"
                             : label == "SERVER_TRAFFIC_SECRET_0" ? "what the server said"
                                                                  : "both directions";
    const std::string remark = label + ", for " + what + ", is withheld: " + est::join({against.begin(), against.end()}, "; ");
    if (std::find(out_.remarks.begin(), out_.remarks.end(), remark) == out_.remarks.end()) out_.remarks.push_back(remark);
  }

  const Judged& judged_;
  TapRole role_;
  const Redactor& redactor_;
  std::chrono::steady_clock::time_point began_;
  CapturedConnection out_;
};

}  // namespace

std::shared_ptr<est::net::Tap> Taps::make(std::string name) {
  if (!wanted_) return nullptr;
  if (taps_.size() >= most_taps) {
    complete_ = false;
    return nullptr;
  }
  auto tap = std::make_shared<est::net::Tap>();
  taps_.push_back({std::move(name), tap});
  return tap;
}

void Taps::keep(std::string name, std::shared_ptr<est::net::Tap> tap) {
  if (tap && taps_.size() < most_taps)
    taps_.push_back({std::move(name), std::move(tap)});
  else if (tap)
    complete_ = false;
}

std::vector<CapturedConnection> Taps::captured(TapRole role, const Redactor& redactor,
                                               std::chrono::steady_clock::time_point scenario_began) const {
  std::vector<Judged> all;
  for (const Named& named : taps_) {
    Tapped tapped = named.tap->tapped();
    if (tapped.sent.octets.empty() && tapped.received.octets.empty()) continue;
    Reasons client = against_client(tapped, role, redactor);
    Reasons server = against_server(tapped, role, redactor);
    all.push_back({named.name, std::move(tapped), std::move(client), std::move(server)});
  }
  const auto tainted = tainted_masters(all);
  std::vector<CapturedConnection> result;
  for (const Judged& one : all) result.push_back(CaptureWriter(one, role, redactor, scenario_began).write(tainted, complete_));
  return result;
}

}  // namespace conformance::steps
