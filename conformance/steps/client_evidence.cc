#include "conformance/steps/client_evidence.h"

#include <algorithm>
#include <iterator>

#include "conformance/steps/recorder.h"
#include "est/base/text.h"
#include "est/codec/base64.h"

namespace conformance::steps {
namespace {

using engine::Exchange;

constexpr std::size_t most_printed = std::size_t{16} << 10U;

std::int64_t since(peer::Moment began, peer::Moment then) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(then - began).count());
}

// An event that happened earlier than now.
void past_event(Exchange& exchange, std::int64_t at_us, std::string_view layer, std::string_view what, std::string detail) {
  exchange.events.push_back({at_us, std::string(layer), std::string(what), std::move(detail)});
}

std::string tls_detail(const est::tls::Facts& facts) {
  return std::string(to_string(facts.version)) + " " + facts.suite + (facts.resumed ? ", resumed" : "") +
         (facts.peer_chain.empty() ? ", no client certificate" : ", with a client certificate");
}

std::string status_line(const est::Bytes& answer) {
  const std::string_view text = est::as_text(answer);
  return est::printable(text.substr(0, text.find('\r')), 100);
}

class Writer {
 public:
  Writer(const peer::SeenConnection& seen, const ProxyView& proxy, const Redactor& redactor, peer::Moment began)
      : seen_(seen), proxy_(proxy), redactor_(redactor), began_(began) {}

  std::vector<Exchange> all() {
    std::vector<Exchange> exchanges;
    if (seen_.requests.empty() && seen_.continued) return exchanges;
    if (seen_.requests.empty()) exchanges.push_back(connection());
    for (std::size_t i = 0; i < seen_.requests.size(); ++i) exchanges.push_back(request(seen_.requests[i], i));
    Exchange& last = exchanges.back();
    last.peer_close = std::string(to_string(seen_.close));
    for (const auto& alert : seen_.alerts)
      past_event(last, since(began_, seen_.began), "tls", alert.from_peer ? "alert-received" : "alert-sent", alert.name());
    return exchanges;
  }

 private:
  Exchange draft(std::string_view verb, bool first) {
    Exchange exchange;
    exchange.verb = std::string(verb);
    Recorder recorder(exchange, redactor_, began_);
    recorder.connection(seen_.number, first);
    recorder.fact("server", seen_.other ? "other" : "first");
    if (proxy_.in_use) recorder.fact("came", came_through() ? "through-proxy" : "straight");
    if (seen_.tls) recorder.tls(*seen_.tls);
    if (seen_.tls && !seen_.tls->server_name.empty()) recorder.fact("sni", seen_.tls->server_name);
    if (!first) return exchange;
    if (!seen_.beginning.empty()) recorder.artefact("client-hello", seen_.beginning);
    const auto at = since(began_, seen_.began);
    past_event(exchange, at, "tcp", "accepted", std::string("from the client") + (seen_.other ? ", at the other server" : ""));
    if (seen_.tls) past_event(exchange, at, "tls", "handshake-complete", tls_detail(*seen_.tls));
    return exchange;
  }

  [[nodiscard]] bool came_through() const {
    return std::any_of(proxy_.seen.begin(), proxy_.seen.end(),
                       [&](const peer::SeenAtProxy& one) { return !one.leaves_from.empty() && one.leaves_from == seen_.peer; });
  }

  Exchange connection() {
    Exchange exchange = draft("connection", true);
    Recorder recorder(exchange, redactor_, began_);
    if (seen_.failure) recorder.failure(*seen_.failure);
    if (!seen_.failure) recorder.event("http", "no-request", seen_.over ? "the client closed without a request" : "no request so far");
    return exchange;
  }

  Exchange request(const peer::SeenRequest& seen, std::size_t index) {
    Exchange exchange = draft("request", index == 0 && !seen_.continued);
    Recorder recorder(exchange, redactor_, began_);
    recorder.request(seen.method, seen.target, seen.request);
    recorder.response(est::BytesView(seen.answer).first(std::min(seen.answer.size(), most_kept)), seen.operation == "serverkeygen");
    recorder.fact("operation", seen.operation);
    recorder.fact("turn", std::to_string(seen.turn));
    recorder.fact("let-in", seen.let_in ? "true" : "false");
    if (has_password_of_proxy(seen.request)) recorder.fact("password", "of-the-proxy");
    const auto asked = since(began_, seen.began);
    const auto answered = seen.ended_it ? since(began_, seen.ended) : asked;
    recorder.fact("asked-us", std::to_string(asked));
    recorder.fact("answered-us", std::to_string(answered));
    past_event(exchange, asked, "http", "request-received", exchange.method + " " + exchange.target);
    if (seen.ended_it) past_event(exchange, answered, "http", "response-sent", status_line(seen.answer));
    exchange.duration_us = std::max<std::int64_t>(0, answered - asked);
    return exchange;
  }

