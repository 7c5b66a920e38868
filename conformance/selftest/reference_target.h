// The reference server in this process, as a target: a fresh CA in a temporary folder, everything claimed, operator actions as
// function calls. With a fault it is the misbehaving peer; without one it is the baseline that must be clean.
#pragma once

#include <memory>
#include <string>

#include "conformance/selftest/fault.h"
#include "conformance/target/profile.h"
#include "est/base/result.h"

namespace conformance::selftest {

class ReferenceTarget {
 public:
  // `fault` may be null and must outlive the target. The folder is removed at the end.
  [[nodiscard]] static est::Result<std::unique_ptr<ReferenceTarget>> start(const Fault* fault);
  ~ReferenceTarget();

  [[nodiscard]] const target::Profile& profile() const noexcept;

 private:
  struct Impl;
  explicit ReferenceTarget(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace conformance::selftest
