#include "proxy/instance.h"

#include <mutex>
#include <set>
#include <utility>

#include "client/server_check.h"
#include "est/base/clock.h"
#include "est/codec/x509.h"
#include "proxy/ca_watch.h"
#include "proxy/handler.h"
#include "proxy/upstream.h"
#include "server/authenticator.h"
#include "server/listening.h"
#include "server/metrics.h"
#include "server/metrics_endpoint.h"
#include "server/service.h"
#include "server/trust.h"

namespace proxy {
namespace {

using est::Bytes;
using est::Result;
using est::Status;

std::vector<std::string> upstream_labels(const Config& config) {
  std::set<std::string> labels;
  for (const auto& [label, policy] : config.front.labels) labels.insert(config.upstream.label_of(label));
  return {labels.begin(), labels.end()};
}

server::Authenticator::Options authenticator_options(const Config& config) {
  server::Authenticator::Options options;
  options.realm = config.front.realm;
  options.algorithms = config.front.digest_algorithms;
  return options;
}

// For applications that know nothing of errands: all they do is one.
class OnWorkers final : public est::net::Application {
 public:
  explicit OnWorkers(std::unique_ptr<est::net::Application> inner) : inner_(std::move(inner)) {}
  std::optional<est::net::Reply> on_head(const est::http::Request& head, const est::net::Peer& peer) override {
    return inner_->on_head(head, peer);
  }
  bool wants_client_certificate(const est::http::Request& head, const est::net::Peer& peer) override {
    return inner_->wants_client_certificate(head, peer);
  }
  est::net::Reply on_request(const est::http::Request& request, const est::net::Peer& peer, bool keep_alive) override {
    return inner_->on_request(request, peer, keep_alive);
  }
  est::net::Begun begin_request(const est::http::Request& request, const est::net::Peer& peer, bool keep_alive) override {
    return est::net::Errand([this, request, peer, keep_alive, facts = *peer.tls] {
      est::net::Peer same = peer;
      same.tls = &facts;
      return inner_->on_request(request, same, keep_alive);
    });
  }
  est::net::Reply on_refusal(const est::http::Refusal& refusal, const est::net::Peer& peer) override {
    return inner_->on_refusal(refusal, peer);
  }

 private:
  std::unique_ptr<est::net::Application> inner_;
};

struct Listener {
  std::unique_ptr<est::net::Server> server;
  est::tls::ClientCertificate client_certificate = est::tls::ClientCertificate::optional;
};

// What the upstream will hold against us is better known now than by its first refusal (RFC 7030 3.7).
void warn_of_own_certificate(const est::tls::Identity& identity, const est::Log& log) {
  const auto warn = [&](const char* what, const char* effect) {
    log.write(est::LogLevel::warning, "upstream.certificate", {{"error", what}, {"effect", effect}});
  };
  if (identity.chain.empty()) return;
  const Bytes& own = identity.chain.front();
  const auto decoded = est::codec::decode_certificate(own);
  if (!client::is_registration_authority(own))
    warn("our certificate does not have id-kp-cmcRA",
         "requests that are linked to the client's connection, and those for others, may be refused");
  const est::UnixTime now = est::system_clock().now();
  if (decoded.value && (now < decoded.value->validity.not_before || now > decoded.value->validity.not_after))
    warn("our certificate is not valid at this time", "the upstream is likely to refuse us");
}

// Certificates of every CA behind us make their holders known here.
std::vector<Bytes> all_anchors(const CaKnowledge& known) {
  std::vector<Bytes> all;
  for (const auto& [label, certificates] : known)
    for (const auto* some : {&certificates.anchors, &certificates.intermediates}) all.insert(all.end(), some->begin(), some->end());
  return all;
}

}  // namespace

// Declared in the order of dependence: destruction takes the listener down first.
struct Instance::Impl {
  Impl(Config given, est::Log given_log, std::unique_ptr<Upstream> given_upstream, server::Trust first)
      : config(std::move(given)),
        log(std::move(given_log)),
        upstream(std::move(given_upstream)),
        trust(std::move(first)),
        authenticator(authenticator_options(config), trust, est::system_clock()),
        ca(config.cacerts, upstream_labels(config), *upstream, log, [this](const CaKnowledge& known) { believe(known); }),
        handler({config, authenticator, trust, cmc_signer, *upstream, ca, log, est::system_clock(), metrics.get()}) {
    upstream->measure(timers());
  }

  const Config config;
  const est::Log log;
  const std::unique_ptr<Upstream> upstream;
  std::mutex changing;  // of trust and context
  server::TrustStore trust;
  server::Authenticator authenticator;
  server::CmcSigner cmc_signer;
  std::vector<Listener> listeners;
  const std::unique_ptr<server::Metrics> metrics = config.front.metrics ? std::make_unique<server::Metrics>() : nullptr;
  CaWatch ca;
  Handler handler;
  std::unique_ptr<est::net::Application> wrapper;  // around the handler; usually none
  std::unique_ptr<server::MetricsEndpoint> metrics_endpoint;

