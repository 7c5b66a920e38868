// Controls made once and used by several scenarios of a run: fewer certificates of a production CA, and less time.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "conformance/engine/scenario.h"

namespace conformance::engine {

// Successful controls, by verb and parameters exactly as scripted, so that one never stands in for another label or credential.
// Threads: every member may be called from any thread.
class SharedControls {
 public:
  explicit SharedControls(est::Milliseconds longest = est::Milliseconds(30000)) : longest_(longest) {}

  // A copy of an earlier exchange, not older than the longest time, with the facts "shared-from" (scenario) and "shared-made-at"
  // (UTC). It says connection 0, because the scenario that borrows it opened none.
  [[nodiscard]] std::optional<Exchange> find(const Step& control) const;
  void keep(const std::string& scenario, const Step& control, const Exchange& exchange, est::UnixTime made_at);
  // To be called at every sign that the target is gone: what it did before proves nothing any more.
  void forget();

 private:
  struct Kept {
    Exchange exchange;
    std::chrono::steady_clock::time_point since;
  };
  est::Milliseconds longest_;
  mutable std::mutex mutex_;
  std::map<std::string, Kept, std::less<>> kept_;  // guarded by mutex_
};

}  // namespace conformance::engine
