// One connection of a scripted server, from its first octet to its last.
#include <algorithm>
#include <array>

#include "conformance/peer/record.h"
#include "est/base/text.h"
#include "est/http/parser.h"
#include "est/ops/message.h"
#include "est/ops/operation.h"

namespace conformance::peer {
namespace {

using est::BytesView;
using est::Deadline;
using est::net::AcceptedConnection;

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view plain_answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nplain\n";

class Conversation {
 public:
  Conversation(AcceptedConnection& connection, SeenConnection& seen, Shared& shared)
      : connection_(connection), seen_(seen), shared_(shared), act_(shared.act()), parser_(limits()) {}

  // Whether the connection is to end with a reset.
  bool run() {
    shared_.stopper.pause(act_->script.tls.delay);
    if (!act_->script.tls.instead.empty()) return act_instead();
    auto failure = connection_.handshake(*act_->context, Deadline::after(shared_.options.handshake));
    if (!failure) facts_ = connection_.facts();
    has_tls_ = !failure;
    note([&](SeenConnection& seen) {
      seen.failure = std::move(failure);
      if (has_tls_) seen.tls = facts_;
      seen.beginning = connection_.beginning();
    });
    while (has_tls_ && !over_ && !shared_.stopper.stopped() && read_request()) answer_request();
    finish();
    return abrupt_;
  }

 private:
  static est::http::ParserLimits limits() {
    est::http::ParserLimits limits;
    limits.body = std::size_t{1} << 20U;
    return limits;
  }

  void note(const std::function<void(SeenConnection&)>& how) { shared_.record.change(seen_, how); }

  bool act_instead() {
    const std::string& instead = act_->script.tls.instead;
    note([](SeenConnection& seen) {
      seen.failure = est::net::Failure{est::net::Stage::handshake, est::net::Cause::closed, "the script speaks no TLS", {}};
      seen.over = true;
    });
    if (instead == "silence") shared_.stopper.pause(shared_.options.idle);
    if (instead == "plain-http") connection_.write_past_tls(est::as_bytes(plain_answer));
    return instead == "reset";
  }

  // False when none came.
  bool read_request() {
    raw_.clear();
    std::array<est::Byte, 16384> buffer{};
    const Deadline deadline = Deadline::after(shared_.options.idle);
    feed(std::exchange(pipelined_, {}));
    while (parser_.state() != est::http::RequestParser::State::complete && parser_.state() != est::http::RequestParser::State::refused) {
      if (parser_.wants_continue() && connection_.write(est::as_bytes(continue_line), deadline)) return keep_remains();
      const auto got = connection_.read(buffer, deadline);
      if (got.count == 0) return keep_remains();
      feed(est::to_bytes(BytesView(buffer).first(got.count)));
    }
    return true;
  }

  void feed(const est::Bytes& data) {
    if (data.empty()) return;
    if (raw_.empty()) began_ = std::chrono::steady_clock::now();
    const std::size_t taken = parser_.feed(data);
    est::append(raw_, BytesView(data).first(taken));
    pipelined_ = est::to_bytes(BytesView(data).subspan(taken));
  }

  // A request that never became one is evidence all the same.
  bool keep_remains() {
    if (raw_.empty()) return false;
    arrive("", 0, true);
    remember({});
    return false;
  }

  void answer_request() {
    act_ = shared_.act();
    if (parser_.state() == est::http::RequestParser::State::refused) {
      const auto refusal = parser_.refusal();
      Delivery delivery = plain_delivery(est::ops::text_response(refusal.status, refusal.reason), false);
      delivery.ending = Ending::close;
      return deliver(delivery, "", 0, true);
    }
    const bool keep = parser_.keep_alive();
    request_ = parser_.take();
    const std::string operation = operation_of(request_.target);
    ask_late(operation);
    if (act_->gate.guards(operation)) {
      if (auto challenges = act_->gate.refusal(request_, facts_)) return refuse(operation, *challenges, keep);
    }
    auto [wish, turn] = act_->next(operation);
    wish.fields = act_->gate.filled(std::move(wish.fields));
    Delivery delivery =
        delivery_of(wish, good(operation, wish), request_, shared_.places, act_->gate.filled(wish.challenges), est::system_clock().now());
    if (shared_.options.disturb) shared_.options.disturb(operation, delivery);
    if (!keep && delivery.ending == Ending::keep) delivery.ending = Ending::close;
    deliver(delivery, operation, turn, true);
  }

  [[nodiscard]] std::string operation_of(const std::string& target) const {
    const auto route = est::ops::parse_route(target);
    const auto* found = std::get_if<est::ops::Route>(&route);
    if (found == nullptr) return "other";
    const auto& labels = act_->script.labels;
    const bool known =
        found->label.empty() || found->label == "redirected" || std::find(labels.begin(), labels.end(), found->label) != labels.end();
    return known ? std::string(to_string(found->operation)) : "other";
  }

