// What a server tells of its work when it is asked to: how long the phases take, and how many requests of which operation came to which
// status, in Prometheus' text exposition format 0.0.4. Every label value comes from a fixed list, so that nothing a client sends can make
// a new series, and nothing of a client is told.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "est/base/timers.h"
#include "est/net/server.h"
#include "est/ops/operation.h"

namespace server {

// Threads: any.
class Metrics {
 public:
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  est::Timers timers;

  // One answer. A target that is no EST path counts as the operation "none", a status this server has no use for as "other".
  void count(std::string_view target, int status) noexcept;
  // est_phase_seconds{phase}, est_requests_total{operation,status} (those that are not zero), and the listeners' counters.
  [[nodiscard]] std::string text(const est::net::Server::Counters& counters) const;

 private:
  static constexpr std::array statuses{200, 202, 204, 400, 401, 403, 404, 405, 408, 411, 413, 414,
                                       415, 417, 429, 431, 500, 501, 502, 503, 504, 505, 0};  // 0: other
  static constexpr std::size_t no_operation = est::ops::all_operations.size();
  std::array<std::array<std::atomic<std::uint64_t>, statuses.size()>, no_operation + 1> requests_{};
};

}  // namespace server
