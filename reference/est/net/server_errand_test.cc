// What takes long is done away from the loop: one loop thread, and an application whose errands end when the test says so.
#include <condition_variable>
#include <future>

#include "est/net/server_fixture_test.h"
#include "est/net/workers.h"

namespace est::net {
namespace {

class Errands final : public Application {
 public:
  std::optional<Reply> on_head(const http::Request& /*head*/, const Peer& /*peer*/) override { return std::nullopt; }
  Reply on_request(const http::Request& request, const Peer& /*peer*/, bool keep_alive) override {
    return {response_with(200, request.body, !keep_alive), AfterReply::keep};
  }
  Begun begin_request(const http::Request& request, const Peer& peer, bool keep_alive) override {
    if (request.target == "/throw") return Errand([]() -> Reply { throw std::runtime_error("on purpose"); });
    if (request.target == "/defer-throw") return Deferred([](const HandOver&) { throw std::runtime_error("on purpose"); });
    if (request.target == "/defer") {
      return Deferred([this, reply = on_request(request, peer, keep_alive)](const HandOver& hand_over) {
        const std::lock_guard lock(mutex_);
        deferred_.push_back([this, hand_over, reply] {
          hand_over([this, reply] {
            const std::lock_guard again(mutex_);
            ++finished_;
            return reply;
          });
        });
      });
    }
    if (request.target != "/long") return on_request(request, peer, keep_alive);
    return Errand([this, body = request.body, keep_alive]() -> Reply {
      std::unique_lock lock(mutex_);
      ++begun_;
      wake_.wait(lock, [this] { return open_; });
      return {response_with(200, body, !keep_alive), AfterReply::keep};
    });
  }
  Reply on_refusal(const http::Refusal& refusal, const Peer& /*peer*/) override {
    return {response_with(refusal.status, as_bytes(refusal.reason), true), AfterReply::close};
  }

  [[nodiscard]] int begun() const {
    const std::lock_guard lock(mutex_);
    return begun_;
  }
  [[nodiscard]] std::size_t deferred() const {
    const std::lock_guard lock(mutex_);
    return deferred_.size();
  }
  [[nodiscard]] int finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
  }
  // On the caller's thread, the latest first.
  void hand_over() {
    std::vector<std::function<void()>> all;
    {
      const std::lock_guard lock(mutex_);
      all.swap(deferred_);
    }
    for (auto one = all.rbegin(); one != all.rend(); ++one) (*one)();
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    wake_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool open_ = false;
  int begun_ = 0;
  std::vector<std::function<void()>> deferred_;
  int finished_ = 0;
};

class ServerErrand : public ServerTest {
 protected:
  ServerErrand() {
    options.threads = 1;
    options.workers = 2;
  }
  ~ServerErrand() override {
    errands.open();
    server.reset();
  }
  void start_errands() {
    server = tls::must(Server::bind(options, tls::must(tls::ServerContext::make(server_profile)), errands, log));
    ASSERT_TRUE(server->start().ok());
    endpoint = server->listening().front();
  }
  void send(ClientConnection& client, const Bytes& request) const {
    EXPECT_FALSE(client.write(request, Deadline::after(patience)).has_value());
  }

  Errands errands;
};

TEST_F(ServerErrand, OthersAreServedMeanwhile) {
  start_errands();
  std::vector<ClientConnection> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.push_back(connect());
    send(waiting.back(), post("/long", std::to_string(i)));
  }
  EXPECT_TRUE(eventually([&] { return errands.begun() == 2; })) << "as many as there are workers";
  ClientConnection other = connect();
  EXPECT_EQ(ask(other, post("/short", "quick")).body(), "quick");
  errands.open();
  for (std::size_t i = 0; i < waiting.size(); ++i) EXPECT_EQ(read_response(waiting[i]).body(), std::to_string(i)) << "each its own";
  EXPECT_EQ(ask(waiting.front(), post("/short", "again")).body(), "again") << "the connection goes on";
}

TEST_F(ServerErrand, WhatIsPipelinedBehindItWaitsItsTurn) {
  start_errands();
  ClientConnection client = connect();
  Bytes both = post("/long", "first");
  append(both, post("/short", "second"));
  send(client, both);
  EXPECT_TRUE(eventually([&] { return errands.begun() == 1; }));
  EXPECT_FALSE(client.readable_now());
  errands.open();
  Bytes rest;
  EXPECT_EQ(read_response(client, patience, &rest).body(), "first");
  EXPECT_EQ(read_response(client, patience, &rest).body(), "second");
}

TEST_F(ServerErrand, AClientThatLeavesIsForgotten) {
  start_errands();
  ClientConnection client = connect();
  send(client, post("/long", "x"));
  EXPECT_TRUE(eventually([&] { return errands.begun() == 1; }));
  client.close(true);
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; })) << "while its errand still runs";
  errands.open();
  expect_alive();
}

