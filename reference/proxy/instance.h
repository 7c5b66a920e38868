// A whole registration authority in this process: upstream, CA certificates, trust, handler and listener built from a Config.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "est/base/log.h"
#include "est/base/result.h"
#include "est/net/server.h"
#include "proxy/config.h"
#include "proxy/upstream.h"

namespace proxy {

class Instance {
 public:
  // For tests: what stands between the listener and the handler, and what has the last word on connections to the upstream.
  struct Hooks {
    std::function<std::unique_ptr<est::net::Application>(est::net::Application& inner, Upstream& upstream)> wrap;
    Upstream::Adjust adjust;
  };

  // Reads every file the configuration names, and binds. Serves from start() on.
  [[nodiscard]] static est::Result<std::unique_ptr<Instance>> make(Config config, est::Log log, const Hooks& hooks = {});
  ~Instance();  // stops hard

  // Asks the upstream for CA certificates first; one that does not answer is asked again later.
  [[nodiscard]] est::Status start();
  [[nodiscard]] std::vector<est::net::Endpoint> listening() const;  // with the real ports
  // Reads certificates, keys, CRLs and passwords again, those for the upstream first; what cannot be read stays as it was. Any thread.
  [[nodiscard]] est::Status reload();
  // Stops accepting, finishes what is under way, returns. Any thread but the listener's.
  void drain();
  [[nodiscard]] std::uint64_t requests() const;   // answered so far
  [[nodiscard]] std::string metrics_url() const;  // empty: none are given out

 private:
  struct Impl;
  explicit Instance(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// https://HOST:PORT for each listening endpoint, and the address of the metrics.
[[nodiscard]] std::vector<std::string> urls(const Instance& instance);

}  // namespace proxy
