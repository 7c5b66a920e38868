// For tests: a TLS server in this process whose answers the test writes, and what it saw.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/session.h"
#include "est/base/log.h"
#include "est/http/message.h"
#include "est/net/server.h"
#include "est/tls/identities_test.h"

namespace client {

class ScriptedServer final : public est::net::Application {
 public:
  // `number`: of the request, from 1.
  using Script = std::function<est::http::Response(const est::http::Request&, const est::net::Peer&, int number)>;

  ScriptedServer(const est::tls::ServerProfile& profile, Script script) : script_(std::move(script)) {
    est::net::Server::Options options;
    options.listen = {{"127.0.0.1", 0}};
    options.threads = 1;
    server_ = est::tls::must(est::net::Server::bind(options, est::tls::must(est::tls::ServerContext::make(profile)), *this, log_));
    EXPECT_TRUE(server_->start().ok());
  }

  [[nodiscard]] est::net::Endpoint at() const { return server_->listening().front(); }
  [[nodiscard]] std::string url(const std::string& target = {}) const { return "https://" + at().to_string() + target; }
  [[nodiscard]] std::vector<est::http::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] std::vector<std::uint64_t> connections() const {  // of each request
    const std::lock_guard lock(mutex_);
    return connections_;
  }
  [[nodiscard]] est::net::Server::Counters counters() const { return server_->counters(); }

  std::function<bool(const est::http::Request&)> late_certificate;

  std::optional<est::net::Reply> on_head(const est::http::Request&, const est::net::Peer&) override { return std::nullopt; }
  bool wants_client_certificate(const est::http::Request& head, const est::net::Peer&) override {
    return late_certificate && late_certificate(head);
  }
  est::net::Reply on_request(const est::http::Request& request, const est::net::Peer& peer, bool) override {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    connections_.push_back(peer.connection);
    est::http::Response response = script_(request, peer, static_cast<int>(requests_.size()));
    if (response.reason.empty()) response.reason = est::http::reason_phrase(response.status);
    const bool close = response.fields.get("Connection") == "close";
    return {est::http::encode(response), close ? est::net::AfterReply::close : est::net::AfterReply::keep};
  }
  est::net::Reply on_refusal(const est::http::Refusal& refusal, const est::net::Peer&) override {
    ADD_FAILURE() << refusal.reason;
    return {{}, est::net::AfterReply::close};
  }

 private:
  Script script_;
  const est::Log log_ = est::Log::nowhere();
  mutable std::mutex mutex_;
  std::vector<est::http::Request> requests_;
  std::vector<std::uint64_t> connections_;
  std::unique_ptr<est::net::Server> server_;
};

inline est::http::Response answer_with(int status, const std::string& body = {}, std::vector<est::http::Field> fields = {}) {
  est::http::Response response;
  response.status = status;
  response.body = est::to_bytes(body);
  for (auto& field : fields) response.fields.add(field.name, field.value);
  return response;
}

}  // namespace client
