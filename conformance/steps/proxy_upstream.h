// The scripted server as the upstream of a proxy under test: it stays where the proxy looks for it, and plays a script after another.
#pragma once

#include <memory>
#include <vector>

#include "conformance/engine/evidence.h"
#include "conformance/engine/scenario.h"
#include "conformance/peer/scripted_server.h"
#include "conformance/peer/upstream_files.h"
#include "conformance/target/profile.h"

namespace conformance::steps {

// Threads: one at a time.
class ProxyUpstream {
 public:
  // Listens at `profile.upstream` and behaves well. Errors: the address cannot be had.
  [[nodiscard]] static est::Result<std::shared_ptr<ProxyUpstream>> start(const target::Profile& profile, peer::UpstreamSecrets secrets);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const peer::UpstreamSecrets& secrets() const noexcept { return secrets_; }

  // Good again, unless it is.
  [[nodiscard]] est::Status behave();
  // What the step says, the rest good.
  [[nodiscard]] est::Status play(const engine::Step& step);
  // Connections are refused, until something is to be played again.
  void leave();

  // Whatever comes before this is nobody's doing.
  void forget();
  // What has come since; waits until what was begun has ended, but not long.
  [[nodiscard]] std::vector<peer::SeenConnection> seen();

 private:
  ProxyUpstream(const target::Profile& profile, peer::UpstreamSecrets secrets);
  [[nodiscard]] est::Status use(peer::Script script);

  peer::UpstreamSecrets secrets_;
  peer::Script good_;
  peer::ServerOptions options_;
  std::uint16_t port_ = 0;
  std::unique_ptr<peer::ScriptedServer> server_;
  std::vector<peer::SeenConnection> before_leaving_;
  bool good_now_ = true;
};

// For what the proxy is to believe and to be known by: fills in what `profile.upstream` has from the files.
void describe_upstream(const peer::UpstreamSecrets& secrets, target::Profile& profile);

}  // namespace conformance::steps
