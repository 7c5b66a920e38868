// How many certificates a run may obtain, and which ones it did. A hard bound: a slot is taken before a request that may issue is sent, and
// given back when the answer shows that nothing was issued; without an answer nobody knows, and it stays taken.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "conformance/engine/obtained.h"

namespace conformance::steps {

// Threads: every member may be called from any thread.
class CertificateBudget {
 public:
  explicit CertificateBudget(std::size_t most) : most_(most) {}  // 0: no limit

  [[nodiscard]] bool take(std::size_t count);  // all or none
  void give_back(std::size_t count);
  // More certificates came than slots were taken.
  void overdrawn(std::size_t count);
  // One that is listed already (same issuer and serial) is not listed twice.
  void obtained(engine::ObtainedCertificate certificate);
  [[nodiscard]] std::vector<engine::ObtainedCertificate> list() const;  // in the order they came
  [[nodiscard]] std::size_t most() const noexcept { return most_; }

 private:
  std::size_t most_;
  mutable std::mutex mutex_;
  std::size_t taken_ = 0;                              // guarded by mutex_
  std::vector<engine::ObtainedCertificate> obtained_;  // guarded by mutex_
};

}  // namespace conformance::steps
