// TLS handshakes by the contexts of est/tls: over memory, where only cryptography and OpenSSL are left, and over loopback with est/net.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <thread>

#include "bench/material.h"
#include "bench/measure.h"
#include "est/net/accepted.h"
#include "est/net/client.h"

namespace bench {

namespace {

using est::crypto::SslHandle;
using est::crypto::SslSessionHandle;
using est::tls::Version;

struct Kind {
  std::string name;
  Version version = Version::tls13;
  est::crypto::KeyType key = est::crypto::KeyType::ec_p256;
  // TLS 1.2 takes a certificate only on a curve that is listed, so P-256 stands behind.
  std::string groups = "X25519:P-256";
  bool mutual = false, resumed = false;
};

struct Contexts {
  std::shared_ptr<const est::tls::ServerContext> server;
  std::shared_ptr<const est::tls::ClientContext> client;
};

Contexts contexts_for(const Kind& kind) {
  const Authority own(kind.key);
  est::tls::ServerProfile server;
  server.identity = own.identity("CN=server", "127.0.0.1");
  server.least = server.most = kind.version;
  server.groups = kind.groups;
  server.client_certificate = kind.mutual ? est::tls::ClientCertificate::required : est::tls::ClientCertificate::none;
  est::tls::ClientProfile client;
  client.anchors = {own.root()};
  client.expected_name = "127.0.0.1";
  client.least = client.most = kind.version;
  client.groups = kind.groups;
  if (kind.mutual) client.identity = own.identity("CN=device");
  return {must(est::tls::ServerContext::make(server)), must(est::tls::ClientContext::make(client))};
}

// A client and a server that hand each other octets in memory, one step at a time on one thread, so that each side's time can be taken.
class Pair {
 public:
  Pair(const Contexts& contexts, SSL_SESSION* resume)
      : client(must(est::tls::new_connection(*contexts.client))), server(must(est::tls::new_connection(*contexts.server))) {
    BIO *left = nullptr, *right = nullptr;
    demand(BIO_new_bio_pair(&left, std::size_t{1} << 17U, &right, std::size_t{1} << 17U) == 1, "no pair of BIOs");
    SSL_set_bio(client.get(), left, left);
    SSL_set_bio(server.get(), right, right);
    if (resume != nullptr) demand(SSL_set_session(client.get(), resume) == 1, "the session cannot be offered");
  }

  void shake_hands(Sides& sides) {
    for (int i = 0; i < 16 && !done(); ++i) {
      step(client.get(), sides.client);
      step(server.get(), sides.server);
    }
    demand(done(), "the handshake came to no end");
  }
  // One octet each way, which brings the ticket of TLS 1.3.
  SslSessionHandle session() {
    char octet = 'x';
    demand(SSL_write(server.get(), &octet, 1) == 1 && SSL_read(client.get(), &octet, 1) == 1, "nothing comes through");
    SSL_shutdown(client.get());
    SSL_shutdown(server.get());
    SslSessionHandle out(SSL_get1_session(client.get()));
    demand(out != nullptr && SSL_SESSION_is_resumable(out.get()) == 1, "there is no session to resume");
    return out;
  }
  [[nodiscard]] bool resumed() const { return SSL_session_reused(server.get()) == 1; }

  SslHandle client, server;

 private:
  [[nodiscard]] bool done() const { return SSL_is_init_finished(client.get()) == 1 && SSL_is_init_finished(server.get()) == 1; }
  static void step(SSL* ssl, std::chrono::nanoseconds& spent) {
    const auto before = thread_cpu();
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl);
    spent += thread_cpu() - before;
    demand(result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ, "the handshake failed");
  }
};

void over_memory(benchmark::State& state, const Kind& kind) {
  const Contexts contexts = contexts_for(kind);
  Sides sides, aside;
  SslSessionHandle session;
  const Loop loop(state);
  for (auto _ : state) {
    if (kind.resumed) {
      state.PauseTiming();
      Pair first(contexts, nullptr);
      first.shake_hands(aside);
      session = first.session();
      state.ResumeTiming();
    }
    Pair pair(contexts, session.get());
    pair.shake_hands(sides);
    demand(pair.resumed() == kind.resumed, kind.name + ": the session was resumed or not, against what is measured");
  }
  sides.report(state);
}

// The server's side on its own thread, one connection after another; `cpu` is read by the other side between connections.
class LoopbackServer {
 public:
  explicit LoopbackServer(const est::tls::ServerContext& context)
      : context_(context), listener_(must(est::net::Listener::bind({"127.0.0.1", 0}))), thread_([this] { serve(); }) {}
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  ~LoopbackServer() {
    listener_.stop();
    thread_.join();
  }
  [[nodiscard]] est::net::Endpoint address() const { return {"127.0.0.1", listener_.port()}; }