  // In clear or as Basic has it.
  [[nodiscard]] bool has_password_of_proxy(const est::Bytes& request) const {
    if (!proxy_.in_use) return false;
    const std::string_view text = est::as_text(request);
    const std::string basic = est::codec::encode_base64(est::as_bytes(proxy_.credentials.user + ":" + proxy_.credentials.password));
    return text.find(proxy_.credentials.password) != std::string_view::npos || text.find(basic) != std::string_view::npos;
  }

  const peer::SeenConnection& seen_;
  const ProxyView& proxy_;
  const Redactor& redactor_;
  peer::Moment began_;
};

Exchange asked_of_proxy(const peer::SeenAtProxy& seen, const Redactor& redactor, peer::Moment began) {
  Exchange exchange;
  exchange.verb = "request";
  Recorder recorder(exchange, redactor, began);
  recorder.request(seen.method, seen.target, seen.request);
  recorder.response(seen.answer, false);
  recorder.fact("server", "proxy");
  recorder.fact("operation", "connect");
  recorder.fact("password", seen.password == "none" ? "none" : "of-the-" + std::string(seen.password == "own" ? "proxy" : seen.password));
  const auto asked = since(began, seen.began);
  const auto answered = since(began, seen.ended);
  past_event(exchange, asked, "http", "request-received", "at the proxy: " + est::printable(seen.method + " " + seen.target, 200));
  past_event(exchange, answered, "http", "response-sent", status_line(seen.answer));
  exchange.duration_us = answered - asked;
  return exchange;
}

// For people only. A private key a client prints is nobody's business.
est::Bytes printed(const std::string& text) {
  constexpr std::string_view key = "PRIVATE KEY-----";
  std::string kept = text.substr(0, most_printed);
  if (const auto at = kept.find(key); at != std::string::npos) std::fill(kept.begin() + static_cast<std::ptrdiff_t>(at), kept.end(), '*');
  return est::to_bytes(kept);
}

}  // namespace

std::vector<Exchange> peer_exchanges(const std::vector<peer::SeenConnection>& seen, const ProxyView& proxy, const Redactor& redactor,
                                     peer::Moment scenario_began) {
  std::vector<Exchange> all;
  for (const auto& one : proxy.seen) all.push_back(asked_of_proxy(one, redactor, scenario_began));
  for (const auto& connection : seen) {
    auto some = Writer(connection, proxy, redactor, scenario_began).all();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  std::stable_sort(all.begin(), all.end(), [](const Exchange& a, const Exchange& b) {
    return (a.events.empty() ? 0 : a.events.front().at_us) < (b.events.empty() ? 0 : b.events.front().at_us);
  });
  if (all.size() > most_peer_exchanges) all.resize(most_peer_exchanges);
  return all;
}

void note_end(const ClientEnd& end, const Redactor& redactor, Exchange& exchange) {
  Recorder recorder(exchange, redactor, std::chrono::steady_clock::now());
  static const std::vector<std::string> words{"exited", "signalled", "timed-out", "cannot"};
  const std::string& word = words.at(static_cast<std::size_t>(end.kind));
  recorder.fact("ended", word);
  if (end.kind == ClientEnd::Kind::exited || end.kind == ClientEnd::Kind::cannot) recorder.fact("exit-status", std::to_string(end.code));
  if (end.kind == ClientEnd::Kind::signalled) recorder.fact("signal", std::to_string(end.code));
  if (end.left_behind > 0) recorder.fact("left-behind", std::to_string(end.left_behind));
  if (end.cut) recorder.fact("output", "more was printed than is kept");
  if (!end.output.empty()) recorder.wire_artefact("stdout", printed(end.output));
  if (!end.errors.empty()) recorder.wire_artefact("stderr", printed(end.errors));
  const bool has_code = end.kind == ClientEnd::Kind::exited || end.kind == ClientEnd::Kind::signalled;
  recorder.event("suite", "client-ended", word + (has_code ? " " + std::to_string(end.code) : ""));
}

}  // namespace conformance::steps
