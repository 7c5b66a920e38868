// Inside est/net only: what is said to a proxy and what its answers mean, over any line.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "est/base/bytes.h"
#include "est/net/client.h"
#include "est/net/proxy.h"

namespace est::net {

// One conversation with a proxy. Deadlines are the line's; both directions fail with stage `proxy`.
class ProxyLine {
 public:
  explicit ProxyLine(const Proxy& proxy) : proxy_(proxy) {}
  virtual ~ProxyLine() = default;
  ProxyLine(const ProxyLine&) = delete;
  ProxyLine& operator=(const ProxyLine&) = delete;

  [[nodiscard]] virtual std::optional<Failure> send(BytesView data) = 0;
  // At most `most` octets, at least one.
  [[nodiscard]] virtual std::variant<Bytes, Failure> receive(std::size_t most) = 0;

  // Exactly `count` octets.
  [[nodiscard]] std::variant<Bytes, Failure> receive_all(std::size_t count);
  [[nodiscard]] Failure failure(Cause cause, const std::string& what) const;

 private:
  const Proxy& proxy_;
};

using ProxyDial = std::function<std::variant<std::unique_ptr<ProxyLine>, Failure>()>;

// The line, at the first octet of what the peer behind the proxy says. Dials once, and a second time to answer an HTTP proxy's 407.
[[nodiscard]] std::variant<std::unique_ptr<ProxyLine>, Failure> open_tunnel(const Proxy& proxy, const Endpoint& to, const ProxyDial& dial);

}  // namespace est::net
