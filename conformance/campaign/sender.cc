#include "conformance/campaign/sender.h"

#include <algorithm>

#include "conformance/steps/issuance.h"
#include "conformance/steps/stream.h"
#include "est/codec/pkcs10.h"
#include "est/http/parser.h"
#include "est/tls/common_name.h"

namespace conformance::campaign {

using est::Deadline;
using est::Milliseconds;
using est::net::Cause;
using est::net::ClientConnection;
using est::net::Failure;

namespace {

constexpr est::net::ClientDeadlines deadlines{Milliseconds(3000), Milliseconds(5000)};
constexpr Milliseconds more_answers{3};  // for answers that nobody asked for
constexpr est::http::ParserLimits generous{std::size_t{1} << 20U, std::size_t{4} << 20U, 100000, std::size_t{8} << 20U};

std::string end_of(const Failure& failure) {
  switch (failure.cause) {
    case Cause::timeout:
      return "timeout";
    case Cause::reset:
      return "reset";
    case Cause::alert:
      return "alert" + (failure.alert ? " " + failure.alert->name() : std::string());
    case Cause::refused:
    case Cause::unreachable:
      return "unreachable";
    default:
      return "closed";
  }
}

// Final answers, one after another.
std::vector<int> statuses_in(est::BytesView raw, const std::string& method) {
  std::vector<int> statuses;
  while (!raw.empty()) {
    est::http::ResponseParser parser(method);
    raw = raw.subspan(parser.feed(raw));
    if (parser.state() == est::http::ResponseParser::State::need_more) parser.end_of_input();
    if (parser.observed().message.status == 0) break;
    statuses.push_back(parser.observed().message.status);
    if (parser.state() != est::http::ResponseParser::State::complete) break;
  }
  return statuses;
}

std::vector<est::Bytes> certificates_in(const Message& message, const est::Bytes& raw) {
  engine::Exchange exchange;
  exchange.method = message.method;
  exchange.response = raw;
  const auto request = est::codec::decode_certification_request(message.request);
  if (request.value) exchange.artefacts["spki"] = request.value->key.der;
  return steps::certificates_issued(exchange);
}

bool may_issue(const Message& message) { return message.method != "GET" || !message.body.empty(); }

}  // namespace

OwnView view_of(est::BytesView octets) {
  OwnView view;
  while (true) {
    est::http::RequestParser parser(generous);
    octets = octets.subspan(parser.feed(octets));
    if (parser.state() == est::http::RequestParser::State::refused) {
      view.refused = true;
      view.finding = "refused " + std::to_string(parser.refusal().status);
      return view;
    }
    if (parser.state() != est::http::RequestParser::State::complete) {
      view.unfinished = parser.started();
      view.finding = view.unfinished ? "unfinished" : "sound";
      return view;
    }
    ++view.messages;
  }
}

std::string Reply::response_class() const {
  if (statuses.empty()) return end;
  return std::to_string(statuses.back()) + (certificates.empty() ? "" : " with certificate");
}

Sender::Sender(const target::Profile& profile) : profile_(profile), credentials_(profile.password), run_(profile.limits) {}

void Sender::close() {
  if (line_) {
    if (auto session = line_->session()) session_ = std::move(session);
  }
  line_.reset();
  pending_.clear();
}

bool Sender::connect(const Message& message, Reply& reply) {
  if (message.connection == "keep" && line_ && !line_->readable_now()) return true;
  close();
  auto& context = contexts_.at(message.certificate ? 1 : 0);
  if (!context) {
    est::tls::ClientProfile tls;
    tls.anchors = profile_.trust_anchors;
    tls.expected_name = profile_.url.endpoint.host;
    if (message.certificate) tls.identity = profile_.identities.at("client");
    auto made = est::tls::ClientContext::make(tls);
    if (!made) {
      reply.detail = made.error().message;
      return false;
    }
    context = *std::move(made);
    est::tls::accept_common_name(*context);
  }
  SSL_SESSION* resume = message.connection == "resume" ? session_.get() : nullptr;
  auto opened = ClientConnection::open(profile_.url.endpoint, *context, deadlines, resume);
  if (const auto* failure = std::get_if<Failure>(&opened)) {
    reply.end = failure->stage == est::net::Stage::handshake ? "no-handshake" : "unreachable";
    reply.detail = failure->message;
    return false;
  }
  line_.emplace(std::get<ClientConnection>(std::move(opened)));
  return true;
}

Sent Sender::send(const Case& one, const Patience& patience) {
  Sent sent;
  sent.replies.resize(one.messages.size());
  for (std::size_t i = 0; i < one.messages.size(); ++i) {
    const Message& message = one.messages[i];
    const bool counted = may_issue(message);
    if (counted && !run_.budget().take(1)) {
      sent.spent = true;
      break;
    }
    run_.wait_for_turn();
    Reply& reply = sent.replies[i];
    if (connect(message, reply)) transmit(message, one.seed + one.index, patience, reply, false);
    reply.certificates = certificates_in(message, reply.raw);
    issued_ += reply.certificates.size();
    if (counted && reply.certificates.empty() && reply.end != "not-awaited") run_.budget().give_back(1);
  }
  close();
  return sent;
}

void Sender::transmit(const Message& message, std::uint64_t salt, const Patience& patience, Reply& reply, bool again) {
  const std::string authorization = credentials_.value(message.authorization, message.method, message.target, salt);
  const est::Bytes octets = octets_of(message, authorization);
  reply.view = view_of(octets);
  steps::StreamOf stream(*line_);
  const auto began = std::chrono::steady_clock::now();
  const steps::Pieces pieces{Milliseconds(message.pieces > 1 ? 1 : 0), message.pieces};
  const auto failure = steps::write_in_pieces(stream, octets, pieces, Deadline::after(patience.answer));
  if (message.finish == "go-on") {
    pending_.push_back(message.method);
    reply.end = "not-awaited";
    return;
  }
  if (message.finish == "reset") {
    line_->close(true);
    line_.reset();
    reply.end = "not-awaited";
    return;
  }
  if (message.finish == "cut") line_->end_output(est::net::OutputEnd::cut_record);
  // Whoever has sent half a message and waits, waits for the patience of the other side.
  if (message.finish == "end" || (message.finish == "await" && reply.view.unfinished)) line_->end_output();
  await(message, patience, reply);
  reply.took = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began);
  if (failure && reply.statuses.empty()) reply.detail = failure->message;
  const auto answer = est::http::parse_response(reply.raw, message.method, true).message;
  if (answer.status != 401) return;
  credentials_.challenged(answer.fields.all("WWW-Authenticate"));
  if (again || message.authorization != "right") return;
  Message once_more = message;
  if (!line_ || line_->readable_now()) once_more.connection = "fresh";
  if (once_more.connection != "fresh") once_more.connection = "keep";
  reply = {};
  if (connect(once_more, reply)) transmit(once_more, salt, patience, reply, true);
}

void Sender::await(const Message& message, const Patience& patience, Reply& reply) {
  steps::StreamOf stream(*line_);
  const std::size_t expected = pending_.size() + std::max<std::size_t>(reply.view.messages, 1);
  steps::AnswerReader reader(stream, message.method, expected);
  const bool whole = !reply.view.unfinished && message.withheld == 0;
  const auto stop = reader.read(Deadline::after(whole ? patience.answer : patience.unfinished));
  if (stop == steps::AnswerReader::Stop::complete && reader.keep_alive() && reply.view.messages != 1)
    reader.drain(Deadline::after(more_answers));
  reply.raw = reader.raw();
  reply.statuses = statuses_in(reply.raw, message.method);
  reply.end = reader.complete() || !reply.statuses.empty() ? "answered" : "closed";
  if (const auto failure = reader.failure(); failure && reply.statuses.empty()) {
    reply.end = end_of(*failure);
    reply.detail = failure->message;
  }
  // What came first answers what was sent first.
  pending_.clear();
  if (!reader.keep_alive()) close();
}

}  // namespace conformance::campaign