  est::http::Response good(const std::string& operation, const Answer& wish) {
    const auto known = est::ops::operation_by_name(operation);
    if (!known) return est::ops::text_response(404, "Nothing is served at this address.");
    auto response = act_->service.answer(*known, request_, facts_, wish);
    // The message is in the parts then, and so is what is said of it (RFC 7030 4.4.2).
    const bool in_parts = response.fields.get("Content-Type").value_or("").starts_with("multipart/");
    if (response.status != 200 || in_parts) return response;
    for (const auto& [name, value] : act_->script.fields) {
      const auto same = [&](const auto& own) { return est::iequals(own.first, name); };
      if (std::none_of(wish.fields.begin(), wish.fields.end(), same)) response.fields.add(name, value);
    }
    return response;
  }

  // RFC 5929 3.1: a request that made us ask was linked to the handshake before.
  void ask_late(const std::string& operation) {
    if (!act_->context->asks_late() || !act_->gate.guards(operation) || facts_.peer_certificate() != nullptr) return;
    const est::Bytes unique = facts_.tls_unique;
    if (!connection_.ask_for_certificate(*act_->context, Deadline::after(shared_.options.handshake))) return;
    facts_ = connection_.facts();
    facts_.tls_unique = unique;
    note([&](SeenConnection& seen) { seen.tls = facts_; });
  }

  void refuse(const std::string& operation, const std::vector<std::string>& challenges, bool keep) {
    auto response = challenges.empty() ? est::ops::text_response(403, "A client certificate is needed here.")
                                       : est::ops::text_response(401, "Authentication is needed here.");
    for (const auto& challenge : challenges) response.fields.add("WWW-Authenticate", challenge);
    Delivery delivery = plain_delivery(response, request_.method == "HEAD");
    if (!keep) delivery.ending = Ending::close;
    deliver(delivery, operation, 0, false);
  }

  void deliver(const Delivery& delivery, const std::string& operation, int turn, bool let_in) {
    arrive(operation, turn, let_in);
    shared_.stopper.pause(delivery.delay);
    const std::size_t sent = send(delivery);
    remember(est::to_bytes(BytesView(delivery.octets).first(sent)));
    over_ = over_ || delivery.ending != Ending::keep || ++served_ >= most_requests;
    abrupt_ = delivery.ending == Ending::reset;
    if (delivery.ending == Ending::cut) connection_.end_without_notice();
    if (delivery.ending == Ending::close) connection_.end_output();
  }

  // How much went out.
  std::size_t send(const Delivery& delivery) {
    const std::size_t step = delivery.pace.octets == 0 ? std::max<std::size_t>(delivery.octets.size(), 1) : delivery.pace.octets;
    std::size_t sent = 0;
    while (sent < delivery.octets.size() && !shared_.stopper.stopped()) {
      const BytesView piece = BytesView(delivery.octets).subspan(sent, std::min(step, delivery.octets.size() - sent));
      if (connection_.write(piece, Deadline::after(shared_.options.idle))) {
        over_ = true;
        break;
      }
      sent += piece.size();
      if (sent < delivery.octets.size()) shared_.stopper.pause(delivery.pace.pause);
    }
    return sent;
  }

  void arrive(const std::string& operation, int turn, bool let_in) {
    SeenRequest seen{began_, {}, raw_, {}, request_.method, request_.target, operation, turn, let_in};
    if (operation.empty()) seen.method = parser_.head().method, seen.target = parser_.head().target;
    note([&](SeenConnection& connection) { connection.requests.push_back(std::move(seen)); });
  }

  // What became of the request that arrived last.
  void remember(est::Bytes answer) {
    note([&](SeenConnection& connection) {
      if (connection.requests.empty()) return;  // taken as it was, unanswered
      SeenRequest& seen = connection.requests.back();
      seen.answer = std::move(answer);
      seen.ended = std::chrono::steady_clock::now();
      seen.ended_it = true;
      if (shared_.options.watch) shared_.options.watch(connection, seen);
    });
  }

  // Reads on for a moment, so that what the client still says (its close_notify, an alert) is seen.
  void finish() {
    std::array<est::Byte, 4096> scrap{};
    const Deadline deadline = Deadline::after(shared_.options.handshake);
    for (int rounds = 0; has_tls_ && !abrupt_ && rounds < 64 && !shared_.stopper.stopped(); ++rounds) {
      const auto got = connection_.read(scrap, deadline);
      if (got.count == 0) break;
    }
    note([&](SeenConnection& seen) {
      seen.alerts = connection_.alerts();
      seen.close = connection_.peer_close();
      seen.over = true;
      if (shared_.options.ended) shared_.options.ended(seen);
    });
  }

  AcceptedConnection& connection_;
  SeenConnection& seen_;
  Shared& shared_;
  std::shared_ptr<Act> act_;
  est::http::RequestParser parser_;
  est::tls::Facts facts_;
  est::Bytes raw_, pipelined_;
  est::http::Request request_;
  Moment began_;
  std::size_t served_ = 0;
  bool has_tls_ = false;
  bool over_ = false;
  bool abrupt_ = false;
};

}  // namespace

bool converse(AcceptedConnection& connection, SeenConnection& seen, Shared& shared) { return Conversation(connection, seen, shared).run(); }

}  // namespace conformance::peer
