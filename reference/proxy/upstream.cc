#include "proxy/upstream.h"

#include <utility>

#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "est/ops/message.h"

namespace proxy {
namespace {

using client::Outcome;
using client::Problem;
using client::ProblemKind;
using est::Bytes;
using est::Error;
using est::Result;
using est::Status;
using est::http::Response;
using est::ops::Operation;

constexpr est::Milliseconds for_a_connection{5000};
constexpr std::size_t password_limit = 4096;

Status add_certificates(const std::vector<std::string>& paths, std::vector<Bytes>& all) {
  for (const std::string& path : paths) {
    const Result<std::string> text = est::read_file(path);
    if (!text) return text.error();
    const Result<std::vector<Bytes>> certificates = est::crypto::certificates_from_pem(*text);
    if (!certificates) return Error{path + ": " + certificates.error().message};
    all.insert(all.end(), certificates->begin(), certificates->end());
  }
  return {};
}

Result<std::string> password_in(const std::string& path) {
  const Result<std::string> text = est::read_file(path, password_limit);
  if (!text) return text.error();
  std::string password(est::trim(*text, "\r\n"));
  if (password.empty()) return Error{path + " holds no password; write one line"};
  return password;
}

Status add_credentials(const UpstreamConfig& config, client::SessionOptions& options) {
  if (!config.certificate.empty()) {
    Result<est::tls::Identity> identity = est::tls::load_identity(config.certificate, config.key);
    if (!identity) return identity.error();
    options.identity = *std::move(identity);
  }
  if (config.password_file.empty()) return {};
  Result<std::string> password = password_in(config.password_file);
  if (!password) return password.error();
  options.credentials = [known = est::http::Credentials{config.user, *std::move(password)}](
                            const client::Challenged&) -> Result<std::optional<est::http::Credentials>> { return std::optional(known); };
  return {};
}

UpstreamFailure failure_of(const Problem& problem) {
  const std::string cause = std::string(client::to_string(problem.kind)) + ": " + problem.reason;
  switch (problem.kind) {
    case ProblemKind::transport:
      return {504, "The server behind this registration authority does not answer; repeat the request later.", cause};
    case ProblemKind::untrusted:
    case ProblemKind::refused:
    case ProblemKind::later:
    case ProblemKind::configuration:
    case ProblemKind::answer:
      break;
  }
  return {502, "The server behind this registration authority cannot be used just now; repeat the request later.", cause};
}

bool may_be_given_on(int status) {
  if (status == 200 || status == 202 || status == 204 || status == 503) return true;
  return status >= 400 && status < 500 && status != 401 && status != 407;
}

// RFC 7030 3.2.1 lets the upstream redirect; anything else but an answer is not ours to hand on.
UpstreamFailure unusable(const Response& response) {
  const std::string seen = "status " + std::to_string(response.status);
  if (response.status == 401) return {502, failure_of({}).sentence, "it does not take our credentials: " + seen};
  return {502, failure_of({}).sentence, seen};
}

}  // namespace

Upstream::Upstream(const UpstreamConfig& config) : config_(config) {
  options_.connect_within = config.connect;
  options_.handshake_within = config.handshake;
  options_.answer_within = config.answer;
  options_.user_agent = "est-proxy/" ESTSPEC_VERSION;
}

Result<std::unique_ptr<Upstream>> Upstream::make(const UpstreamConfig& config) {
  std::unique_ptr<Upstream> made(new Upstream(config));
  client::Trust trust;
  if (Status added = add_certificates(config.anchors, trust.explicit_anchors); !added) return added.error();
  if (Status added = add_certificates(config.implicit_anchors, trust.implicit_anchors); !added) return added.error();
  if (Status added = add_credentials(config, made->options_); !added) return added.error();
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

void Upstream::close_idle() {
  std::vector<SessionPointer> all;
  const std::lock_guard lock(mutex_);
  all.swap(idle_);
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
  if (!may_be_given_on(answer->response.status)) return unusable(answer->response);
  return std::move(answer->response);
}

}  // namespace proxy