TEST_F(ServerErrand, ItsExceptionsAreAnswered) {
  start_errands();
  ClientConnection client = connect();
  EXPECT_EQ(ask(client, post("/throw", "")).status(), 500);
  expect_alive();
}

TEST_F(ServerErrand, MoreThanCanWaitAreTurnedAway) {
  options.workers = 1;
  start_errands();
  std::vector<ClientConnection> waiting;
  for (std::size_t i = 0; i < Workers::most_waiting_each + 1; ++i) {
    waiting.push_back(connect());
    send(waiting.back(), post("/long", "x"));
    // The first one begins; each of the others waits before the next comes.
    EXPECT_TRUE(eventually([&] { return errands.begun() == 1 && server->counters().requests == i + 1; }));
  }
  ClientConnection late = connect();
  EXPECT_EQ(ask(late, post("/long", "x")).status(), 503);
  errands.open();
  for (ClientConnection& one : waiting) EXPECT_EQ(read_response(one).status(), 200);
  expect_alive();
}

TEST_F(ServerErrand, WithoutWorkersTheyRunInTheLoop) {
  options.workers = 0;
  start_errands();
  errands.open();
  ClientConnection client = connect();
  EXPECT_EQ(ask(client, post("/long", "here")).body(), "here");
}

TEST_F(ServerErrand, WhatIsDeferredHoldsNoThread) {
  options.workers = 0;
  start_errands();
  std::vector<ClientConnection> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.push_back(connect());
    send(waiting.back(), post("/defer", std::to_string(i)));
  }
  EXPECT_TRUE(eventually([&] { return errands.deferred() == 3; }));
  expect_alive();
  errands.hand_over();
  for (std::size_t i = 0; i < waiting.size(); ++i) EXPECT_EQ(read_response(waiting[i]).body(), std::to_string(i)) << "each its own";
  EXPECT_EQ(ask(waiting.front(), post("/short", "again")).body(), "again") << "the connection goes on";
}

TEST_F(ServerErrand, WhatIsDeferredIsFinishedForAClientThatHasLeft) {
  start_errands();
  ClientConnection client = connect();
  send(client, post("/defer", "x"));
  EXPECT_TRUE(eventually([&] { return errands.deferred() == 1; }));
  client.close(true);
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
  errands.hand_over();
  EXPECT_TRUE(eventually([&] { return errands.finished() == 1; }));
  expect_alive();
}

// The client says more, or that it has said all: neither disturbs the wait.
TEST_F(ServerErrand, WhatComesMeanwhileWaitsItsTurn) {
  start_errands();
  ClientConnection client = connect();
  send(client, post("/defer", "first"));
  EXPECT_TRUE(eventually([&] { return errands.deferred() == 1; }));
  send(client, post("/short", "second"));
  expect_alive();
  errands.hand_over();
  Bytes rest;
  EXPECT_EQ(read_response(client, patience, &rest).body(), "first");
  EXPECT_EQ(read_response(client, patience, &rest).body(), "second");
}

TEST_F(ServerErrand, WhatIsHandedOverTooLateIsForgotten) {
  start_errands();
  ClientConnection client = connect();
  send(client, post("/defer", "x"));
  EXPECT_TRUE(eventually([&] { return errands.deferred() == 1; }));
  server.reset();
  errands.hand_over();
  EXPECT_EQ(errands.finished(), 0);
}

TEST_F(ServerErrand, ADeferralThatFailsIsAnswered) {
  start_errands();
  ClientConnection client = connect();
  EXPECT_EQ(ask(client, post("/defer-throw", "")).status(), 500);
  expect_alive();
}

TEST_F(ServerErrand, OneThatNeverEndsIsGivenUp) {
  options.limits.errand = 50ms;
  start_errands();
  ClientConnection client = connect();
  send(client, post("/long", "x"));
  EXPECT_EQ(read_response(client).status(), 0);
  EXPECT_EQ(server->counters().timeouts, 1U);
}

TEST_F(ServerErrand, DrainingWaitsForThem) {
  start_errands();
  ClientConnection client = connect();
  send(client, post("/long", "last"));
  EXPECT_TRUE(eventually([&] { return errands.begun() == 1; }));
  auto drained = std::async(std::launch::async, [&] { server->drain(); });
  EXPECT_TRUE(eventually([&] { return std::holds_alternative<Failure>(try_connect()); }));
  errands.open();
  EXPECT_EQ(read_response(client).body(), "last");
  drained.get();
}

}  // namespace
}  // namespace est::net
