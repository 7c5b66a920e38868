#include "server/instance.h"

#include <mutex>
#include <utility>

#include "est/base/clock.h"
#include "server/authenticator.h"
#include "server/handler.h"
#include "server/keygen.h"
#include "server/trust.h"

namespace server {
namespace {

using est::Result;
using est::Status;
using ContextPointer = std::shared_ptr<const est::tls::ServerContext>;

Result<ContextPointer> make_context(const Config& config, const Trust& trust) {
  Result<est::tls::Identity> identity = est::tls::load_identity(config.server_certificate, config.server_key);
  if (!identity) return identity.error();
  est::tls::ServerProfile profile;
  profile.identity = *std::move(identity);
  profile.least = config.tls.least;
  profile.most = config.tls.most;
  profile.suites = config.tls.suites;
  profile.client_certificate = config.tls.client_certificate;
  profile.resumption = config.tls.resumption;
  for (const auto* store : {&trust.authority, &trust.explicit_anchors, &trust.implicit_anchors})
    profile.client_ca_certificates.insert(profile.client_ca_certificates.end(), store->begin(), store->end());
  return est::tls::ServerContext::make(profile);
}

Status load_signer(const Config& config, CmcSigner& signer) {
  Result<est::tls::Identity> identity = est::tls::load_identity(config.server_certificate, config.server_key);
  if (!identity) return identity.error();
  signer.replace(*std::move(identity));
  return {};
}

Authenticator::Options authenticator_options(const Config& config, const ca::Authority& authority) {
  Authenticator::Options options;
  options.realm = config.realm;
  options.algorithms = config.digest_algorithms;
  options.revoked = [&authority](est::BytesView serial) -> Result<bool> {
    const auto found = authority.find(serial);
    if (!found) return found.error();
    return found->has_value() && (*found)->revoked_at.has_value();
  };
  return options;
}

Result<Authorities> open_others(const Config& config) {
  Authorities others;
  for (const auto& [label, policy] : config.labels) {
    if (policy.ca_directory.empty() || others.contains(policy.ca_directory)) continue;
    Result<std::unique_ptr<ca::Authority>> authority = ca::Authority::open({policy.ca_directory, nullptr});
    if (!authority) return authority.error();
    others.emplace(policy.ca_directory, *std::move(authority));
  }
  return others;
}

}  // namespace

// Declared in the order of dependence: destruction takes the listener down first, the CA last.
struct Instance::Impl {
  Impl(Config config_, est::Log log_, std::unique_ptr<ca::Authority> authority_, Authorities others_, Trust trust_,
       std::optional<KeyGenerator> generator_)
      : config(std::move(config_)),
        log(std::move(log_)),
        authority(std::move(authority_)),
        others(std::move(others_)),
        trust(std::move(trust_)),
        generator(std::move(generator_)),
        authenticator(authenticator_options(config, *authority), trust, est::system_clock()),
        handler({config.labels, authenticator, *authority, log, est::system_clock(), config.content_transfer_encoding,
                 generator ? &*generator : nullptr, &trust, &cmc_signer, &others}) {}

  const Config config;
  const est::Log log;
  const std::unique_ptr<ca::Authority> authority;
  const Authorities others;
  TrustStore trust;
  const std::optional<KeyGenerator> generator;  // read once: a reload leaves it as it is
  Authenticator authenticator;
  CmcSigner cmc_signer;
  Handler handler;
  std::unique_ptr<est::net::Application> wrapped;
  std::unique_ptr<est::net::Server> server;
  std::mutex reloading;
};

Instance::Instance(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Instance::~Instance() = default;

Result<std::unique_ptr<Instance>> Instance::make(Config config, est::Log log, const Wrap& wrap) {
  Result<std::unique_ptr<ca::Authority>> authority = ca::Authority::open({config.ca_directory, nullptr});
  if (!authority) return authority.error();
  Result<Authorities> others = open_others(config);
  if (!others) return others.error();
  Result<Trust> trust = load_trust(config, **authority);
  if (!trust) return trust.error();
  Result<ContextPointer> context = make_context(config, *trust);
  if (!context) return context.error();
  std::optional<KeyGenerator> generator;
  if (config.keygen.offered) {
    auto loaded = load_key_generator(config);
    if (!loaded) return loaded.error();
    generator = *std::move(loaded);
  }
  auto impl = std::make_unique<Impl>(std::move(config), std::move(log), *std::move(authority), *std::move(others), *std::move(trust),
                                     std::move(generator));
  if (Status loaded = load_signer(impl->config, impl->cmc_signer); !loaded) return loaded.error();
  est::net::Application* application = &impl->handler;
  if (wrap) {
    impl->wrapped = wrap(impl->handler, *impl->authority);
    application = impl->wrapped.get();
  }
  const Config& kept = impl->config;
  auto server = est::net::Server::bind({kept.listen, kept.threads, kept.limits}, *std::move(context), *application, impl->log);
  if (!server) return server.error();
  impl->server = *std::move(server);
  return std::unique_ptr<Instance>(new Instance(std::move(impl)));
}

Status Instance::start() { return impl_->server->start(); }

std::vector<est::net::Endpoint> Instance::listening() const { return impl_->server->listening(); }

ca::Authority& Instance::authority() { return *impl_->authority; }

Status Instance::reload() {
  const std::lock_guard lock(impl_->reloading);
  Result<Trust> trust = load_trust(impl_->config, *impl_->authority);
  if (!trust) return trust.error();
  Result<ContextPointer> context = make_context(impl_->config, *trust);
  if (!context) return context.error();
  if (Status loaded = load_signer(impl_->config, impl_->cmc_signer); !loaded) return loaded.error();
  impl_->trust.replace(*std::move(trust));
  impl_->server->replace_context(*std::move(context));
  return {};
}

void Instance::drain() { impl_->server->drain(); }

est::net::Server::Counters Instance::counters() const { return impl_->server->counters(); }

std::vector<std::string> urls(const Instance& instance) {
  std::vector<std::string> result;
  for (const est::net::Endpoint& endpoint : instance.listening()) result.push_back("https://" + endpoint.to_string());
  return result;
}

}  // namespace server
