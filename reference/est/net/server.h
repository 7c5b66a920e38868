// An HTTPS listener: an event loop on a few threads (epoll) that holds thousands of connections, each phase under a total deadline.
// What takes long is done on further threads. It speaks TLS and HTTP framing; what a request means is the Application's affair.
//
// Requests of one connection are served one at a time and in order; nothing more is read while a reply waits to be sent, so a
// connection never holds more than one request, one reply and 16 KiB of what was pipelined behind. A head or body that does not come
// in time is refused with 408 by Application::on_refusal, a request after a refusal is never read. Before closing, the server sends
// close_notify and FIN and for a moment swallows what the client still sends, so that the client sees the reply and no reset.
// A peer that does not speak TLS gets a FIN and no octet of content.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/log.h"
#include "est/base/result.h"
#include "est/http/message.h"
#include "est/http/parser.h"
#include "est/net/address.h"
#include "est/tls/context.h"
#include "est/tls/facts.h"

namespace est {
class Timers;
}

namespace est::net {

struct Peer {
  std::uint64_t connection = 0;  // unique in the process
  std::string address;           // "127.0.0.1:49152"
  // As of the latest handshake; lives as long as the connection. Where the server itself asked for the client's certificate in the
  // middle of a request (tls::ClientCertificate::late), tls_unique is that of the handshake before, for this one request: the client
  // could not know another when it made the request, and RFC 5929 3.1 wants both sides to mean the same.
  const tls::Facts* tls = nullptr;
};

enum class AfterReply { keep, close, abort };  // abort: TCP reset without close_notify

struct Reply {
  Bytes wire;  // a complete HTTP response, or whatever a misbehaving peer wants to send
  AfterReply after = AfterReply::keep;
};

// The long part of the work for a request, and its reply. It owns what it needs: the connection may end before it does.
using Errand = std::function<Reply()>;
// Work that others do on threads of their own. Called by the loop at once, it starts the work and returns; when the work is done, it or
// another thread hands over, once, what makes the reply of it, which the loop then runs: also when the client has gone meanwhile, but not
// when the server has ended.
using HandOver = std::function<void(Errand)>;
using Deferred = std::function<void(HandOver)>;
using Begun = std::variant<Reply, Errand, Deferred>;

// Threads: called from any loop thread, several at once; while a call lasts, its loop's other connections wait.
// An exception that escapes is logged and answered with a bare 500.
class Application {
 public:
  virtual ~Application() = default;
  // Decides on the head alone: a reply here is sent without reading the body (and the connection is closed); nothing means go on.
  [[nodiscard]] virtual std::optional<Reply> on_head(const http::Request& head, const Peer& peer) = 0;
  [[nodiscard]] virtual Reply on_request(const http::Request& request, const Peer& peer, bool keep_alive) = 0;
  // What the server calls for a request. Where answering takes long, an errand is the answer, which must end in its own time, at most
  // limits.errand: it runs on one of Options::workers threads, while the connection waits by itself and is read no further, and its loop
  // serves others. An errand whose connection has ended may still run; one that has not begun when the server ends never does.
  // What is deferred holds no thread; the connection waits in the same way.
  [[nodiscard]] virtual Begun begin_request(const http::Request& request, const Peer& peer, bool keep_alive) {
    return on_request(request, peer, keep_alive);
  }
  // With tls::ClientCertificate::late, of a client that has shown no certificate and was not asked on this connection: whether this
  // request needs one. Asked when the whole request is here, before on_head(). The client gets limits.handshake to answer; one that
  // does not is dropped, one that cannot (no post-handshake authentication, say) or has none goes on without.
  [[nodiscard]] virtual bool wants_client_certificate(const http::Request& /*head*/, const Peer& /*peer*/) { return false; }
  // The parser refused, or time ran out (408); the connection is closed after the reply.
  [[nodiscard]] virtual Reply on_refusal(const http::Refusal& refusal, const Peer& peer) = 0;
};

struct ServerLimits {
  Milliseconds handshake{10000};
  Milliseconds head{10000};  // from the first octet of a request to the end of its head
  Milliseconds body{30000};
  Milliseconds idle{60000};  // between requests
  Milliseconds write{30000};
  Milliseconds errand{600000};              // from begin_request() to its reply, the wait for a worker included
  Milliseconds drain{10000};                // graceful shutdown
  std::size_t connections = 10000;          // bind() lowers it to what the process's descriptor limit allows and logs that
  std::size_t connections_per_peer = 5000;  // by IP address
  std::size_t requests_per_connection = 10000;
  http::ParserLimits parser;
};

class Server {
 public:
  struct Options {
    std::vector<Endpoint> listen;  // port 0 picks a free one; IPv4 and IPv6; an empty host or "*" means every address
    unsigned threads = 2;          // event loops; 0: as many as there are processors
    ServerLimits limits;
    unsigned workers = 0;      // threads for errands, each with a bounded queue (workers.h); 0: they run in the loop
    Timers* timers = nullptr;  // of accept, handshake, parse and write; nothing: not measured. Must outlive the server
  };

  // Binds at once (so that ports() is known); serves from start() on. The application and log must outlive the server.
  [[nodiscard]] static Result<std::unique_ptr<Server>> bind(const Options& options, std::shared_ptr<const tls::ServerContext> context,
                                                            Application& application, const Log& log);
  ~Server();  // stops hard

  [[nodiscard]] Status start();
  [[nodiscard]] std::vector<Endpoint> listening() const;  // with the real ports
  // New connections use the new context from now on; open ones keep theirs. Any thread.
  void replace_context(std::shared_ptr<const tls::ServerContext> context);
  // Stops accepting, lets requests under way finish within limits.drain, then returns. Connections without a request are closed
  // at once. Any thread but the loop's. The server is over afterwards.
  void drain();
  struct Counters {
    std::uint64_t accepted = 0;            // connections taken from the listeners, refused ones included
    std::uint64_t open = 0;                // now
    std::uint64_t handshake_failures = 0;  // ended before TLS stood, time-outs included
    std::uint64_t requests = 0;            // answered by on_request() or by on_head()
    std::uint64_t timeouts = 0;            // in any phase but idle
    std::uint64_t refused = 0;             // closed at once because of a limit
    Counters& operator+=(const Counters& more);
  };
  [[nodiscard]] Counters counters() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace est::net