  [[nodiscard]] est::Timers* timers() const { return metrics ? &metrics->timers : nullptr; }
  [[nodiscard]] est::net::Server::Counters counters() const {
    est::net::Server::Counters sum;
    for (const Listener& each : listeners) sum += each.server->counters();
    return sum;
  }

  // The CA's certificates have come, or come anew. A front that cannot be read again stays as it was.
  void believe(const CaKnowledge& known) {
    if (const Status done = renew(all_anchors(known)); !done)
      log.write(est::LogLevel::error, "trust", {{"error", done.error().message}, {"effect", "everything stays as it was"}});
  }

  Status renew(std::vector<Bytes> authority) {
    const std::lock_guard lock(changing);
    Result<server::Trust> next = server::load_trust(config.front, std::move(authority));
    if (!next) return next.error();
    Result<est::tls::Identity> signer = est::tls::load_identity(config.front.server_certificate, config.front.server_key);
    if (!signer) return signer.error();
    std::vector<server::ContextPointer> contexts;
    for (const Listener& each : listeners) {
      Result<server::ContextPointer> context = server::make_server_context(config.front, *next, each.client_certificate);
      if (!context) return context.error();
      contexts.push_back(*std::move(context));
    }
    for (std::size_t i = 0; i < listeners.size(); ++i) listeners[i].server->replace_context(contexts[i]);
    cmc_signer.replace(*std::move(signer));
    trust.replace(*std::move(next));
    return {};
  }

  Status bind(const std::vector<est::net::Endpoint>& listen, est::tls::ClientCertificate client_certificate) {
    if (listen.empty()) return {};
    Result<server::ContextPointer> context = server::make_server_context(config.front, *trust.current(), client_certificate);
    if (!context) return context.error();
    est::net::Application& application = wrapper ? *wrapper : handler;
    auto bound = est::net::Server::bind({listen, config.front.threads, config.front.limits, config.upstream.connections, timers()},
                                        *std::move(context), application, log);
    if (!bound) return bound.error();
    listeners.push_back({*std::move(bound), client_certificate});
    return {};
  }
};

Instance::Instance(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Instance::~Instance() {
  // Its threads use the handler, which would be destroyed before it.
  impl_->metrics_endpoint.reset();
  const std::lock_guard lock(impl_->changing);
  impl_->listeners.clear();
}

Result<std::unique_ptr<Instance>> Instance::make(Config config, est::Log log, const Hooks& hooks) {
  Result<std::unique_ptr<Upstream>> upstream = Upstream::make(config.upstream, hooks.adjust);
  if (!upstream) return upstream.error();
  Result<server::Trust> trust = server::load_trust(config.front, std::vector<Bytes>{});
  if (!trust) return trust.error();
  auto impl = std::make_unique<Impl>(std::move(config), std::move(log), *std::move(upstream), *std::move(trust));
  if (hooks.wrap) impl->wrapper = std::make_unique<OnWorkers>(hooks.wrap(impl->handler, *impl->upstream));
  if (Status known = impl->renew({}); !known) return known.error();
  const server::Config& front = impl->config.front;
  if (Status bound = impl->bind(front.listen, front.tls.client_certificate); !bound) return bound.error();
  if (Status bound = impl->bind(front.listen_late, est::tls::ClientCertificate::late); !bound) return bound.error();
  auto endpoint = server::bind_metrics(front.metrics, impl->metrics.get(), [&all = *impl] { return all.counters(); });
  if (!endpoint) return endpoint.error();
  impl->metrics_endpoint = *std::move(endpoint);
  return std::unique_ptr<Instance>(new Instance(std::move(impl)));
}

Status Instance::start() {
  if (const auto identity = impl_->upstream->identity()) warn_of_own_certificate(*identity, impl_->log);
  if (Status started = impl_->ca.start(); !started) return started;
  for (const Listener& each : impl_->listeners)
    if (Status started = each.server->start(); !started) return started;
  return impl_->metrics_endpoint ? impl_->metrics_endpoint->start() : Status{};
}

std::vector<est::net::Endpoint> Instance::listening() const {
  std::vector<est::net::Endpoint> all;
  for (const Listener& each : impl_->listeners) {
    const auto endpoints = each.server->listening();
    all.insert(all.end(), endpoints.begin(), endpoints.end());
  }
  return all;
}

Status Instance::reload() {
  if (Status done = impl_->upstream->reload(); !done) return done;
  if (Status done = impl_->ca.reload(); !done) return done;
  return impl_->renew(all_anchors(*impl_->ca.known()));
}

void Instance::drain() {
  for (const Listener& each : impl_->listeners) each.server->drain();
}

std::uint64_t Instance::requests() const { return impl_->counters().requests; }

std::string Instance::metrics_url() const { return impl_->metrics_endpoint ? impl_->metrics_endpoint->url() : ""; }

std::vector<std::string> urls(const Instance& instance) { return server::urls_of(instance.listening(), instance.metrics_url()); }

}  // namespace proxy
