#include "conformance/steps/wire.h"

#include "est/tls/common_name.h"
#include "est/tls/key_log.h"

namespace conformance::steps {
namespace {

using est::net::ClientConnection;
using est::net::Failure;

constexpr est::Milliseconds longest_connect{5000};
constexpr est::Milliseconds longest_handshake{10000};

const est::net::Endpoint& chosen_endpoint(const target::Profile& target, const OpenOptions& options) {
  return options.endpoint ? *options.endpoint : target.url.endpoint;
}

est::tls::ClientProfile profile_for(const target::Profile& target, const OpenOptions& options) {
  est::tls::ClientProfile profile;
  profile.anchors = target.trust_anchors;
  profile.verify = options.verify;
  profile.expected_name = options.expected_name.empty() ? chosen_endpoint(target, options).host : options.expected_name;
  profile.identity = options.identity;
  profile.least = options.least;
  profile.most = options.most;
  profile.suites = options.suites;
  profile.groups = options.groups;
  profile.post_handshake_authentication = options.post_handshake;
  profile.server_name = options.server_name;
  profile.alpn = options.alpn;
  return profile;
}

// INT-20: that the name stands in the wrong place is judged by a check, and is no reason to test nothing.
est::Result<std::shared_ptr<const est::tls::ClientContext>> context_for(const target::Profile& target, const OpenOptions& options) {
  auto context = est::tls::ClientContext::make(profile_for(target, options));
  if (context) est::tls::accept_common_name(**context);
  return context;
}

std::string describe(const est::tls::Facts& facts) {
  std::string text = std::string(to_string(facts.version)) + ", " + facts.suite;
  if (facts.resumed) text += ", resumed";
  if (!facts.verify_error.empty()) text += ", server not trusted: " + facts.verify_error;
  return text;
}

}  // namespace

const est::Bytes& binding_of(const est::tls::Facts& facts) {
  return facts.version == est::tls::Version::tls13 ? facts.tls_exporter : facts.tls_unique;
}

Wire::~Wire() { close(); }

void Wire::spend() noexcept {
  if (current_) current_->spent = true;
}

void Wire::close(bool abrupt) {
  if (!current_) return;
  if (auto session = current_->connection.session()) session_ = std::move(session);
  closed_facts_ = current_->connection.facts();
  current_->connection.close(abrupt);
  current_.reset();
}

ClientConnection Wire::release() {
  ClientConnection connection = std::move(current_->connection);
  current_.reset();
  return connection;
}

Maybe<std::optional<ClientConnection>> Wire::dial(const OpenOptions& options, est::Deadline deadline, Recorder& recorder,
                                                  const std::string& name) {
  const auto context = context_for(profile_, options);
  if (!context) return cannot("the connection asked for cannot be set up: " + context.error().message);
  const auto tap = taps_.make(name);
  if (tap) est::tls::allow_key_log(*(*context)->handle());
  const est::net::ClientDeadlines deadlines{std::min(longest_connect, deadline.left()), std::min(longest_handshake, deadline.left())};
  SSL_SESSION* session = options.mode == OpenOptions::Mode::resume ? session_.get() : nullptr;
  auto opened = ClientConnection::open(chosen_endpoint(profile_, options), **context, deadlines, session, nullptr, tap);
  if (const auto* failure = std::get_if<Failure>(&opened)) {
    recorder.failure(*failure);
    if (failure->cause == est::net::Cause::local) return fault("the suite could not connect: " + failure->message);
    return std::optional<ClientConnection>();
  }
  auto& connection = std::get<ClientConnection>(opened);
  recorder.event("tcp", "connected", connection.peer_address());
  recorder.event("tls", "handshake-complete", describe(connection.facts()));
  return std::optional(std::move(connection));
}

std::variant<ClientConnection, Failure> Wire::dial_beside(est::Deadline deadline) const {
  OpenOptions options;
  const auto client = profile_.identities.find("client");
  if (profile_.claims.contains("client-certificate-demanded") && client != profile_.identities.end()) options.identity = client->second;
  const auto context = context_for(profile_, options);
  if (!context) return Failure{est::net::Stage::connect, est::net::Cause::local, context.error().message, std::nullopt};
  const est::net::ClientDeadlines deadlines{std::min(longest_connect, deadline.left()), std::min(longest_handshake, deadline.left())};
  return ClientConnection::open(profile_.url.endpoint, **context, deadlines);
}

engine::StepOutcome Wire::open(const OpenOptions& options, est::Deadline deadline, Recorder& recorder) {
  beside_.reset();
  if (options.mode == OpenOptions::Mode::keep && current_) {
    recorder.connection(current_->number, false);
    recorder.tls(current_->connection.facts());
    if (!current_->spent && !current_->connection.readable_now()) return recorded();
    tell_alerts(recorder);
    recorder.peer_close(current_->connection.peer_close());
    close();
    recorder.failure(
        {est::net::Stage::write, est::net::Cause::closed, "the peer had closed the connection that was to be kept", std::nullopt});
    return recorded();
  }
  close();
  recorder.connection(++opened_, true);
  if (options.mode == OpenOptions::Mode::resume) recorder.fact("session-offered", session_ ? "yes" : "no");
  auto connection = dial(options, deadline, recorder, "connection " + std::to_string(opened_));
  if (!connection) return connection.outcome();
  if (!*connection) return recorded();
  recorder.tls((*connection)->facts());
  current_.emplace(Line{std::move(**connection), opened_, options});
  current_->requests_in_handshake = current_->connection.certificate_requests();
  current_->first_binding = binding_of(current_->connection.facts());
  return recorded();
}

void Wire::tell_alerts(Recorder& recorder) {
  if (!current_) return;
  const auto& alerts = current_->connection.alerts();
  for (; current_->alerts_told < alerts.size(); ++current_->alerts_told) {
    const auto& alert = alerts[current_->alerts_told];
    recorder.event("tls", alert.from_peer ? "alert-received" : "alert-sent", alert.name());
  }
  const bool asked = current_->connection.certificate_requests() > 0;
  recorder.fact("certificate-request", current_->requests_in_handshake > 0 ? "in the handshake" : asked ? "late" : "never");
  recorder.fact("early-data", std::to_string(current_->connection.early_data_offered()));
}

Maybe<est::Bytes> Wire::foreign_binding(bool simultaneous, est::Deadline deadline, Recorder& recorder) {
  if (!current_) return fault("there is no connection to make another one beside");
  const auto version = current_->connection.facts().version;
  if (!simultaneous && closed_facts_ && closed_facts_->version == version) return binding_of(*closed_facts_);
  OpenOptions options = current_->options;
  options.mode = OpenOptions::Mode::fresh;
  options.least = options.most = version;
  auto other = dial(options, deadline, recorder, "beside connection " + std::to_string(current_->number));
  if (!other) return other.outcome();
  if (!*other) return cannot("the target refused a second connection, whose channel binding was to be used");
  est::Bytes binding = binding_of((**other).facts());
  recorder.event("suite", "second-connection", simultaneous ? "left open" : "closed at once");
  if (simultaneous) {
    beside_ = std::move(**other);
  } else {
    (**other).close();
  }
  return binding;
}

}  // namespace conformance::steps
