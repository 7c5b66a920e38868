// What a server must stand: silence, dripping, floods, early leave, and want of descriptors.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <future>

#include "est/base/text.h"
#include "est/net/server_fixture_test.h"
#include "est/net/socket.h"

namespace est::net {
namespace {

using tls::Version;

struct HostileTest : ServerTest {
  // One client asks again and again while others misbehave; the longest wait is what counts.
  struct Watch {
    std::atomic<bool> stop{false};
    std::chrono::steady_clock::duration longest{};
    int answers = 0;
  };
  [[nodiscard]] std::future<void> keep_asking(Watch& watch) const {
    return std::async(std::launch::async, [this, &watch] {
      do {
        const auto begin = std::chrono::steady_clock::now();
        expect_alive();
        watch.longest = std::max(watch.longest, std::chrono::steady_clock::now() - begin);
        ++watch.answers;
      } while (!watch.stop);
    });
  }
};

template <class Stream>
PeerClose read_to_end(Stream& stream) {
  std::array<Byte, 4096> buffer{};
  const Deadline deadline = Deadline::after(patience);
  for (;;) {
    const ReadOutcome outcome = stream.read(buffer, deadline);
    if (outcome.failure || outcome.count == 0) return stream.peer_close();
  }
}

// --- slow peers: a total deadline in each phase, whatever drips

struct DripCase {
  std::string name;
  Milliseconds ServerLimits::*limit;
  Bytes first;  // sent at once
  Byte drip;    // sent again and again
  int status;   // of the answer, 0 if none
};

TEST_F(HostileTest, ADrippingRequestIsRefusedInTimeWhileOthersAreServed) {
  const std::vector<DripCase> cases{
      {"head", &ServerLimits::head, to_bytes("GET / HTTP/1.1\r\nHost: a\r\nX: "), 'x', 408},
      {"body", &ServerLimits::body, to_bytes("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"), 'x', 408},
      {"idle", &ServerLimits::idle, {}, 0, 0},
  };
  for (const DripCase& c : cases) {
    options.limits = {};
    options.limits.*c.limit = 400ms;
    start();
    Watch watch;
    auto asking = keep_asking(watch);
    ClientConnection slow = connect();
    ASSERT_FALSE(slow.write(c.first, Deadline::after(patience)));
    const auto begin = std::chrono::steady_clock::now();
    while (!slow.readable_now() && std::chrono::steady_clock::now() - begin < patience) {
      if (c.drip != 0) static_cast<void>(slow.write(std::array{c.drip}, Deadline::after(patience)));
      std::this_thread::sleep_for(20ms);
    }
    EXPECT_EQ(read_response(slow).status(), c.status) << c.name;
    EXPECT_EQ(read_to_end(slow), PeerClose::close_notify) << c.name;
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took, 300ms) << c.name;
    EXPECT_LT(took, 5s) << c.name;
    watch.stop = true;
    asking.get();
    EXPECT_EQ(server->counters().timeouts, c.status == 0 ? 0U : 1U) << c.name;
  }
}

TEST_F(HostileTest, SilentAndDrippingHandshakesEndInTime) {
  options.limits.handshake = 400ms;
  start();
  PlainConnection silent = connect_plain();
  PlainConnection dripping = connect_plain();
  const auto begin = std::chrono::steady_clock::now();
  const Bytes hello{22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3};
  for (std::size_t i = 0; std::chrono::steady_clock::now() - begin < 600ms; ++i) {
    static_cast<void>(dripping.write(std::array{i < hello.size() ? hello[i] : Byte{0}}, Deadline::after(patience)));
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(read_to_end(silent), PeerClose::fin);
  EXPECT_NE(read_to_end(dripping), PeerClose::open);
  EXPECT_TRUE(eventually([&] { return server->counters().timeouts == 2 && server->counters().open == 0; }));
  EXPECT_EQ(server->counters().handshake_failures, 2U);
  expect_alive();
}

TEST_F(HostileTest, APeerThatDoesNotReadItsAnswerIsCutOff) {
  options.limits.write = 400ms;
  start();
  ClientConnection deaf = connect();
  Bytes many;
  for (int i = 0; i < 20; ++i) append(many, get("/big"));
  ASSERT_FALSE(deaf.write(many, Deadline::after(patience)));
  EXPECT_TRUE(eventually([&] { return server->counters().timeouts == 1 && server->counters().open == 0; }));
  // Back-pressure: with the first answers stuck, the later requests are not even read.
  EXPECT_LT(server->counters().requests, 20U);
  expect_alive();
}

// A client may never stop sending and reading: the others still have their turn.
TEST_F(HostileTest, AFloodOfPipelinedRequestsDoesNotKeepTheLoop) {
  options.threads = 1;
  start();
  std::atomic<bool> stop = false;
  const auto flood = [&] {
    ClientConnection client = connect();
    Bytes many;
    for (int i = 0; i < 100; ++i) append(many, post("/echo", "x"));
    Bytes rest;
    while (!stop) {
      ASSERT_FALSE(client.write(many, Deadline::after(patience)));
      for (int i = 0; i < 100; ++i) ASSERT_EQ(read_response(client, patience, &rest).body(), "x");
    }
  };
  auto first = std::async(std::launch::async, flood);
  auto second = std::async(std::launch::async, flood);
  for (int i = 0; i < 5; ++i) expect_alive();
  stop = true;
  first.get();
  second.get();
}

// --- many peers

TEST_F(HostileTest, SilentAndIdleConnectionsDoNotHinderAnyone) {
  // Three hundred handshakes may take longer than a server's usual patience with the silent ones.
  options.limits.handshake = options.limits.idle = 600s;
  start();
  std::vector<PlainConnection> silent;
  silent.reserve(200);
  for (int i = 0; i < 200; ++i) silent.push_back(connect_plain());
  std::vector<ClientConnection> idle;
  idle.reserve(300);
  for (int i = 0; i < 300; ++i) idle.push_back(connect());
  EXPECT_TRUE(eventually([&] { return server->counters().open == 500; }));
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) expect_alive();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  for (ClientConnection& client : idle) ASSERT_EQ(ask(client, post("/echo", "after all")).body(), "after all");
}

TEST_F(HostileTest, ManyClientsAtOnce) {
  options.threads = 4;
  start();
  std::vector<std::future<void>> clients;
  clients.reserve(8);
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::async(std::launch::async, [&, i] {
      for (int j = 0; j < 10; ++j) {
        ClientConnection client = connect();
        const std::string text = std::to_string(i) + "/" + std::to_string(j);
        ASSERT_EQ(ask(client, post("/echo", text)).body(), text);
        ASSERT_EQ(ask(client, get("/unique")).body(), hex(client.facts().tls_unique));
        client.close(j % 2 == 0);
      }
    }));
  }
  for (auto& client : clients) client.get();
  EXPECT_EQ(server->counters().accepted, 80U);
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
}

