// The misbehaving peer: the reference server's application with one fault put around it.
#pragma once

#include "conformance/selftest/fault.h"

namespace conformance::selftest {

// Threads: as net::Application; the hooks of a fault must be pure or synchronise themselves.
class MisbehavingApplication final : public est::net::Application {
 public:
  // All three must outlive this object.
  MisbehavingApplication(est::net::Application& inner, ca::Authority& authority, const Fault& fault);

  [[nodiscard]] std::optional<est::net::Reply> on_head(const est::http::Request& head, const est::net::Peer& peer) override;
  [[nodiscard]] est::net::Reply on_request(const est::http::Request& request, const est::net::Peer& peer, bool keep_alive) override;
  [[nodiscard]] est::net::Reply on_refusal(const est::http::Refusal& refusal, const est::net::Peer& peer) override;

 private:
  [[nodiscard]] est::net::Reply altered(const Scene& scene, est::net::Reply reply) const;

  est::net::Application& inner_;
  ca::Authority& authority_;
  const Fault& fault_;
};

}  // namespace conformance::selftest
