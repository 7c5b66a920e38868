// What carries a session's octets: TLS over TCP, unless an application or a test brings something else.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "client/outcome.h"
#include "est/net/client.h"
#include "est/net/proxy.h"
#include "est/tls/context.h"
#include "est/tls/facts.h"

namespace client {

// One connection, its handshake done; the meaning of each function is that of est::net::ClientConnection. Destroying it closes it.
// Threads: one at a time.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  [[nodiscard]] virtual const est::tls::Facts& facts() const noexcept = 0;
  [[nodiscard]] virtual std::optional<est::net::Failure> write(est::BytesView data, est::Deadline deadline) = 0;
  [[nodiscard]] virtual est::net::ReadOutcome read(std::span<est::Byte> into, est::Deadline deadline) = 0;
  [[nodiscard]] virtual bool readable_now() = 0;
  [[nodiscard]] virtual est::crypto::SslSessionHandle session() const = 0;  // null: none to resume
};

struct Opening {
  est::net::Endpoint to;
  est::tls::ClientProfile profile;
  est::net::ClientDeadlines within;
  SSL_SESSION* resume = nullptr;             // borrowed; null: none
  const est::net::Proxy* through = nullptr;  // borrowed; null: none
  est::net::OpeningTimes* times = nullptr;   // borrowed; where they are wanted
};
// Must ask `profile.judge` about the chain the server shows before anything of the session is sent; where it refuses, the problem is
// `untrusted`.
using Connect = std::function<Outcome<std::unique_ptr<Transport>>(const Opening&)>;

[[nodiscard]] Outcome<std::unique_ptr<Transport>> connect_tls(const Opening& opening);

// `status`: the last HTTP status.
[[nodiscard]] Problem transport_problem(const est::net::Failure& failure, int status = 0);

}  // namespace client
