// Gives a text out over plain HTTP at /metrics, on a listener of its own. It serves a few visitors at a time; each has a second for its
// whole visit, and what is no GET or HEAD of that path is 404 or 405. What is no HTTP gets nothing.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "est/base/result.h"
#include "est/http/message.h"
#include "est/net/address.h"
#include "est/net/plain_listener.h"
#include "est/net/server.h"
#include "server/metrics.h"

namespace server {

class MetricsEndpoint {
 public:
  using Text = std::function<std::string()>;  // called on any of its threads

  // Port 0 picks a free one. Serves from start() on.
  [[nodiscard]] static est::Result<std::unique_ptr<MetricsEndpoint>> bind(const est::net::Endpoint& at, Text text);
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;
  ~MetricsEndpoint();

  [[nodiscard]] est::Status start();
  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  [[nodiscard]] est::http::Response answer(const est::http::Request& request) const;

 private:
  MetricsEndpoint(est::net::PlainListener listener, std::string url, Text text)
      : listener_(std::move(listener)), url_(std::move(url)), text_(std::move(text)) {}
  void run(const std::stop_token& stop);

  est::net::PlainListener listener_;
  const std::string url_;
  const Text text_;
  std::vector<std::jthread> threads_;
};

// What a configuration asks for: null where that is nothing. `metrics` and what `counters` uses must outlive it.
[[nodiscard]] est::Result<std::unique_ptr<MetricsEndpoint>> bind_metrics(const std::optional<est::net::Endpoint>& at,
                                                                         const Metrics* metrics,
                                                                         std::function<est::net::Server::Counters()> counters);

}  // namespace server
