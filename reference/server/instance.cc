#include "server/instance.h"

#include <mutex>
#include <utility>

#include "est/base/clock.h"
#include "server/authenticator.h"
#include "server/handler.h"
#include "server/keygen.h"
#include "server/listening.h"
#include "server/metrics.h"
#include "server/metrics_endpoint.h"
#include "server/service.h"
#include "server/trust.h"

namespace server {
namespace {

using est::Result;
using est::Status;

using est::tls::ClientCertificate;

// Empty where /serverkeygen is not offered.
Result<KeyGenerator> load_generator(const Config& config) {
  if (!config.keygen.offered) return KeyGenerator{};
  return load_key_generator(config);
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

}  // namespace

// Declared in the order of dependence: destruction takes the listener down first, the CA last.
struct Instance::Impl {
  Impl(Config config_, est::Log log_, std::unique_ptr<ca::Authority> authority_, Authorities others_, Trust trust_, KeyGenerator generator_)
      : config(std::move(config_)),
        log(std::move(log_)),
        authority(std::move(authority_)),
        others(std::move(others_)),
        trust(std::move(trust_)),
        generator(std::move(generator_)),
        authenticator(authenticator_options(config, *authority), trust, est::system_clock()),
        handler({config.labels, authenticator, *authority, log, est::system_clock(), config.content_transfer_encoding,
                 config.keygen.offered ? &generator : nullptr, &trust, &cmc_signer, &others, true, metrics.get()}) {}

  const Config config;
  const est::Log log;
  const std::unique_ptr<Metrics> metrics = config.metrics ? std::make_unique<Metrics>() : nullptr;
  const std::unique_ptr<ca::Authority> authority;
  const Authorities others;
  TrustStore trust;
  GeneratorStore generator;
  Authenticator authenticator;
  CmcSigner cmc_signer;
  Handler handler;
  std::unique_ptr<est::net::Application> wrapped;
  std::unique_ptr<est::net::Server> server;
  std::unique_ptr<est::net::Server> late_server;      // null unless the configuration asks for it
  std::unique_ptr<MetricsEndpoint> metrics_endpoint;  // null likewise
  std::mutex reloading;

  Status bind(est::net::Application& application);
  [[nodiscard]] est::net::Server::Counters counters() const;
  Status replace_contexts(const Trust& next);
  // Both listeners, the main one first.
  [[nodiscard]] std::vector<est::net::Server*> servers() const {
    std::vector<est::net::Server*> all{server.get()};
    if (late_server) all.push_back(late_server.get());
    return all;
  }
};

Status Instance::Impl::bind(est::net::Application& application) {
  const std::shared_ptr<const Trust> known = trust.current();
  const auto bound = [&](const std::vector<est::net::Endpoint>& listen,
                         ClientCertificate client_certificate) -> Result<std::unique_ptr<est::net::Server>> {
    Result<ContextPointer> context = make_server_context(config, *known, client_certificate);
    if (!context) return context.error();
    return est::net::Server::bind({listen, config.threads, config.limits, config.workers, metrics ? &metrics->timers : nullptr},
                                  *std::move(context), application, log);
  };
  auto main = bound(config.listen, config.tls.client_certificate);
  if (!main) return main.error();
  server = *std::move(main);
  if (config.listen_late.empty()) return {};
  auto late = bound(config.listen_late, ClientCertificate::late);
  if (!late) return late.error();
  late_server = *std::move(late);
  return {};
}

est::net::Server::Counters Instance::Impl::counters() const {
  est::net::Server::Counters sum;
  for (const est::net::Server* each : servers()) sum += each->counters();
  return sum;
}

Status Instance::Impl::replace_contexts(const Trust& next) {
  Result<ContextPointer> context = make_server_context(config, next, config.tls.client_certificate);
  if (!context) return context.error();
  if (late_server) {
    Result<ContextPointer> late = make_server_context(config, next, ClientCertificate::late);
    if (!late) return late.error();
    late_server->replace_context(*std::move(late));
  }
  server->replace_context(*std::move(context));
  return {};
}

Instance::Instance(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Instance::~Instance() = default;

Result<std::unique_ptr<Instance>> Instance::make(Config config, est::Log log, const Wrap& wrap) {
  Result<std::unique_ptr<ca::Authority>> authority = ca::Authority::open({config.ca_directory, nullptr});
  if (!authority) return authority.error();
  Result<Authorities> others = open_authorities(config.labels);
  if (!others) return others.error();
  Result<Trust> trust = load_trust(config, **authority);
  if (!trust) return trust.error();
  Result<KeyGenerator> generator = load_generator(config);
  if (!generator) return generator.error();
  auto impl = std::make_unique<Impl>(std::move(config), std::move(log), *std::move(authority), *std::move(others), *std::move(trust),
                                     *std::move(generator));
  Result<est::tls::Identity> signer = est::tls::load_identity(impl->config.server_certificate, impl->config.server_key);
  if (!signer) return signer.error();
  impl->cmc_signer.replace(*std::move(signer));
  est::net::Application* application = &impl->handler;
  if (wrap) {
    impl->wrapped = wrap(impl->handler, *impl->authority);
    application = impl->wrapped.get();
  }
  if (Status bound = impl->bind(*application); !bound) return bound.error();
  auto endpoint = bind_metrics(impl->config.metrics, impl->metrics.get(), [&all = *impl] { return all.counters(); });
  if (!endpoint) return endpoint.error();
  impl->metrics_endpoint = *std::move(endpoint);
  return std::unique_ptr<Instance>(new Instance(std::move(impl)));
}

Status Instance::start() {
  for (est::net::Server* server : impl_->servers()) {
    if (Status started = server->start(); !started) return started;
  }
  return impl_->metrics_endpoint ? impl_->metrics_endpoint->start() : Status{};
}

std::vector<est::net::Endpoint> Instance::listening() const {
  std::vector<est::net::Endpoint> all;
  for (const est::net::Server* server : impl_->servers()) {
    const auto endpoints = server->listening();
    all.insert(all.end(), endpoints.begin(), endpoints.end());
  }
  return all;
}

ca::Authority& Instance::authority() { return *impl_->authority; }

Status Instance::reload() {
  const std::lock_guard lock(impl_->reloading);
  Result<Trust> trust = load_trust(impl_->config, *impl_->authority);
  if (!trust) return trust.error();
  Result<est::tls::Identity> signer = est::tls::load_identity(impl_->config.server_certificate, impl_->config.server_key);
  if (!signer) return signer.error();
  Result<KeyGenerator> generator = load_generator(impl_->config);
  if (!generator) return generator.error();
  if (Status replaced = impl_->replace_contexts(*trust); !replaced) return replaced;
  impl_->trust.replace(*std::move(trust));
  impl_->cmc_signer.replace(*std::move(signer));
  impl_->generator.replace(*std::move(generator));
  return {};
}

void Instance::drain() {
  for (est::net::Server* server : impl_->servers()) server->drain();
}

est::net::Server::Counters Instance::counters() const { return impl_->counters(); }

std::string Instance::metrics_url() const { return impl_->metrics_endpoint ? impl_->metrics_endpoint->url() : ""; }

std::vector<std::string> urls(const Instance& instance) { return urls_of(instance.listening(), instance.metrics_url()); }

}  // namespace server
