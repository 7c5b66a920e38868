// The misbehaving peer: the reference server's application with one fault put around it.
#pragma once

#include <atomic>
#include <memory>

#include "conformance/selftest/fault.h"

namespace conformance::selftest {

// Threads: as net::Application; the hooks of a fault must be pure or synchronise themselves.
class MisbehavingApplication final : public est::net::Application {
 public:
  // The references must outlive this object. `died` is set when the fault ends the process.
  MisbehavingApplication(est::net::Application& inner, ca::Authority& authority, const Fault& fault,
                         std::shared_ptr<std::atomic<bool>> died);

  [[nodiscard]] std::optional<est::net::Reply> on_head(const est::http::Request& head, const est::net::Peer& peer) override;
  [[nodiscard]] bool wants_client_certificate(const est::http::Request& head, const est::net::Peer& peer) override;
  [[nodiscard]] est::net::Reply on_request(const est::http::Request& request, const est::net::Peer& peer, bool keep_alive) override;
  [[nodiscard]] est::net::Reply on_refusal(const est::http::Refusal& refusal, const est::net::Peer& peer) override;

 private:
  [[nodiscard]] est::net::Reply altered(const Scene& scene, est::net::Reply reply) const;
  [[nodiscard]] est::net::Reply die() const;

  est::net::Application& inner_;
  ca::Authority& authority_;
  const Fault& fault_;
  std::shared_ptr<std::atomic<bool>> died_;
};

}  // namespace conformance::selftest
