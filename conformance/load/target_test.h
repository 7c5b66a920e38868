// For tests: an EST server on loopback with a CA, which a test can make misbehave after so many answers.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "conformance/load/plan.h"
#include "est/codec/pkcs10.h"
#include "est/net/server.h"
#include "est/ops/message.h"
#include "est/pki/issue.h"
#include "est/tls/identities_test.h"

namespace conformance::load {

enum class Habit { sound, wrong_key, busy, refuses, pending, stalls };

class LoadTarget final : public est::net::Application {
 public:
  static constexpr std::chrono::milliseconds stall{300};

  explicit LoadTarget(Habit habit = Habit::sound, std::uint64_t begins_after = 20, std::optional<est::http::Credentials> user = {})
      : habit_(habit), begins_after_(begins_after), user_(std::move(user)) {
    est::tls::ServerProfile profile;
    profile.identity = {{issue("CN=server", server_key_.public_key_info(), {server_name()})}, server_key_};
    est::net::Server::Options options;
    options.listen = {{"127.0.0.1", 0}};
    server_ = est::tls::must(est::net::Server::bind(options, est::tls::must(est::tls::ServerContext::make(profile)), *this, log_));
    if (auto started = server_->start(); !started) throw std::runtime_error(started.error().message);
  }

  [[nodiscard]] Plan plan() const {
    Plan plan;
    plan.target = server_->listening().front();
    plan.anchors = {root_};
    plan.credentials = user_;
    plan.connections = 2;
    plan.time = std::chrono::seconds(60);  // tests stop it by the number of answers
    plan.pool = 4;
    return plan;
  }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }
  [[nodiscard]] std::uint64_t linked() const { return linked_; }

  std::optional<est::net::Reply> on_head(const est::http::Request&, const est::net::Peer&) override { return std::nullopt; }
  est::net::Reply on_request(const est::http::Request& request, const est::net::Peer& peer, bool) override {
    return {est::http::encode(answer(request, peer)), est::net::AfterReply::keep};
  }
  est::net::Reply on_refusal(const est::http::Refusal& refusal, const est::net::Peer&) override {
    return {est::http::encode(est::ops::text_response(refusal.status, refusal.reason)), est::net::AfterReply::close};
  }

 private:
  est::http::Response answer(const est::http::Request& request, const est::net::Peer& peer) {
    if (user_ && !admitted(request)) return challenge();
    const Habit habit = ++answered_ > begins_after_ ? habit_ : Habit::sound;
    if (habit == Habit::busy) return est::ops::text_response(503, "too much to do");
    if (habit == Habit::refuses) return est::ops::text_response(400, "not like this");
    if (habit == Habit::pending && answered_ % 2 == 0) return est::ops::pending_response({}, "come back");
    if (habit == Habit::stalls && !stalled_.exchange(true)) std::this_thread::sleep_for(stall);
    if (request.method == "GET") return est::ops::cacerts_response({root_});
    const auto read = est::ops::read_enroll_body(request.body);
    if (!read.accepted()) return est::ops::text_response(400, "no request");
    if (linked_to(*read.value, peer)) ++linked_;
    const est::Bytes& key = habit == Habit::wrong_key ? other_ : read.value->key.der;
    return est::ops::enroll_response(issue(read.value->subject.to_string(), key, {}));
  }

  static bool linked_to(const est::codec::CertificationRequest& request, const est::net::Peer& peer) {
    const auto password = est::codec::challenge_password(request);
    const bool old = peer.tls->version == est::tls::Version::tls12;
    return password.value && *password.value == est::ops::channel_binding_text(old ? peer.tls->tls_unique : peer.tls->tls_exporter);
  }

  bool admitted(const est::http::Request& request) const {
    const auto given = est::http::decode_credentials(request.fields.get("Authorization").value_or(""));
    if (!given.accepted()) return false;
    const auto basic = est::http::parse_basic(*given.value);
    if (basic) return basic->user == user_->user && basic->password == user_->password;
    const auto known = [this](std::string_view) { return std::optional(user_->password); };
    return digest_.verify(*given.value, request.method, request.target, known).outcome == est::http::DigestVerifier::Outcome::accepted;
  }
  est::http::Response challenge() const {
    auto refusal = est::ops::text_response(401, "who are you");
    for (const std::string& value : digest_.challenges(false)) refusal.fields.add("WWW-Authenticate", value);
    return refusal;
  }

  static est::codec::Extension server_name() {
    return est::codec::make_subject_alt_name({est::tls::must(est::codec::parse_general_name("IP:127.0.0.1"))});
  }
  est::Bytes issue(const std::string& subject, const est::Bytes& key, std::vector<est::codec::Extension> extensions) const {
    est::pki::CertificateSpec spec;
    spec.serial = est::pki::random_serial();
    spec.subject = est::tls::must(est::codec::parse_name(subject));
    spec.public_key_info = key;
    spec.validity = root_draft_.spec.validity;
    spec.extensions = std::move(extensions);
    return est::tls::must(est::pki::issue_certificate(spec, {root_draft_.spec.subject, &root_draft_.key, {}}));
  }
  static est::codec::Validity an_hour() {
    const est::UnixTime now = est::system_clock().now();
    return {now - 3600, now + 3600};
  }

  Habit habit_;
  std::uint64_t begins_after_;
  std::optional<est::http::Credentials> user_;
  std::atomic<std::uint64_t> answered_{0}, linked_{0};
  std::atomic<bool> stalled_{false};
  est::Log log_ = est::Log::nowhere();
  est::http::DigestVerifier digest_{{}, est::system_clock()};
  est::pki::Draft root_draft_ = est::tls::must(est::pki::draft("CN=root", an_hour(), {est::codec::make_basic_constraints(true)}));
  est::Bytes root_ = est::tls::must(est::pki::issue_self_signed(root_draft_.spec, root_draft_.key));
  est::crypto::PrivateKey server_key_ = est::tls::must(est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256));
  est::Bytes other_ = server_key_.public_key_info();
  std::unique_ptr<est::net::Server> server_;
};

}  // namespace conformance::load
