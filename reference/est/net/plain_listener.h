// HTTP without TLS, one request at a time, for pages on loopback.
#pragma once

#include <functional>
#include <memory>

#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/http/message.h"
#include "est/net/address.h"

namespace est::net {

// Threads: one at a time.
class PlainListener {
 public:
  PlainListener(PlainListener&&) noexcept;
  PlainListener& operator=(PlainListener&&) noexcept;
  ~PlainListener();

  // Port 0 picks a free one.
  [[nodiscard]] static Result<PlainListener> bind(const Endpoint& at);
  [[nodiscard]] std::uint16_t port() const noexcept;
  // Waits until the deadline for a visitor and gives it what `answer` makes of its request, then closes. A visitor that has not sent a
  // whole request within `patience`, or none that http::RequestParser takes, gets nothing.
  void serve(Deadline deadline, Milliseconds patience, const std::function<http::Response(const http::Request&)>& answer);

 private:
  struct Impl;
  explicit PlainListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace est::net
