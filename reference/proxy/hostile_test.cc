// Upstreams that break the rules, octet by octet, and what is left of it for clients; and what passes from one side to the other.
#include <atomic>

#include "est/pki/request.h"
#include "proxy/scene_test.h"

namespace proxy {
namespace {

using est::Bytes;
using est::ops::Operation;
using est::tls::must;
using testing::HasSubstr;
using testing::Not;

const est::crypto::PrivateKey& enrolling_key() {
  static const auto key = must(est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256));
  return key;
}

// Answers /cacerts and /csrattrs as it should, everything else with octets that the test writes.
class RawUpstream final : public est::net::Application {
 public:
  explicit RawUpstream(std::vector<Bytes> anchors) : anchors_(std::move(anchors)) {}

  std::optional<est::net::Reply> on_head(const est::http::Request&, const est::net::Peer&) override { return std::nullopt; }
  est::net::Reply on_request(const est::http::Request& request, const est::net::Peer& peer, bool) override {
    if (request.method == "GET") {
      est::http::Response response =
          request.target.ends_with("/cacerts") ? est::ops::cacerts_response(anchors_) : est::ops::csrattrs_response({});
      response.reason = "as it should be";
      return {est::http::encode(response), est::net::AfterReply::keep};
    }
    const std::lock_guard lock(mutex);
    connections.push_back(peer.connection);
    if (silent) std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    return {wire, after};
  }
  est::net::Reply on_refusal(const est::http::Refusal&, const est::net::Peer&) override { return {{}, est::net::AfterReply::close}; }

  std::mutex mutex;
  Bytes wire;
  est::net::AfterReply after = est::net::AfterReply::close;
  bool silent = false;
  std::vector<std::uint64_t> connections;  // of each POST

 private:
  const std::vector<Bytes> anchors_;
};

class RawUpstreamTest : public ProxyTest {
 protected:
  void SetUp() override {
    raw = std::make_unique<RawUpstream>(trust().explicit_anchors);
    est::tls::ServerProfile profile;
    profile.identity = identity("server");
    listen(profile);
    start(server->listening().front());
  }
  ~RawUpstreamTest() override { proxy.reset(); }
  void listen(const est::tls::ServerProfile& profile) {
    est::net::Server::Options options;
    options.listen = {{"127.0.0.1", 0}};
    server = must(est::net::Server::bind(options, must(est::tls::ServerContext::make(profile)), *raw, nowhere));
    ASSERT_TRUE(server->start().ok());
  }
  [[nodiscard]] client::Problem told(const std::string& octets, est::net::AfterReply after = est::net::AfterReply::close) {
    {
      const std::lock_guard lock(raw->mutex);
      raw->wire = est::to_bytes(octets);
      raw->after = after;
    }
    return enroll().problem();
  }
  [[nodiscard]] std::vector<std::uint64_t> posts() {
    const std::lock_guard lock(raw->mutex);
    return raw->connections;
  }

  const est::Log nowhere = est::Log::nowhere();
  std::unique_ptr<RawUpstream> raw;
  std::unique_ptr<est::net::Server> server;
};

TEST_F(RawUpstreamTest, AnswersThatAreNoneAre502) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Type: application/pkcs7-mime\r\n";
  for (const std::string& octets : {std::string("welcome to the machine\r\n\r\n"), ok + "Content-Length: 10\r\n\r\nabc",
                                    ok + "Content-Length: 99999999999\r\n\r\nabc", ok + "X: " + std::string(100000, 'x') + "\r\n\r\n",
                                    ok + "Content-Length: 4\r\n\r\n!!!!", std::string("HTTP/1.1 777 Lucky\r\nContent-Length: 0\r\n\r\n")}) {
    const client::Problem problem = told(octets);
    EXPECT_EQ(problem.status, 502) << octets.substr(0, 60);
    EXPECT_THAT(problem.reason, Not(HasSubstr("127.0.0.1"))) << "the upstream's address is nobody's business";
  }
  EXPECT_THAT(logged(), HasSubstr("cause"));
}

TEST_F(RawUpstreamTest, APostIsSentOnceWhateverBecomesOfIt) {
  EXPECT_EQ(told("", est::net::AfterReply::abort).status, 504);
  EXPECT_EQ(posts().size(), 1U);
  EXPECT_EQ(told("HTTP/1.1 200", est::net::AfterReply::close).status, 502);
  EXPECT_EQ(posts().size(), 2U);
}

