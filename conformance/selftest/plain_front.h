// A front that passes TLS through to a server behind it, and answers whoever speaks plain HTTP itself: the fault of serving EST without
// TLS.
#pragma once

#include <cstdint>
#include <memory>

#include "est/base/result.h"
#include "est/net/address.h"

namespace conformance::selftest {

class PlainFront {
 public:
  // Listens on a free loopback port. Connections and threads end with the object.
  [[nodiscard]] static est::Result<std::unique_ptr<PlainFront>> start(const est::net::Endpoint& behind);
  ~PlainFront();
  [[nodiscard]] est::net::Endpoint listening() const;

 private:
  struct Impl;
  explicit PlainFront(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace conformance::selftest
