// The reference proxy in this process, sound or with a fault around it, and the suite's upstream behind it.
#pragma once

#include <memory>

#include "conformance/selftest/proxy_fault.h"
#include "conformance/steps/proxy_upstream.h"
#include "conformance/target/profile.h"

namespace conformance::selftest {

struct ReferenceProxyOptions {
  const ProxyFault* fault = nullptr;  // must outlive the proxy
  bool full_cmc = false;              // speaks Full CMC upstream for its clients
};

class ReferenceProxy {
 public:
  [[nodiscard]] static est::Result<std::unique_ptr<ReferenceProxy>> start(const ReferenceProxyOptions& options);
  ~ReferenceProxy();
  [[nodiscard]] const target::Profile& profile() const noexcept;
  [[nodiscard]] const std::shared_ptr<steps::ProxyUpstream>& upstream() const noexcept;

 private:
  struct Impl;
  explicit ReferenceProxy(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace conformance::selftest
