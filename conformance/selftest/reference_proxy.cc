#include "conformance/selftest/reference_proxy.h"

#include <utility>

#include "conformance/selftest/reference_folder.h"
#include "conformance/selftest/scratch_folder.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/chain.h"
#include "est/http/parser.h"
#include "proxy/instance.h"

namespace conformance::selftest {

using est::Result;
using est::Status;
using est::http::Request;
using est::http::Response;
using est::net::AfterReply;
using est::net::Peer;
using est::net::Reply;

namespace {

// Stands between the listener and the proxy's handler. Threads: as net::Application.
class MisbehavingProxy final : public est::net::Application {
 public:
  MisbehavingProxy(est::net::Application& inner, proxy::Upstream& upstream, const ProxyFault& fault, ProxyMemory& memory)
      : inner_(inner), upstream_(upstream), fault_(fault), memory_(memory) {}

  std::optional<Reply> on_head(const Request& head, const Peer& peer) override {
    if (fault_.instead || fault_.before) return std::nullopt;
    return inner_.on_head(head, peer);
  }
  bool wants_client_certificate(const Request& head, const Peer& peer) override { return inner_.wants_client_certificate(head, peer); }
  Reply on_refusal(const est::http::Refusal& refusal, const Peer& peer) override { return inner_.on_refusal(refusal, peer); }

  Reply on_request(const Request& request, const Peer& peer, bool keep_alive) override {
    const std::unique_lock alone = fault_.one_at_a_time ? std::unique_lock(turn_) : std::unique_lock<std::mutex>();
    remember(request);
    const ProxyScene scene{request, *peer.tls, upstream_, memory_};
    if (fault_.instead) {
      if (const std::optional<Response> response = fault_.instead(scene))
        return {est::http::encode(*response, request.method == "HEAD"), keep_alive ? AfterReply::keep : AfterReply::close};
    }
    Request seen = request;
    est::tls::Facts facts = *peer.tls;
    if (fault_.before) fault_.before(seen, facts);
    const Peer as_seen{peer.connection, peer.address, &facts};
    if (std::optional<Reply> early = inner_.on_head(seen, as_seen)) return altered(scene, std::move(*early));
    return altered(scene, inner_.on_request(seen, as_seen, keep_alive));
  }

 private:
  void remember(const Request& request) {
    const std::lock_guard lock(memory_.mutex);
    memory_.asked = request;
    memory_.said.reset();
  }

  Reply altered(const ProxyScene& scene, Reply reply) const {
    if (!fault_.after) return reply;
    Response response = est::http::parse_response(reply.wire, scene.request.method, true).message;
    fault_.after(scene, response);
    reply.wire = est::http::encode(response, scene.request.method == "HEAD");
    return reply;
  }

  est::net::Application& inner_;
  proxy::Upstream& upstream_;
  const ProxyFault& fault_;
  ProxyMemory& memory_;
  std::mutex turn_;
};

client::Interceptor interceptor_of(const ProxyFault& fault, ProxyMemory& memory) {
  return [&fault, &memory](const Request& request, const est::tls::Facts&, const client::Send& send) {
    auto said = fault.between ? fault.between(request, send, memory) : send(request);
    const std::lock_guard lock(memory.mutex);
    if (said && request.method == "POST") memory.said = *said;
    return said;
  };
}

constexpr std::string_view configuration = R"(listen: ["127.0.0.1:0"]
server-certificate: server.pem
server-key: server.key
implicit-anchors: [manufacturer-ca.pem]
users: [{name: estuser, password-file: estuser.password}]
labels:
  "": {}
  basic: {authentication: basic}
  digest: {authentication: digest}
  cert: {authentication: certificate}
  pop: {pop: required}
  other: {}
upstream:
  url: "https://localhost:@PORT@"
  anchors: [up/trust-anchor.pem]
  certificate: up/ra.pem
  key: up/ra.key
  user: registration-authority
  password-file: up/password
  connect-seconds: 1
  handshake-seconds: 1
  answer-seconds: 1
  labels: {basic: "-", digest: "-", cert: "-", pop: "-", other: theirs}
)";

constexpr std::array reference_claims{"simpleenroll",
                                      "simplereenroll",
                                      "http-basic",
                                      "http-digest",
                                      "tls-client-certificate",
                                      "tls-1.2",
                                      "tls-1.3",
                                      "pop-required",
                                      "labels",
                                      "tls-exporter-binding",
                                      "persistent-connections",
                                      "csrattrs",
                                      "proxy-certificate",
                                      "proxy-password",
                                      "proxy-cacerts",
                                      "proxy-csrattrs",
                                      "proxy-labels",
                                      "serverkeygen",
                                      "fullcmc"};

}  // namespace

