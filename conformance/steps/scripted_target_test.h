// For tests: an EST server on loopback whose answers a test scripts, a profile that reaches it, and a session that performs steps on it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "conformance/steps/server_driver.h"
#include "est/base/log.h"
#include "est/codec/oid.h"
#include "est/http/message.h"
#include "est/net/server.h"
#include "est/ops/message.h"
#include "est/pki/issue.h"

namespace conformance::steps {

inline constexpr const char* secret_password = "tr0ub4dor-and-3";

inline est::codec::Name name_of(const std::string& text) { return est::codec::parse_name(text).value(); }

// A CA for the server's certificate, for what it issues, and for client certificates.
struct TestCa {
  est::crypto::PrivateKey key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
  est::codec::Name name = name_of("CN=test CA");
  est::Bytes certificate;

  TestCa() {
    auto spec = draft(name, key.public_key_info());
    spec.extensions = {est::codec::make_basic_constraints(true),
                       est::codec::make_key_usage(est::codec::key_usage::key_cert_sign | est::codec::key_usage::crl_sign)};
    certificate = est::pki::issue_self_signed(spec, key).value();
  }
  static est::pki::CertificateSpec draft(const est::codec::Name& subject, est::Bytes public_key) {
    est::pki::CertificateSpec spec;
    spec.serial = est::pki::random_serial();
    spec.subject = subject;
    spec.public_key_info = std::move(public_key);
    spec.validity = {est::system_clock().now() - 3600, est::system_clock().now() + 24 * 3600};
    return spec;
  }
  [[nodiscard]] est::Bytes issue(const est::codec::Name& subject, const est::Bytes& public_key,
                                 const std::vector<est::codec::Extension>& extensions) const {
    auto spec = draft(subject, public_key);
    spec.extensions = extensions;
    return est::pki::issue_certificate(spec, {name, &key, est::pki::key_identifier(key.public_key_info())}).value();
  }
  [[nodiscard]] est::tls::Identity server_identity() const {
    auto server_key = est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256).value();
    const auto san = est::codec::make_subject_alt_name({est::codec::parse_general_name("IP:127.0.0.1").value()});
    const auto purpose = est::codec::make_extended_key_usage({est::codec::oids::server_auth});
    auto leaf = issue(name_of("CN=server"), server_key.public_key_info(), {san, purpose});
    return {{std::move(leaf)}, std::move(server_key)};
  }
};

// What the server saw of one request.
struct Seen {
  est::http::Request request;
  est::tls::Facts tls;
  std::uint64_t connection = 0;
};

using Script = std::function<est::net::Reply(const Seen& seen)>;

inline est::net::Reply reply(const est::http::Response& response, est::net::AfterReply after = est::net::AfterReply::keep) {
  return {est::http::encode(response), after};
}
inline est::net::Reply reply(int status, std::string_view text = "as scripted") { return reply(est::ops::text_response(status, text)); }

class ScriptedTarget final : public est::net::Application {
 public:
  std::optional<est::net::Reply> on_head(const est::http::Request& /*head*/, const est::net::Peer& /*peer*/) override {
    return std::nullopt;
  }
  est::net::Reply on_request(const est::http::Request& request, const est::net::Peer& peer, bool /*keep_alive*/) override {
    const std::lock_guard lock(mutex_);
    seen_.push_back({request, *peer.tls, peer.connection});
    return script(seen_.back());
  }
  est::net::Reply on_refusal(const est::http::Refusal& refusal, const est::net::Peer& /*peer*/) override {
    return {est::http::encode(est::ops::text_response(refusal.status, refusal.reason)), est::net::AfterReply::close};
  }
  [[nodiscard]] std::vector<Seen> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  Script script;  // set before the server starts to be asked

 private:
  std::mutex mutex_;
  std::vector<Seen> seen_;
};

class DriverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto context = est::tls::ServerContext::make(server_tls());
    ASSERT_TRUE(context.ok());
    est::net::Server::Options options;
    options.listen = {{"127.0.0.1", 0}};
    options.threads = 1;
    target_.script = [this](const Seen& seen) { return good_answer(seen); };
    auto server = est::net::Server::bind(options, *context, target_, log_);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(*server);
    ASSERT_TRUE(server_->start().ok());
    profile_.url = {"https", server_->listening().front(), ""};
    profile_.trust_anchors = {ca_.certificate};
    profile_.password = target::Password{"device-1", secret_password};
    profile_.limits.longest_wait_seconds = 20;
    add_server_verbs(vocabulary_);
  }

  [[nodiscard]] est::tls::ServerProfile server_tls() const {
    est::tls::ServerProfile tls;
    tls.identity = ca_.server_identity();
    return tls;
  }

  // What a server without access control does.
  est::net::Reply good_answer(const Seen& seen) {
    if (seen.request.method == "GET") return reply(est::ops::cacerts_response({ca_.certificate}));
    const auto request = est::ops::read_enroll_body(seen.request.body);
    if (!request.accepted()) return reply(400, est::describe_first(request.findings));
    return reply(est::ops::enroll_response(ca_.issue(request.value->subject, request.value->key.der, {})));
  }

  // The session of this test, made when it is first asked for.
  engine::Session& session() {
    if (!driver_) driver_ = make_server_driver(profile_, vocabulary_);
    if (!session_) session_ = driver_->begin({});
    return *session_;
  }

  // Performs a step in that session and returns its exchange.
  const engine::Exchange& perform(const std::string& verb, const engine::Json& parameters = engine::Json::object(),
                                  const std::string& name = "") {
    engine::Step step;
    step.verb = verb;
    step.parameters = parameters;
    step.name = name.empty() ? "step-" + std::to_string(evidence_.exchanges.size() + 1) : name;
    engine::Exchange exchange;
    exchange.name = step.name;
    exchange.verb = verb;
    exchange.parameters = parameters;
    outcome_ = session().perform(step, evidence_, exchange);
    evidence_.exchanges.push_back(std::move(exchange));
    return evidence_.exchanges.back();
  }
  void expect_recorded() const { EXPECT_EQ(outcome_.kind, engine::StepOutcome::Kind::recorded) << outcome_.sentence; }
  void expect_cannot(const std::string& part) const {
    EXPECT_EQ(outcome_.kind, engine::StepOutcome::Kind::cannot) << outcome_.sentence;
    EXPECT_THAT(outcome_.sentence, ::testing::HasSubstr(part));
  }
  [[nodiscard]] static int status_of(const engine::Exchange& exchange) {
    return est::http::parse_response(exchange.response, exchange.method, exchange.peer_close != "open").message.status;
  }
  [[nodiscard]] Seen last_seen() { return target_.seen().back(); }

  TestCa ca_;
  est::Log log_ = est::Log::nowhere();
  ScriptedTarget target_;
  std::unique_ptr<est::net::Server> server_;
  target::Profile profile_;
  engine::Vocabulary vocabulary_;
  engine::Evidence evidence_;
  engine::StepOutcome outcome_;

 private:
  std::unique_ptr<engine::Driver> driver_;
  std::unique_ptr<engine::Session> session_;
};

}  // namespace conformance::steps