TEST_F(HostileTest, LimitsInTotalAndPerPeer) {
  for (const bool per_peer : {true, false}) {
    options.limits = {};
    (per_peer ? options.limits.connections_per_peer : options.limits.connections) = 5;
    start();
    std::vector<ClientConnection> within;
    within.reserve(5);
    for (int i = 0; i < 5; ++i) within.push_back(connect());
    const auto sixth = try_connect();
    ASSERT_TRUE(std::holds_alternative<Failure>(sixth));
    EXPECT_EQ(std::get<Failure>(sixth).cause, Cause::reset) << std::get<Failure>(sixth).message;
    EXPECT_EQ(server->counters().refused, 1U);
    within.pop_back();
    ASSERT_TRUE(eventually([&] { return server->counters().open == 4; }));
    expect_alive();
  }
}

TEST_F(HostileTest, WantOfDescriptorsPausesAcceptingOnly) {
  start();
  ClientConnection before = connect();
  ASSERT_EQ(ask(before, get("/")).status(), 200);
  // The waiting clients need their descriptors first; then nothing is left for the server.
  std::vector<PlainConnection> waiting;
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  const Socket probe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  rlimit low = old;
  low.rlim_cur = static_cast<rlim_t>(probe.get()) + 6;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  for (int i = 0; i < 10; ++i) {
    auto opened = PlainConnection::open(endpoint, 1s);
    if (std::holds_alternative<Failure>(opened)) break;
    waiting.push_back(std::get<PlainConnection>(std::move(opened)));
  }
  rusage used_before{};
  getrusage(RUSAGE_SELF, &used_before);
  std::this_thread::sleep_for(300ms);
  rusage used_after{};
  getrusage(RUSAGE_SELF, &used_after);
  EXPECT_EQ(ask(before, post("/echo", "still here")).body(), "still here");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
  const auto busy = [](const rusage& usage) {
    return usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000 + usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000;
  };
  EXPECT_LT(busy(used_after) - busy(used_before), 150) << "the loops spin";
  expect_alive();
}

// --- peers that leave, at every point

