// Inside conformance/peer only: what the servers of one script have in common, and one connection's doing.
#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>

#include "conformance/peer/delivery.h"
#include "conformance/peer/gate.h"
#include "conformance/peer/scripted_server.h"
#include "conformance/peer/service.h"

namespace conformance::peer {

inline constexpr std::size_t most_connections = 200;  // recorded; what comes later is closed at once
inline constexpr std::size_t most_requests = 200;     // of one connection

// Threads: any.
class Record {
 public:
  // Null when there were too many.
  [[nodiscard]] SeenConnection* begin(bool other, std::string peer);
  // Changes `seen`, which begin() gave.
  void change(SeenConnection& seen, const std::function<void(SeenConnection&)>& how);
  [[nodiscard]] std::vector<SeenConnection> all() const;
  // As ScriptedServer::take_seen().
  [[nodiscard]] std::vector<SeenConnection> take();
  // Whether some handshake or answer is under way.
  [[nodiscard]] bool busy() const;

 private:
  mutable std::mutex mutex_;
  std::list<SeenConnection> connections_;
  int number_ = 0;
};

// Waits that stop() ends.
class Stopper {
 public:
  void stop();
  [[nodiscard]] bool stopped() const { return stopped_; }
  void pause(est::Milliseconds span);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> stopped_{false};
};

// One script and what serves it. Threads: any.
class Act {
 public:
  // The references must outlive it.
  Act(Script given, const Pki& pki, const est::http::Credentials& credentials, std::shared_ptr<const est::tls::ServerContext> tls)
      : script(std::move(given)),
        service(script, pki, credentials),
        gate(script.authentication, credentials, pki),
        context(std::move(tls)) {}

  const Script script;
  Service service;
  Gate gate;
  const std::shared_ptr<const est::tls::ServerContext> context;

  // The next answer of the list, and its number; without a list a good one and 0.
  [[nodiscard]] std::pair<Answer, int> next(const std::string& operation);

 private:
  std::mutex mutex_;
  std::map<std::string, std::size_t> turns_;
};

// What the connections of one server share.
struct Shared {
  Shared(const Pki& pki_, est::http::Credentials credentials_, ServerOptions options_, Record& record_)
      : pki(pki_), credentials(std::move(credentials_)), options(std::move(options_)), record(record_) {}

  const Pki& pki;
  const est::http::Credentials credentials;
  const ServerOptions options;
  Record& record;
  Stopper stopper;
  Places places;

  // What is played from the next request on.
  [[nodiscard]] std::shared_ptr<Act> act() const;
  void play(std::shared_ptr<Act> act);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Act> act_;
};

// Serves one connection to its end, which is left to the caller: true, with a reset.
[[nodiscard]] bool converse(est::net::AcceptedConnection& connection, SeenConnection& seen, Shared& shared);

}  // namespace conformance::peer
