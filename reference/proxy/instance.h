// A whole registration authority in this process: upstream, CA certificates, trust, handler and listener built from a Config.
#pragma once

#include <memory>
#include <vector>

#include "est/base/log.h"
#include "est/base/result.h"
#include "est/net/server.h"
#include "proxy/config.h"

namespace proxy {

class Instance {
 public:
  // Reads every file the configuration names, and binds. Serves from start() on.
  [[nodiscard]] static est::Result<std::unique_ptr<Instance>> make(Config config, est::Log log);
  ~Instance();  // stops hard

  // Asks the upstream for CA certificates first; one that does not answer is asked again later.
  [[nodiscard]] est::Status start();
  [[nodiscard]] std::vector<est::net::Endpoint> listening() const;  // with the real ports
  // Reads certificates, keys, CRLs and passwords of the front again, as server::Instance::reload(). Any thread.
  [[nodiscard]] est::Status reload();
  // Stops accepting, finishes what is under way, returns. Any thread but the listener's.
  void drain();
  [[nodiscard]] est::net::Server::Counters counters() const;

 private:
  struct Impl;
  explicit Instance(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace proxy