TEST_F(RawUpstreamTest, WhatIsSaidTooMuchIsForNobody) {
  const std::string first = "HTTP/1.1 403 No\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nfirst";
  const std::string second = "HTTP/1.1 403 No\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nsecond";
  EXPECT_THAT(told(first + second, est::net::AfterReply::keep).reason, HasSubstr("first"));
  EXPECT_THAT(told(first, est::net::AfterReply::keep).reason, HasSubstr("first")) << "not what was left over";
  EXPECT_NE(posts().front(), posts().back()) << "on another connection";
  EXPECT_THAT(
      told("HTTP/1.1 403 No\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", est::net::AfterReply::keep).reason,
      Not(HasSubstr("second")));
  EXPECT_THAT(told(first, est::net::AfterReply::keep).reason, HasSubstr("first"));
  EXPECT_NE(posts().at(2), posts().at(3)) << "framing in doubt";
}

TEST_F(RawUpstreamTest, IsGivenUpWhenItTakesTooLong) {
  {
    const std::lock_guard lock(raw->mutex);
    raw->silent = true;
  }
  EXPECT_EQ(told("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").status, 504);
}

TEST_F(RawUpstreamTest, IsAskedNothingUnderAWrongName) {
  const est::tls::AuthorityForTest stranger{"stranger"};
  est::tls::ServerProfile profile;
  profile.identity = stranger.server();
  server.reset();
  listen(profile);
  proxy.reset();
  start(server->listening().front());
  const client::Problem problem = enroll().problem();
  EXPECT_EQ(problem.status, 502);
  EXPECT_TRUE(posts().empty());
  EXPECT_THAT(logged(), HasSubstr("not authorised"));
  client::Client reader(through());
  EXPECT_EQ(reader.ca_certificates().problem().status, 503) << "and gives out nothing it says";
}

// --- What passes

class PassingThrough : public HostileUpstream {
 protected:
  // POST by a client whose request and answer the test may look at and change.
  client::Problem post(Operation operation, const client::Interceptor& interceptor) {
    client::ClientOptions how = through();
    give_password(how);
    how.retry.limit = 0;
    how.session.interceptor = interceptor;
    client::Client est(how);
    const auto make = [](const auto&) { return est::pki::make_request({}, enrolling_key()); };
    return operation == Operation::serverkeygen ? est.server_keygen(make, nullptr).problem() : est.enroll(operation, make).problem();
  }
};

TEST_F(PassingThrough, FieldsStayOnTheirSide) {
  says = est::ops::text_response(403, "No.");
  for (const auto* name : {"Set-Cookie", "Server", "Location", "X-Internal", "Proxy-Authenticate"}) says.fields.add(name, "secret");
  est::http::Response got;
  static_cast<void>(post(Operation::simpleenroll, [&](est::http::Request request, const est::tls::Facts&, const client::Send& send) {
    for (const auto* name : {"Cookie", "X-Client", "Forwarded"}) request.fields.add(name, "secret");
    auto answer = send(request);
    if (answer) got = *answer;
    return answer;
  }));
  ASSERT_EQ(got.status, 403);
  for (const auto* name : {"Set-Cookie", "Server", "Location", "X-Internal", "Proxy-Authenticate"})
    EXPECT_FALSE(got.fields.has(name)) << name;
  ASSERT_FALSE(posts().empty());
  for (const auto* name : {"Cookie", "X-Client", "Forwarded", "Authorization"}) EXPECT_FALSE(posts().back().fields.has(name)) << name;
}

TEST_F(PassingThrough, RetryAfterKeepsItsForm) {
  for (const int status : {202, 503})
    for (const std::string form : {"17", "Fri, 31 Dec 2100 23:59:59 GMT"}) {
      says = est::ops::text_response(status, "Wait.");
      says.fields.set("Retry-After", form);
      std::string got;
      static_cast<void>(
          post(Operation::simpleenroll, [&](const est::http::Request& request, const est::tls::Facts&, const client::Send& send) {
            auto answer = send(request);
            if (answer && answer->status == status) got = answer->fields.get("Retry-After").value_or("");
            return answer;
          }));
      EXPECT_EQ(got, form) << status;
    }
  says = est::ops::text_response(202, "Wait.");
  EXPECT_EQ(told(says).wait, 10U) << "our own where there is none";
}

