// Others are served while requests wait for the upstream: one listener thread, an upstream that says nothing until the test lets it.
#include <algorithm>
#include <condition_variable>
#include <future>

#include "est/pki/request.h"
#include "proxy/scene_test.h"

namespace proxy {
namespace {

class SilentUpstream : public ProxyTest {
 protected:
  void SetUp() override {
    est::tls::ServerProfile profile;
    profile.identity = identity("server");
    upstream = std::make_unique<client::ScriptedServer>(
        profile, [this](const est::http::Request& request, const est::net::Peer&, int) -> est::http::Response {
          if (request.target.ends_with("/cacerts")) return est::ops::cacerts_response(trust().explicit_anchors);
          std::unique_lock lock(mutex);
          wake.wait(lock, [this] { return open; });
          return est::ops::text_response(403, "Not this device.");
        });
    start(upstream->at(), ", answer-seconds: 60, handshake-seconds: 60, connections: 2, waiting: 1");
  }
  ~SilentUpstream() override { let_go(); }
  void let_go() {
    {
      const std::lock_guard lock(mutex);
      open = true;
    }
    wake.notify_all();
  }

  // Of a POST /simpleenroll, without a look at /csrattrs before.
  [[nodiscard]] client::Problem problem_for(const std::string& label, const std::string& word) const {
    client::ClientOptions how = through(label);
    give_password(how, word);
    how.retry.limit = 0;
    client::Client est(how);
    return est.enroll(est::ops::Operation::simpleenroll, [](const auto&) { return est::pki::make_request({}, key()); }).problem();
  }
  static const est::crypto::PrivateKey& key() {
    static const auto made = est::tls::must(est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256));
    return made;
  }

  std::mutex mutex;
  std::condition_variable wake;
  bool open = false;
  std::unique_ptr<client::ScriptedServer> upstream;
};

TEST_F(SilentUpstream, CostsNobodyElseTheirTime) {
  constexpr std::size_t clients = 4;  // two have a connection, one has room, and one is told at once to come later
  std::vector<std::future<client::Problem>> waiting;
  for (std::size_t i = 0; i < clients; ++i)
    waiting.push_back(std::async(std::launch::async, [this] { return problem_for("", password()); }));
  const auto ready = [](const auto& each) { return each.wait_for(std::chrono::milliseconds(5)) == std::future_status::ready; };
  auto first = waiting.end();
  const est::Deadline deadline = est::Deadline::after(std::chrono::seconds(20));
  while (first == waiting.end() && !deadline.passed()) first = std::find_if(waiting.begin(), waiting.end(), ready);
  ASSERT_NE(first, waiting.end());
  const client::Problem busy = first->get();
  waiting.erase(first);
  EXPECT_EQ(busy.status, 503) << busy.reason;
  EXPECT_EQ(busy.wait, 10U) << "Retry-After";
  client::Client reader(through());
  EXPECT_TRUE(reader.ca_certificates().ok());
  EXPECT_EQ(problem_for("basic", "wrong").status, 401);
  let_go();
  std::size_t answered = 0;
  for (auto& each : waiting) answered += each.get().status == 403 ? 1U : 0U;
  EXPECT_GE(answered, clients - 2) << "who has no connection may be told to come later on a slow machine";
}

}  // namespace
}  // namespace proxy
