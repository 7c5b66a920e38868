// A whole EST server in this process: CA, trust, handler and listener built from a Config. The program and every test use it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ca/authority.h"
#include "est/base/log.h"
#include "est/base/result.h"
#include "est/net/server.h"
#include "server/config.h"

namespace server {

class Instance {
 public:
  // Puts something around the handler, for instance a peer that misbehaves on purpose; both arguments outlive what is returned.
  using Wrap = std::function<std::unique_ptr<est::net::Application>(est::net::Application& inner, ca::Authority& authority)>;

  // Opens the CA, reads every file the configuration names, binds. Serves from start() on.
  [[nodiscard]] static est::Result<std::unique_ptr<Instance>> make(Config config, est::Log log, const Wrap& wrap = {});
  ~Instance();  // stops hard

  [[nodiscard]] est::Status start();
  [[nodiscard]] std::vector<est::net::Endpoint> listening() const;  // with the real ports; those of `listen` first
  [[nodiscard]] std::string metrics_url() const;                    // empty: none are given out
  [[nodiscard]] ca::Authority& authority();
  // Reads certificates, keys (those that protect generated ones too), CRLs and passwords again (not the configuration file). All or
  // nothing: on an error everything stays as it was. Open connections keep their TLS identity; requests on them are judged by the new
  // trust. Any thread.
  [[nodiscard]] est::Status reload();
  // Stops accepting, finishes what is under way, returns. Any thread but the listener's.
  void drain();
  [[nodiscard]] est::net::Server::Counters counters() const;

 private:
  struct Impl;
  explicit Instance(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// https://HOST:PORT for each listening endpoint, and the address of the metrics.
[[nodiscard]] std::vector<std::string> urls(const Instance& instance);

}  // namespace server