// Cuts the connection after that many octets of the client's side of a handshake and a request.
TEST_F(HostileTest, LeavingAtAnyPointHarmsNobodyElse) {
  start();
  for (const Version version : {Version::tls12, Version::tls13}) {
    use(version);
    client_profile.identity = intermediate.client();
    const auto context = tls::must(tls::ClientContext::make(client_profile));
    for (int flight = 0; flight < 4; ++flight) {
      for (const bool abrupt : {false, true}) {
        auto connected = connect_tcp(endpoint, Deadline::after(patience));
        Socket socket = std::get<Socket>(std::move(connected));
        Wire wire;
        wire.descriptor = socket.get();
        const crypto::SslHandle ssl = tls::must(tls::new_connection(*context));
        ASSERT_TRUE(attach(*ssl, wire).ok());
        // Each call sends what can be sent; between them the server answers.
        for (int i = 0; i < flight; ++i) {
          if (SSL_do_handshake(ssl.get()) == 1) static_cast<void>(SSL_write(ssl.get(), "GET / HT", 8));
          static_cast<void>(wait_for(socket.get(), 1, Deadline::after(20ms)));
        }
        abrupt ? socket.reset() : socket.close();
      }
    }
  }
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
  expect_alive();
}

TEST_F(HostileTest, ATruncatedOrMangledHelloHarmsNobodyElse) {
  start();
  // A real ClientHello, taken from a client that talks into memory.
  const auto context = tls::must(tls::ClientContext::make(client_profile));
  const crypto::SslHandle ssl = tls::must(tls::new_connection(*context));
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
  static_cast<void>(SSL_do_handshake(ssl.get()));
  Bytes hello(4096);
  hello.resize(static_cast<std::size_t>(BIO_read(out, hello.data(), static_cast<int>(hello.size()))));
  for (std::size_t at = 0; at < hello.size(); at += 7) {
    PlainConnection cut = connect_plain();
    static_cast<void>(cut.write(BytesView(hello).first(at), Deadline::after(patience)));
    PlainConnection mangled = connect_plain();
    Bytes bad = hello;
    bad[at] ^= 0xFFU;
    static_cast<void>(mangled.write(bad, Deadline::after(patience)));
    mangled.end_output();
  }
  expect_alive();
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
}

TEST_F(HostileTest, LeavingWhileTheAnswerIsMadeOrSentHarmsNobodyElse) {
  start();
  for (const char* target : {"/slow", "/big"}) {
    for (const bool abrupt : {false, true}) {
      ClientConnection client = connect();
      ASSERT_FALSE(client.write(get(target), Deadline::after(patience)));
      client.close(abrupt);
    }
  }
  EXPECT_TRUE(eventually([&] { return server->counters().requests >= 2 && server->counters().open == 0; }));
  expect_alive();
}

// --- other protocols

TEST_F(HostileTest, WhoDoesNotSpeakTlsGetsAnOrderlyEndAndNothingElse) {
  start();
  for (const std::string hello : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /.well-known/est/simpleenroll HTTP/1.0\r\n\r\n",
                                  "SSH-2.0-x\r\n", "\r\n", "\x80\x2e\x01\x00\x02", "{\"json\": true}"}) {
    PlainConnection plain = connect_plain();
    ASSERT_FALSE(plain.write(as_bytes(hello), Deadline::after(patience)));
    std::array<Byte, 1000> buffer{};
    Bytes all;
    for (;;) {
      const ReadOutcome outcome = plain.read(buffer, Deadline::after(patience));
      append(all, BytesView(buffer).first(outcome.count));
      if (outcome.failure || outcome.count == 0) break;
    }
    EXPECT_EQ(plain.peer_close(), PeerClose::fin) << hello;
    // At most an alert.
    EXPECT_LE(all.size(), 7U) << printable(as_text(all));
  }
  EXPECT_TRUE(eventually([&] { return server->counters().handshake_failures == 6; }));
  EXPECT_EQ(application.answered, 0);
  expect_alive();
}

TEST_F(HostileTest, PlainTextInsideAnEstablishedConnectionEndsOnlyThat) {
  start();
  auto connected = connect_tcp(endpoint, Deadline::after(patience));
  Socket socket = std::get<Socket>(std::move(connected));
  Wire wire;
  wire.descriptor = socket.get();
  const auto context = tls::must(tls::ClientContext::make(client_profile));
  const crypto::SslHandle ssl = tls::must(tls::new_connection(*context));
  ASSERT_TRUE(attach(*ssl, wire).ok());
  while (SSL_do_handshake(ssl.get()) != 1) ASSERT_TRUE(wait_for(socket.get(), 1, Deadline::after(patience)));
  constexpr std::string_view text = "GET / HTTP/1.1\r\n\r\n";
  ASSERT_GT(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL), 0);
  EXPECT_TRUE(eventually([&] { return server->counters().open == 0; }));
  expect_alive();
}

}  // namespace
}  // namespace est::net
