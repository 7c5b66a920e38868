// A server that does what a script says, and writes down all that its clients do. One thread a connection; every wait has a deadline.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conformance/peer/pki.h"
#include "conformance/peer/script.h"
#include "est/http/auth.h"
#include "est/net/accepted.h"

namespace conformance::peer {

using Moment = std::chrono::steady_clock::time_point;

struct SeenRequest {
  Moment began, ended;  // the first octet of the request came; the last octet of the answer went
  est::Bytes request;   // as received
  est::Bytes answer;    // as sent, as far as it was
  std::string method, target;
  std::string operation;  // a word of operations(); empty when the request could not be read
  int turn = 0;           // which answer of the script's list this was, from 1; 0: none of it (authentication, refusal)
  bool let_in = true;     // authentication was passed, or not asked for
  bool ended_it = false;  // `answer` and `ended` are what became of it
};

struct SeenConnection {
  int number = 0;      // from 1, in the order of arrival, over both servers of a script
  bool other = false;  // came to the script's `other`
  Moment began;
  std::string peer;
  std::optional<est::tls::Facts> tls;        // of the last handshake
  std::optional<est::net::Failure> failure;  // why no TLS stands, or why it ended
  std::vector<est::tls::Alert> alerts;
  est::Bytes beginning;  // the first octets: the record with the ClientHello, or whatever else came
  std::vector<SeenRequest> requests;
  est::net::PeerClose close = est::net::PeerClose::open;  // by the client
  bool over = false;                                      // the connection has ended
  std::shared_ptr<est::net::Tap> tap = {};                // null unless ServerOptions::taps
  bool continued = false;                                 // what was seen of it before has been taken by take_seen()
};

struct Delivery;  // delivery.h

struct ServerOptions {
  est::net::Endpoint listen{"localhost", 0};
  std::string name = "localhost";  // how clients are told to call it
  est::Milliseconds handshake{10000};
  est::Milliseconds idle{60000};  // for one request to come, and for one answer to be taken
  bool taps = false;              // whether SeenConnection::tap is wanted
  // Called as each request ends, from any thread, one at a time. May be empty.
  std::function<void(const SeenConnection&, const SeenRequest&)> watch = {};
  // The same, as each connection ends.
  std::function<void(const SeenConnection&)> ended = {};
  // Changes the answer to an authenticated request before it goes out, from any thread. May be empty.
  std::function<void(const std::string& operation, Delivery&)> disturb = {};
};

class ScriptedServer {
 public:
  // Listens and serves from here on. `pki` must outlive it.
  [[nodiscard]] static est::Result<std::unique_ptr<ScriptedServer>> start(Script script, const Pki& pki, est::http::Credentials credentials,
                                                                          const ServerOptions& options = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;  // "https://localhost:PORT"
  // Waits until no connection is open, for clients that have ended.
  void settle(est::Deadline deadline) const;
  // Ends all connections and waits for their threads. What was seen stays.
  void stop();
  [[nodiscard]] std::vector<SeenConnection> seen() const;

  // For a client that stays: another script from here on. Connections stand and are served by it, unless identity or TLS are others than
  // before: then they end, and those that come are made by the new script. Its `other` is not served. An error: the identity cannot be
  // made.
  [[nodiscard]] est::Status play(Script script);
  // Waits until every handshake and every answer begun has ended.
  void rest(est::Deadline deadline) const;
  // What was seen since the last call; of a connection that lasts, the requests since.
  [[nodiscard]] std::vector<SeenConnection> take_seen();

 private:
  struct Impl;
  explicit ScriptedServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace conformance::peer
