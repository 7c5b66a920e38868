// Inside est/net only: what the loops of one server have in common.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "est/base/timers.h"
#include "est/net/server.h"
#include "est/net/workers.h"

namespace est::net {

// Counts connections by IP address. Threads: any.
class PeerTable {
 public:
  explicit PeerTable(std::size_t most) : most_(most) {}
  [[nodiscard]] bool enter(const std::string& address);  // false, and nothing counted, when the address has its share
  void leave(const std::string& address);

 private:
  std::size_t most_;
  std::mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> counts_;
};

struct Shared {
  Shared(const ServerLimits& wanted, std::shared_ptr<const tls::ServerContext> first, Application& application_, const Log& log_,
         Timers* timers_ = nullptr)
      : limits(wanted),
        application(application_),
        log(log_),
        timers(timers_),
        peers(wanted.connections_per_peer),
        context_(std::move(first)) {}

  const ServerLimits limits;
  Application& application;
  const Log& log;
  Timers* const timers;  // may be null
  PeerTable peers;
  Workers workers;
  std::atomic<bool> draining{false};
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> accepted{0}, open{0}, handshake_failures{0}, requests{0}, timeouts{0}, refused{0};

  [[nodiscard]] std::shared_ptr<const tls::ServerContext> current_context();
  void replace_context(std::shared_ptr<const tls::ServerContext> next);

 private:
  std::mutex mutex_;
  std::shared_ptr<const tls::ServerContext> context_;
};

}  // namespace est::net