TEST_F(PassingThrough, LabelsAreOfTheRequestAndNeverStick) {
  says = est::ops::text_response(403, "No.");
  client::ClientOptions how = through();
  how.session.identity = identity("device");
  how.retry.limit = 0;
  std::string label;
  how.session.interceptor = [&](est::http::Request request, const est::tls::Facts&, const client::Send& send) {
    request.target = "/.well-known/est/" + label + "simpleenroll";
    return send(request);
  };
  client::Client est(how);
  for (const std::string next : {"manual/", "", "manual/", ""}) {
    label = next;
    static_cast<void>(est.enroll(Operation::simpleenroll, [](const auto&) { return est::pki::make_request({}, enrolling_key()); }));
    ASSERT_FALSE(posts().empty());
    EXPECT_EQ(posts().back().target, "/.well-known/est/" + next + "simpleenroll");
  }
}

TEST_F(PassingThrough, BodiesThatAreTooBigStayHere) {
  const auto refused = post(Operation::simpleenroll, [](est::http::Request request, const est::tls::Facts&, const client::Send& send) {
    request.body = Bytes(300000, est::Byte{'A'});
    return send(request);
  });
  EXPECT_EQ(refused.status, 413);
  EXPECT_TRUE(posts().empty());
}

TEST_F(PassingThrough, AGeneratedKeyComesWholeOrNotAtAll) {
  const auto key = must(est::crypto::PrivateKey::generate(est::crypto::KeyType::ec_p256));
  const Bytes pkcs8 = key.to_pkcs8();
  says = est::ops::serverkeygen_response(pkcs8, false, identity("client").chain.front());
  const auto asked_for = [&] {
    Bytes got;
    static_cast<void>(
        post(Operation::serverkeygen, [&](const est::http::Request& request, const est::tls::Facts&, const client::Send& send) {
          auto answer = send(request);
          if (answer && answer->status == 200) got = answer->body;
          return answer;
        }));
    return got;
  };
  EXPECT_EQ(asked_for(), says.body);
  EXPECT_THAT(logged(), Not(HasSubstr("BEGIN")));
  const est::tls::AuthorityForTest stranger{"stranger"};
  says = est::ops::serverkeygen_response(pkcs8, false, stranger.server().chain.front());
  EXPECT_TRUE(asked_for().empty()) << "of another CA";
  says.fields.set("Content-Type", "multipart/mixed; boundary=elsewhere");
  EXPECT_TRUE(asked_for().empty()) << "no parts";
  says = est::ops::text_response(200, "key");
  EXPECT_TRUE(asked_for().empty());
}

// --- /cacerts in time

class ChangingCa : public ProxyTest {
 protected:
  void SetUp() override {
    est::tls::ServerProfile profile;
    profile.identity = identity("server");
    upstream = std::make_unique<client::ScriptedServer>(
        profile, [this](const est::http::Request&, const est::net::Peer&, int) -> est::http::Response {
          return est::ops::cacerts_response(changed ? std::vector<Bytes>{next.certificate()} : trust().explicit_anchors);
        });
    start(upstream->at(), "}\ncacerts: {refresh-seconds: 1");
  }
  ~ChangingCa() override { proxy.reset(); }

  const est::tls::AuthorityForTest next{"next"};
  std::atomic<bool> changed = false;
  std::unique_ptr<client::ScriptedServer> upstream;
};

TEST_F(ChangingCa, IsSeenWhenItsCertificatesAreAskedForAgain) {
  client::Client reader(through());
  EXPECT_EQ(reader.ca_certificates()->set.anchors(), trust().explicit_anchors);
  changed = true;
  const est::Deadline deadline = est::Deadline::after(std::chrono::seconds(20));
  while (!deadline.passed()) {
    const auto answer = reader.ca_certificates();
    ASSERT_TRUE(answer.ok());
    if (answer->set.anchors() == std::vector<Bytes>{next.certificate()}) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  FAIL() << "the new certificate was never given out";
}

}  // namespace
}  // namespace proxy
