#include "proxy/upstream.h"

#include <utility>

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

constexpr est::Milliseconds for_a_connection{5000};

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

bool may_be_given_on(int status) {
  if (status == 200 || status == 202 || status == 204 || status == 503) return true;
  return status >= 400 && status < 500 && status != 407;
}

}  // namespace

UpstreamFailure no_good_answer(std::string cause) {
  return {502, "The server behind this registration authority cannot be used just now; repeat the request later.", std::move(cause)};
}

Upstream::Upstream(const UpstreamConfig& config) : config_(config) {
  options_.connect_within = config.connect;
  options_.handshake_within = config.handshake;
  options_.answer_within = config.answer;
  options_.user_agent = "est-proxy/" ESTSPEC_VERSION;
}

Result<std::unique_ptr<Upstream>> Upstream::make(const UpstreamConfig& config, const Adjust& adjust) {
  std::unique_ptr<Upstream> made(new Upstream(config));
  client::Trust trust;
  if (Status added = server::add_anchors(config.anchors, trust.explicit_anchors); !added) return added.error();
  if (Status added = server::add_anchors(config.implicit_anchors, trust.implicit_anchors); !added) return added.error();
  if (Status added = add_credentials(config, made->options_); !added) return added.error();
  if (adjust) adjust(made->options_);
  made->trust_ = std::make_shared<const client::Trust>(std::move(trust));
  return made;
}

// Nothing when none becomes free in time.
Upstream::SessionPointer Upstream::take(est::Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto there_is_one = [this] { return lent_ < config_.connections; };
  if (!free_.wait_for(lock, deadline.left(), there_is_one)) return nullptr;
  ++lent_;
  if (idle_.empty()) return std::make_unique<client::Session>(config_.at, options_, trust_);
  SessionPointer session = std::move(idle_.back());
  idle_.pop_back();
  return session;
}

void Upstream::give_back(SessionPointer session) {
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    idle_.push_back(std::move(session));
  }
  free_.notify_one();
}

std::variant<Response, UpstreamFailure> Upstream::ask(Operation operation, const std::string& label, est::BytesView der) {
  SessionPointer session = take(est::Deadline::after(for_a_connection));
  if (!session)
    return UpstreamFailure{503, "This registration authority has too many requests under way; repeat this one later.",
                           "no connection to the upstream is free"};
  client::Ask ask{est::ops::method_of(operation), est::ops::path_of(operation, label)};
  if (ask.method == "POST") {
    ask.media_type = est::ops::request_media_type(operation);
    ask.body = [&](const est::tls::Facts&) -> Outcome<Bytes> { return est::ops::enroll_request(operation, label, {}, der).body; };
  }
  Outcome<client::Answer> answer = session->ask(ask);
  // What failed may have left octets of one request's answer on the connection: the next request gets another.
  if (!answer) session->close();
  give_back(std::move(session));
  if (!answer) return failure_of(answer.problem());
  const int status = answer->response.status;
  if (status == 401) return no_good_answer("it does not take our credentials");
  if (!may_be_given_on(status)) return no_good_answer("status " + std::to_string(status));
  return std::move(answer->response);
}

}  // namespace proxy
