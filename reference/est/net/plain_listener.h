// A listener without TLS: HTTP, one request at a time, for pages on loopback; or bare connections for who speaks himself.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/http/message.h"
#include "est/net/address.h"
#include "est/net/client.h"

namespace est::net {

// Threads: one at a time, but for what says otherwise.
class PlainListener {
 public:
  PlainListener(PlainListener&&) noexcept;
  PlainListener& operator=(PlainListener&&) noexcept;
  ~PlainListener();

  // Port 0 picks a free one.
  [[nodiscard]] static Result<PlainListener> bind(const Endpoint& at);
  [[nodiscard]] std::uint16_t port() const noexcept;
  // Any number of threads may serve() at once. Waits until the deadline for a visitor and gives it what `answer` makes of its request, then
  // closes. A visitor that has not sent a whole request within `patience`, or none that http::RequestParser takes, gets nothing.
  void serve(Deadline deadline, Milliseconds patience, const std::function<http::Response(const http::Request&)>& answer);
  // Nothing when nobody came until the deadline.
  [[nodiscard]] std::optional<PlainConnection> accept(Deadline deadline);
  // Any thread: whoever waits for a visitor returns at once, and for ever.
  void stop() noexcept;

 private:
  [[nodiscard]] int descriptor() const noexcept;
  struct Impl;
  explicit PlainListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace est::net
