// For tests: a server with an application that shows what it saw, and clients that ask it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "est/http/message.h"
#include "est/http/parser.h"
#include "est/net/client.h"
#include "est/net/server.h"
#include "est/tls/identities_test.h"

namespace est::net {

using namespace std::chrono_literals;

// Sanitizers on a busy machine are slow; every wait that should not end is this long.
inline constexpr Milliseconds patience = 20s;

inline Bytes response_with(int status, BytesView body, bool close = false) {
  http::Response response;
  response.status = status;
  response.reason = std::string(http::reason_phrase(status));
  if (close) response.fields.add("Connection", "close");
  response.body = to_bytes(body);
  return http::encode(response);
}

class EchoApplication final : public Application {
 public:
  std::optional<Reply> on_head(const http::Request& head, const Peer& /*peer*/) override {
    if (head.target != "/forbidden") return std::nullopt;
    return Reply{response_with(403, as_bytes("not here"), true), AfterReply::close};
  }
  Reply on_request(const http::Request& request, const Peer& peer, bool keep_alive) override {
    const std::string& target = request.target;
    if (target == "/throw") throw std::runtime_error("on purpose");
    if (target == "/abort") return {response_with(200, as_bytes("last words")), AfterReply::abort};
    if (target == "/vanish") return {{}, AfterReply::abort};
    if (target == "/slow") {
      ++slow_started;
      std::this_thread::sleep_for(300ms);
    }
    if (target == "/big") return {response_with(200, Bytes(std::size_t{8} << 20U, Byte{'x'}), !keep_alive), AfterReply::keep};
    ++answered;
    return {response_with(200, answer(request, peer), !keep_alive), target == "/last" ? AfterReply::close : AfterReply::keep};
  }
  Reply on_refusal(const http::Refusal& refusal, const Peer& /*peer*/) override {
    return {response_with(refusal.status, as_bytes(refusal.reason), true), AfterReply::close};
  }

  std::atomic<int> answered{0};
  std::atomic<int> slow_started{0};

 private:
  static Bytes answer(const http::Request& request, const Peer& peer) {
    const std::string& target = request.target;
    if (target == "/unique") return to_bytes(hex(peer.tls->tls_unique));
    if (target == "/exporter") return to_bytes(hex(peer.tls->tls_exporter));
    if (target == "/resumed") return to_bytes(peer.tls->resumed ? "yes" : "no");
    if (target == "/leaf") return peer.tls->peer_certificate() == nullptr ? Bytes() : *peer.tls->peer_certificate();
    if (target == "/chain") return to_bytes(std::to_string(peer.tls->peer_chain.size()));
    if (target == "/address") return to_bytes(peer.address);
    if (target == "/connection") return to_bytes(std::to_string(peer.connection));
    return request.body;
  }
};

struct Asked {
  std::optional<http::ObservedResponse> response;  // present as soon as one octet came
  std::optional<Failure> failure;
  [[nodiscard]] int status() const { return response ? response->message.status : 0; }
  [[nodiscard]] std::string body() const { return response ? est::to_string(response->message.body) : std::string(); }
};

inline Bytes get(std::string_view target, std::string_view more = "") {
  return to_bytes("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) + "\r\n");
}

inline Bytes post(std::string_view target, std::string_view body, std::string_view more = "") {
  return to_bytes("POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
                  "\r\n" + std::string(more) + "\r\n" + std::string(body));
}

// Reads one response. What came behind it is kept in `rest`, if given.
template <class Stream>
Asked read_response(Stream& stream, Milliseconds within = patience, Bytes* rest = nullptr, std::string_view method = "GET") {
  http::ResponseParser parser{std::string(method)};
  Asked asked;
  const Deadline deadline = Deadline::after(within);
  std::array<Byte, 16384> buffer{};
  Bytes data = rest == nullptr ? Bytes() : std::exchange(*rest, {});
  bool any = false;
  for (;;) {
    const std::size_t taken = parser.feed(data);
    any = any || !data.empty();
    if (parser.state() != http::ResponseParser::State::need_more) {
      if (rest != nullptr) *rest = to_bytes(BytesView(data).subspan(std::min(taken, data.size())));
      break;
    }
    const ReadOutcome outcome = stream.read(buffer, deadline);
    if (outcome.failure) asked.failure = outcome.failure;
    if (outcome.failure || outcome.count == 0) {
      parser.end_of_input();
      break;
    }
    data = to_bytes(BytesView(buffer).first(outcome.count));
  }
  if (any) asked.response = parser.observed();
  return asked;
}

template <class Stream>
Asked ask(Stream& stream, const Bytes& request, Milliseconds within = patience) {
  if (auto failure = stream.write(request, Deadline::after(within))) return {std::nullopt, failure};
  return read_response(stream, within);
}

// Waits for something another thread brings about.
template <class Condition>
bool eventually(Condition condition, Milliseconds within = patience) {
  const Deadline deadline = Deadline::after(within);
  while (!condition()) {
    if (deadline.passed()) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    server_profile.identity = intermediate.server();
    server_profile.client_ca_certificates = {root.certificate()};
    client_profile.anchors = {root.certificate()};
    client_profile.expected_name = "127.0.0.1";
    options.listen = {{"127.0.0.1", 0}};
  }

  void start() {
    server = tls::must(Server::bind(options, tls::must(tls::ServerContext::make(server_profile)), application, log));
    const Status status = server->start();
    ASSERT_TRUE(status.ok()) << status.error().message;
    endpoint = server->listening().front();
  }
  void use(tls::Version version) { client_profile.least = client_profile.most = version; }
  [[nodiscard]] std::variant<ClientConnection, Failure> try_connect(SSL_SESSION* resume = nullptr) const {
    return ClientConnection::open(endpoint, *tls::must(tls::ClientContext::make(client_profile)), {patience, patience}, resume);
  }
  [[nodiscard]] ClientConnection connect(SSL_SESSION* resume = nullptr) const {
    auto opened = try_connect(resume);
    if (const auto* failure = std::get_if<Failure>(&opened)) throw std::runtime_error(failure->message);
    return std::get<ClientConnection>(std::move(opened));
  }
  [[nodiscard]] PlainConnection connect_plain() const {
    auto opened = PlainConnection::open(endpoint, patience);
    if (const auto* failure = std::get_if<Failure>(&opened)) throw std::runtime_error(failure->message);
    return std::get<PlainConnection>(std::move(opened));
  }
  // A new client is served: the server is alive and well.
  void expect_alive() const {
    ClientConnection client = connect();
    EXPECT_EQ(ask(client, post("/echo", "alive")).body(), "alive");
  }

  const tls::AuthorityForTest root{"root"};
  const tls::AuthorityForTest intermediate{"intermediate", &root};
  tls::ServerProfile server_profile;
  tls::ClientProfile client_profile;
  Server::Options options;
  EchoApplication application;
  const Log log = Log::nowhere();
  Endpoint endpoint;
  std::unique_ptr<Server> server;  // before what it uses
};

}  // namespace est::net