 private:
  void serve() {
    constexpr est::Milliseconds patience{10000};
    for (;;) {
      auto connection = listener_.accept(est::Deadline::after(patience));
      if (!connection) return;
      if (connection->handshake(context_, est::Deadline::after(patience))) continue;
      est::Byte octet = 0;
      static_cast<void>(connection->read({&octet, 1}, est::Deadline::after(patience)));  // until the client closes
      connection->close();
    }
  }
  const est::tls::ServerContext& context_;
  est::net::Listener listener_;
  std::thread thread_;
};

est::net::ClientConnection connect(const LoopbackServer& server, const Contexts& contexts, SSL_SESSION* resume) {
  auto opened = est::net::ClientConnection::open(server.address(), *contexts.client, {}, resume);
  if (const auto* failure = std::get_if<est::net::Failure>(&opened)) demand(false, failure->message);
  return std::get<est::net::ClientConnection>(std::move(opened));
}

// TLS 1.3's tickets come after the handshake: whoever wants one has to read.
SslSessionHandle session_with(const LoopbackServer& server, const Contexts& contexts) {
  auto first = connect(server, contexts, nullptr);
  est::Byte octet = 0;
  static_cast<void>(first.read({&octet, 1}, est::Deadline::after(est::Milliseconds(100))));
  SslSessionHandle session = first.session();
  first.close();
  return session;
}

void over_loopback(benchmark::State& state, const Kind& kind) {
  const Contexts contexts = contexts_for(kind);
  const LoopbackServer server(*contexts.server);
  const SslSessionHandle session = kind.resumed ? session_with(server, contexts) : nullptr;
  const auto own_before = thread_cpu(), all_before = process_cpu();
  const Loop loop(state);
  for (auto _ : state) {
    auto connection = connect(server, contexts, session.get());
    demand(connection.facts().resumed == kind.resumed, kind.name + ": the session was resumed or not, against what is measured");
    connection.close();
  }
  const auto own = thread_cpu() - own_before;
  Sides{own, process_cpu() - all_before - own}.report(state);
}

std::vector<Kind> kinds() {
  using est::crypto::KeyType;
  std::vector<Kind> all;
  for (const Version version : {Version::tls12, Version::tls13}) {
    const std::string name = version == Version::tls12 ? "tls12-" : "tls13-";
    all.push_back({name + "P-256-X25519", version});
    all.push_back({name + "P-256-P-256", version, KeyType::ec_p256, "P-256"});
    all.push_back({name + "P-384-P-384", version, KeyType::ec_p384, "P-384"});
    all.push_back({name + "RSA-2048-X25519", version, KeyType::rsa_2048});
    all.push_back({name + "P-256-X25519-mutual", version, KeyType::ec_p256, "X25519:P-256", true});
    all.push_back({name + "P-256-X25519-resumed", version, KeyType::ec_p256, "X25519:P-256", false, true});
  }
  return all;
}

}  // namespace

void add_handshakes() {
  for (const Kind& kind : kinds()) {
    benchmark::RegisterBenchmark(("handshake/memory/" + kind.name).c_str(), over_memory, kind);
    benchmark::RegisterBenchmark(("handshake/loopback/" + kind.name).c_str(), over_loopback, kind)->UseRealTime();
  }
}

}  // namespace bench
