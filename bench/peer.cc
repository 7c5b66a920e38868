#include "bench/peer.h"

#include "bench/measure.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "server/config.h"
#include "server/init.h"

namespace bench {

Peer::Peer(const std::function<void(server::Config&)>& change) {
  server::InitOptions options;
  options.directory = folder_.path() + "/est";
  if (auto made = server::initialise(options); !made) demand(false, made.error().message);
  auto config = must(server::load_config(options.directory + "/est-server.yaml"));
  config.listen = {{"127.0.0.1", 0}};
  config.listen_late.clear();
  config.threads = 1;
  config.limits.requests_per_connection = std::size_t{1} << 40U;
  if (change) change(config);
  instance_ = must(server::Instance::make(config, est::Log::nowhere()));
  demand(instance_->start().ok(), "the server does not start");
  address = instance_->listening().front();
  anchors = must(est::crypto::certificates_from_pem(must(est::read_file(options.directory + "/root.pem"))));
  identity = must(est::tls::load_identity(options.directory + "/client.pem", options.directory + "/client.key"));
  user = {"estuser", std::string(est::trim(must(est::read_file(options.directory + "/estuser.password"))))};
}

const Peer& peer() {
  static const Peer one;
  return one;
}

}  // namespace bench