struct ReferenceProxy::Impl {
  ScratchFolder folder;
  ProxyMemory memory;
  ProxyFault sound;
  target::Profile profile;
  std::shared_ptr<steps::ProxyUpstream> upstream;
  std::unique_ptr<proxy::Instance> instance;

  Status start(const ReferenceProxyOptions& options);
  Status start_upstream();
  Status describe_front(bool full_cmc);
};

Status ReferenceProxy::Impl::start_upstream() {
  const std::string files = folder.file("up");
  if (Status made = peer::make_upstream_files(files, est::system_clock().now()); !made) return made;
  auto secrets = peer::load_upstream_files(files, est::system_clock().now(), "localhost");
  if (!secrets) return secrets.error();
  profile.role = "proxy";
  profile.labels = {
      {"http-basic", "basic"}, {"http-digest", "digest"}, {"client-certificate", "cert"}, {"pop-required", "pop"}, {"other", "other"}};
  profile.upstream = target::Upstream{};
  profile.upstream->listen = {"localhost", 0};
  profile.upstream->labels = {{"basic", ""}, {"digest", ""}, {"cert", ""}, {"pop", ""}, {"other", "theirs"}};
  steps::describe_upstream(*secrets, profile);
  auto started = steps::ProxyUpstream::start(profile, *std::move(secrets));
  if (!started) return started.error();
  upstream = *std::move(started);
  return {};
}

Status ReferenceProxy::Impl::describe_front(bool full_cmc) {
  profile.name = "est-proxy";
  profile.claims.insert(reference_claims.begin(), reference_claims.end());
  if (full_cmc) profile.claims.insert("proxy-full-cmc");
  profile.url = {"https", instance->listening().front(), ""};
  profile.url.endpoint.host = "localhost";
  const auto password = est::read_file(folder.file("estuser.password"));
  const auto pem = est::read_file(folder.file("root.pem"));
  if (!password || !pem) return est::Error{"the files of the front cannot be read"};
  profile.password = target::Password{"estuser", std::string(est::trim(*password))};
  auto anchors = est::crypto::certificates_from_pem(*pem);
  if (!anchors) return anchors.error();
  profile.trust_anchors = *std::move(anchors);
  auto maker = est::tls::load_identity(folder.file("manufacturer-ca.pem"), folder.file("manufacturer-ca.key"));
  if (!maker) return maker.error();
  profile.client_ca = *std::move(maker);
  profile.limits.longest_wait_seconds = 10;
  return {};
}

Status ReferenceProxy::Impl::start(const ReferenceProxyOptions& options) {
  const ProxyFault& fault = options.fault == nullptr ? sound : *options.fault;
  if (!folder.made()) return est::Error{"cannot make a temporary folder for the self-test"};
  if (Status made = fill_reference_folder(folder); !made) return made;
  if (Status started = start_upstream(); !started) return started;
  std::string text(configuration);
  text.replace(text.find("@PORT@"), 6, std::to_string(upstream->port()));
  Result<proxy::Config> config = proxy::parse_config(text, folder.file("est-proxy.yaml"));
  if (!config) return config.error();
  config->front.limits.drain = est::Milliseconds(100);
  config->upstream.full_cmc = options.full_cmc;
  if (fault.configure) fault.configure(*config);
  proxy::Instance::Hooks hooks;
  hooks.wrap = [&fault, this](est::net::Application& inner, proxy::Upstream& behind) -> std::unique_ptr<est::net::Application> {
    return std::make_unique<MisbehavingProxy>(inner, behind, fault, memory);
  };
  hooks.adjust = [&fault, this](client::SessionOptions& session) {
    session.interceptor = interceptor_of(fault, memory);
    if (fault.adjust) fault.adjust(session);
  };
  auto made = proxy::Instance::make(*config, est::Log::nowhere(), hooks);
  if (!made) return made.error();
  instance = *std::move(made);
  if (Status started = instance->start(); !started) return started;
  return describe_front(options.full_cmc);
}

ReferenceProxy::ReferenceProxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReferenceProxy::~ReferenceProxy() = default;

Result<std::unique_ptr<ReferenceProxy>> ReferenceProxy::start(const ReferenceProxyOptions& options) {
  auto impl = std::make_unique<Impl>();
  if (Status started = impl->start(options); !started) return started.error();
  return std::unique_ptr<ReferenceProxy>(new ReferenceProxy(std::move(impl)));
}

const target::Profile& ReferenceProxy::profile() const noexcept { return impl_->profile; }
const std::shared_ptr<steps::ProxyUpstream>& ReferenceProxy::upstream() const noexcept { return impl_->upstream; }

}  // namespace conformance::selftest
