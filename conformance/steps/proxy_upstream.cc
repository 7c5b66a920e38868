#include "conformance/steps/proxy_upstream.h"

#include <iterator>
#include <set>

#include "est/codec/base64.h"
#include "est/crypto/digest.h"

namespace conformance::steps {
namespace {

// For an answer that has gone out to be noted, not for one that is being delayed.
constexpr est::Milliseconds longest_rest{250};

std::string sha256_of(est::BytesView der) { return est::hex(est::crypto::digest(est::crypto::Digest::sha256, der)); }

std::vector<std::string> upstream_labels(const target::Profile& profile) {
  std::set<std::string> labels{profile.upstream->label_of(profile.label)};
  for (const auto& [feature, label] : profile.labels) labels.insert(profile.upstream->label_of(label));
  for (const auto& [ours, theirs] : profile.upstream->labels) labels.insert(theirs);
  labels.erase("");
  return {labels.begin(), labels.end()};
}

}  // namespace

ProxyUpstream::ProxyUpstream(const target::Profile& profile, peer::UpstreamSecrets secrets) : secrets_(std::move(secrets)) {
  good_.authentication.accept = {"certificate", "basic", "digest"};
  good_.labels = upstream_labels(profile);
  options_.listen = profile.upstream->listen;
  options_.name = profile.upstream->name;
}

est::Result<std::shared_ptr<ProxyUpstream>> ProxyUpstream::start(const target::Profile& profile, peer::UpstreamSecrets secrets) {
  std::shared_ptr<ProxyUpstream> made(new ProxyUpstream(profile, std::move(secrets)));
  if (auto status = made->use(made->good_); !status) return status.error();
  made->port_ = made->server_->port();
  made->options_.listen.port = made->port_;
  return made;
}

est::Status ProxyUpstream::use(peer::Script script) {
  if (server_) return server_->play(std::move(script));
  auto server = peer::ScriptedServer::start(std::move(script), secrets_.pki, secrets_.credentials, options_);
  if (!server) return server.error();
  server_ = *std::move(server);
  return {};
}

est::Status ProxyUpstream::behave() {
  if (good_now_ && server_) return {};
  good_now_ = true;
  return use(good_);
}

est::Status ProxyUpstream::play(const engine::Step& step) {
  auto script = peer::script_of(step.parameters, step.place.file, step.place.line);
  if (!script) return script.error();
  if (!script->other.empty()) return est::Error{"an upstream has no other server to redirect to"};
  if (!step.parameters.contains("authentication")) script->authentication = good_.authentication;
  if (!step.parameters.contains("labels")) script->labels = good_.labels;
  good_now_ = false;
  return use(*std::move(script));
}

void ProxyUpstream::leave() {
  if (!server_) return;
  before_leaving_ = server_->take_seen();
  server_->stop();
  server_.reset();
}

void ProxyUpstream::forget() {
  before_leaving_.clear();
  if (server_) static_cast<void>(server_->take_seen());
}

std::vector<peer::SeenConnection> ProxyUpstream::seen() {
  std::vector<peer::SeenConnection> all = std::exchange(before_leaving_, {});
  if (!server_) return all;
  server_->rest(est::Deadline::after(longest_rest));
  auto now = server_->take_seen();
  std::move(now.begin(), now.end(), std::back_inserter(all));
  return all;
}

void describe_upstream(const peer::UpstreamSecrets& secrets, target::Profile& profile) {
  target::Upstream& upstream = *profile.upstream;
  upstream.user = secrets.credentials.user;
  upstream.registration_authority = sha256_of(secrets.registration_authority);
  upstream.ca_certificates = {sha256_of(secrets.pki.anchor()), sha256_of(secrets.pki.issuing())};
  profile.further_secrets = {secrets.credentials.password,
                             est::codec::encode_base64(est::as_bytes(secrets.credentials.user + ":" + secrets.credentials.password))};
}

}  // namespace conformance::steps
