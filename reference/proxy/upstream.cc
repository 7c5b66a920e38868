#include "proxy/upstream.h"

#include <utility>

#include "est/base/text.h"
#include "est/base/timers.h"
#include "est/ops/message.h"
#include "server/trust.h"

namespace proxy {
namespace {

using client::Outcome;
using client::Problem;
using client::ProblemKind;
using est::Bytes;
using est::Result;
using est::Status;
using est::http::Response;
using est::ops::Operation;

Status add_credentials(const UpstreamConfig& config, client::SessionOptions& options) {
  if (!config.certificate.empty()) {
    Result<est::tls::Identity> identity = est::tls::load_identity(config.certificate, config.key);
    if (!identity) return identity.error();
    options.identity = *std::move(identity);
  }
  if (config.password_file.empty()) return {};
  Result<std::string> password = server::password_from_file(config.password_file);
  if (!password) return password.error();
  options.credentials = [known = est::http::Credentials{config.user, *std::move(password)}](
                            const client::Challenged&) -> Result<std::optional<est::http::Credentials>> { return std::optional(known); };
  return {};
}

UpstreamFailure failure_of(const Problem& problem) {
  const std::string cause = std::string(client::to_string(problem.kind)) + ": " + problem.reason;
  if (problem.kind != ProblemKind::transport) return no_good_answer(cause);
  return {504, "The server behind this registration authority does not answer; repeat the request later.", cause};
}

bool may_be_given_on(const Response& response, Operation operation) {
  const int status = response.status;
  if (status == 200 || status == 202 || status == 204 || status == 501 || status == 503) return true;
  if (status >= 400 && status < 500) return status != 407;
  const std::string type = response.fields.get("Content-Type").value_or("");
  return status >= 500 && operation == Operation::fullcmc && est::iequals(type.substr(0, type.find(';')), "application/pkcs7-mime");
}

client::Ask ask_of(const Question& question) {
  client::Ask ask{est::ops::method_of(question.operation), est::ops::path_of(question.operation, question.label)};
  if (ask.method != "POST") return ask;
  ask.media_type = est::ops::request_media_type(question.operation);
  ask.body = [&question](const est::tls::Facts&) -> Outcome<Bytes> {
    return est::ops::enroll_request(question.operation, question.label, {}, question.der).body;
  };
  return ask;
}

}  // namespace

UpstreamFailure no_good_answer(std::string cause) {
  return {502, "The server behind this registration authority cannot be used just now; repeat the request later.", std::move(cause)};
}

UpstreamFailure too_busy() {
  return {503, "This registration authority has too many requests under way; repeat this one later.",
          "no connection to the upstream is free"};
}

Result<Upstream::Known> Upstream::read() const {
  Known known;
  known.options.connect_within = config_.connect;
  known.options.handshake_within = config_.handshake;
  known.options.answer_within = config_.answer;
  known.options.transfer_encoding = config_.content_transfer_encoding;
  known.options.user_agent = "est-proxy/" ESTSPEC_VERSION;
  client::Trust trust;
  if (Status added = server::add_anchors(config_.anchors, trust.explicit_anchors); !added) return added.error();
  if (Status added = server::add_anchors(config_.implicit_anchors, trust.implicit_anchors); !added) return added.error();
  if (Status added = add_credentials(config_, known.options); !added) return added.error();
  if (adjust_) adjust_(known.options);
  known.trust = std::make_shared<const client::Trust>(std::move(trust));
  return known;
}

Result<std::unique_ptr<Upstream>> Upstream::make(const UpstreamConfig& config, const Adjust& adjust) {
  std::unique_ptr<Upstream> made(new Upstream(config));
  made->adjust_ = adjust;
  if (Status read = made->reload(); !read) return read.error();
  return made;
}

Status Upstream::reload() {
  Result<Known> known = read();
  if (!known) return known.error();
  std::vector<Line> old;  // closed without the lock
  const std::lock_guard lock(mutex_);
  known_ = std::make_shared<const Known>(*std::move(known));
  old.swap(idle_);
  return {};
}

std::optional<est::tls::Identity> Upstream::identity() const {
  const std::lock_guard lock(mutex_);
  return known_->options.identity;
}

std::shared_ptr<void> Upstream::room_for(Operation operation) {
  const unsigned all = config_.connections + config_.waiting;
  const unsigned most = est::ops::method_of(operation) == "GET" ? (all + 1) / 2 : all;
  if (++rooms_ <= most) return {this, [](void* upstream) { --static_cast<Upstream*>(upstream)->rooms_; }};
  --rooms_;
  return nullptr;
}

// No session when none becomes free in time.
Upstream::Line Upstream::take(est::Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto there_is_one = [this] { return lent_ < config_.connections; };
  if (deadline.passed() || !free_.wait_until(lock, deadline.at(), there_is_one)) return {};
  ++lent_;
  if (idle_.empty()) return {known_, std::make_unique<client::Session>(config_.at, known_->options, known_->trust)};
  Line line = std::move(idle_.back());
  idle_.pop_back();
  return line;
}

void Upstream::give_back(Line line) {
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (line.known == known_) idle_.push_back(std::move(line));
  }
  free_.notify_one();
}

std::variant<Response, UpstreamFailure> Upstream::ask(const Question& question) {
  est::Stopwatch asking(timers_, est::TimedPhase::upstream);
  Line line = take(question.connected_by);
  if (!line.session) return too_busy();
  client::Ask ask = ask_of(question);
  ask.until = est::Deadline::after(config_.connect + config_.handshake + config_.answer);
  Outcome<client::Answer> answer = line.session->ask(ask);
  // What failed may have left octets of one request's answer on the connection: the next request gets another.
  if (!answer) line.session->close();
  give_back(std::move(line));
  asking.stop();
  if (!answer) return failure_of(answer.problem());
  const int status = answer->response.status;
  if (status == 401) return no_good_answer("it does not take our credentials");
  if (!may_be_given_on(answer->response, question.operation)) return no_good_answer("status " + std::to_string(status));
  return std::move(answer->response);
}

}  // namespace proxy
