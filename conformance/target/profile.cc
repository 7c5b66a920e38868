#include "conformance/target/profile.h"

#include "est/base/file.h"
#include "est/codec/base64.h"
#include "est/crypto/chain.h"
#include "est/crypto/digest.h"
#include "est/crypto/mac.h"
#include "est/ops/operation.h"

namespace conformance::target {
namespace {

std::string fingerprint(const est::Bytes& der) { return est::hex(est::crypto::digest(est::crypto::Digest::sha256, der)); }

std::string leaf_fingerprint(const est::tls::Identity& identity) {
  return identity.chain.empty() ? std::string() : fingerprint(identity.chain.front());
}

engine::Json access_json(const Profile& profile) {
  engine::Json access{{"url", profile.url.scheme + "://" + profile.url.endpoint.to_string()}, {"label", profile.label}};
  access["trust-anchors"] = engine::Json::array();
  for (const auto& anchor : profile.trust_anchors) access["trust-anchors"].push_back(fingerprint(anchor));
  if (profile.password) access["user"] = profile.password->user;
  for (const auto& [name, password] : profile.odd_passwords) access["odd-passwords"][name] = password.user;
  access["identities"] = engine::Json::object();
  for (const auto& [name, identity] : profile.identities) access["identities"][name] = leaf_fingerprint(identity);
  if (profile.client_ca) access["client-ca"] = leaf_fingerprint(*profile.client_ca);
  access["labels"] = profile.labels;
  if (!profile.request_headers.empty()) access["headers"] = profile.request_headers;
  for (const auto& [feature, url] : profile.urls) access["urls"][feature] = "https://" + url.endpoint.to_string();
  if (!profile.server_names.empty()) access["server-names"] = profile.server_names;
  // The command lines stay out: they may hold credentials for the operator's own machines.
  access["operator"] = engine::Json::object();
  for (const auto& [name, key] : profile.protection_keys) access["serverkeygen"][name] = est::hex(est::as_bytes(key.identifier));
  for (const auto& [name, action] : profile.operator_actions) access["operator"][name] = action.prompt ? "prompt" : "command";
  return access;
}

engine::Json upstream_json(const Upstream& upstream) {
  return {{"listen", upstream.listen.to_string()},
          {"name", upstream.name},
          {"labels", upstream.labels},
          {"user", upstream.user},
          {"ca-certificates", upstream.ca_certificates},
          {"registration-authority", upstream.registration_authority}};
}

engine::Json csr_json(const CsrPolicy& csr) {
  engine::Json types = engine::Json::array();
  for (const auto type : csr.key_types) types.push_back(std::string(to_string(type)));
  return {
      {"subject", csr.subject}, {"san", csr.subject_alt_names}, {"key-type", std::string(to_string(csr.key_type))}, {"key-types", types}};
}

}  // namespace

std::string Upstream::label_of(const std::string& front) const {
  const auto found = labels.find(front);
  return found == labels.end() ? front : found->second;
}

engine::Json Profile::public_json() const {
  engine::Json json{{"name", name},
                    {"vendor", vendor},
                    {"version", version},
                    {"role", role},
                    {"claims", claims},
                    {"access", access_json(*this)},
                    {"csr", csr_json(csr)},
                    {"limits",
                     {{"jobs", limits.jobs},
                      {"requests-per-second", limits.requests_per_second},
                      {"certificates", limits.max_certificates},
                      {"longest-wait", limits.longest_wait_seconds},
                      {"operator", limits.operator_seconds}}}};
  if (upstream) json["upstream"] = upstream_json(*upstream);
  return json;
}

std::vector<std::string> Profile::unanswered() const {
  auto names = unanswered_of(server_claims(), *this);
  if (role != "proxy") return names;
  const auto further = unanswered_of(proxy_claims(), *this);
  names.insert(names.end(), further.begin(), further.end());
  return names;
}

engine::Json Profile::secret_digests() const {
  constexpr int rounds = 200000;
  const est::Bytes salt = est::crypto::random_bytes(16);
  const auto digest_of = [&](std::string_view secret) {
    return est::hex(est::crypto::pbkdf2(est::crypto::Digest::sha256, secret, salt, rounds));
  };
  engine::Json digests = engine::Json::object();
  if (password) digests["password"] = digest_of(password->password);
  for (const auto& [kind, odd] : odd_passwords) digests["odd-passwords." + kind] = digest_of(odd.password);
  for (const auto& [kind, key] : protection_keys)
    if (!key.secret.empty()) digests["serverkeygen." + kind] = digest_of(est::as_text(key.secret));
  return {{"method", "PBKDF2 with HMAC-SHA-256"}, {"rounds", rounds}, {"salt", est::hex(salt)}, {"digests", std::move(digests)}};
}

std::vector<std::string> Profile::secrets() const {
  std::vector<std::string> all = further_secrets;
  for (const auto& [technique, key] : protection_keys) {
    if (key.secret.empty()) continue;
    all.push_back(est::to_string(est::BytesView(key.secret)));
    all.push_back(est::hex(key.secret));
  }
  const auto add = [&](const Password& one) {
    if (one.password.empty()) return;
    all.push_back(one.password);
    all.push_back(est::codec::encode_base64(est::as_bytes(one.user + ":" + one.password)));
  };
  if (password) add(*password);
  for (const auto& entry : odd_passwords) add(entry.second);
  return all;
}

namespace {

est::Status apply_address(Profile& profile, const Flags& flags) {
  if (!flags.url.empty()) {
    auto url = est::net::parse_url(flags.url);
    if (!url.ok()) return est::Error{"--url: " + url.error().message + "; write https://HOST:PORT"};
    if (url->scheme != "https") return est::Error{"--url: not https; EST is spoken over TLS, write https://HOST:PORT"};
    if (!url->path.empty() && url->path != "/") return est::Error{"--url: has a path; leave it out and give a CA label with --label"};
    profile.url = *url;
  }
  if (!flags.trust_anchor.empty()) {
    const auto pem = est::read_file(flags.trust_anchor);
    if (!pem.ok()) return est::Error{"--trust-anchor: " + pem.error().message + "; name a readable PEM file"};
    auto certificates = est::crypto::certificates_from_pem(*pem);
    if (!certificates.ok())
      return est::Error{"--trust-anchor: " + flags.trust_anchor + ": " + certificates.error().message +
                        "; name a PEM file with certificates"};
    profile.trust_anchors = std::move(*certificates);
  }
  if (!flags.label.empty()) {
    if (!est::ops::valid_label(flags.label))
      return est::Error{"--label: not a CA label; use one path segment that is no operation name (RFC 7030 3.2.2)"};
    profile.label = flags.label;
  }
  return {};
}

est::Status apply_credentials(Profile& profile, const Flags& flags) {
  if (flags.user.empty() != flags.password.empty()) {
    if (!profile.password) return est::Error{"--user and --password belong together; give both"};
  }
  if (!flags.user.empty() || !flags.password.empty()) {
    Password password = profile.password.value_or(Password{});
    if (!flags.user.empty()) password.user = flags.user;
    if (!flags.password.empty()) password.password = flags.password;
    profile.password = std::move(password);
  }
  if (flags.client_certificate.empty() != flags.client_key.empty()) {
    return est::Error{"--client-cert and --client-key belong together; give both"};
  }
  if (!flags.client_certificate.empty()) {
    auto identity = est::tls::load_identity(flags.client_certificate, flags.client_key);
    if (!identity.ok())
      return est::Error{"--client-cert: " + identity.error().message + "; name PEM files of a certificate and its unencrypted key"};
    profile.identities.insert_or_assign("client", std::move(*identity));
  }
  return {};
}

// Without a profile we claim what RFC 7030 demands of every server and what the credentials given make testable.
void claim_from_flags(Profile& profile) {
  const bool certificate = profile.identities.contains("client");
  if (profile.password) profile.claims.insert("http-basic");
  if (!profile.password && !certificate) return;
  for (const auto* claim : {"simpleenroll", "simplereenroll", "tls-client-certificate"}) profile.claims.insert(claim);
}

}  // namespace

est::Result<Profile> apply_flags(std::optional<Profile> profile, const Flags& flags) {
  const bool with_profile = profile.has_value();
  Profile result = std::move(profile).value_or(Profile{});
  if (auto status = apply_address(result, flags); !status.ok()) return status.error();
  if (auto status = apply_credentials(result, flags); !status.ok()) return status.error();
  if (result.url.endpoint.host.empty()) return est::Error{"no target; give --url https://HOST:PORT or --profile FILE"};
  if (result.trust_anchors.empty()) return est::Error{"no trust anchor; give --trust-anchor PEM or --profile FILE"};
  if (!with_profile) {
    result.name = result.url.endpoint.to_string();
    claim_from_flags(result);
  }
  return result;
}

namespace {

est::Status apply_upstream(Profile& profile, const Flags& flags) {
  Upstream upstream = std::move(profile.upstream).value_or(Upstream{});
  if (!flags.upstream_listen.empty()) {
    auto endpoint = est::net::parse_endpoint(flags.upstream_listen);
    if (!endpoint) return est::Error{"--upstream-listen: " + endpoint.error().message};
    upstream.listen = *std::move(endpoint);
  }
  if (!flags.upstream_name.empty()) upstream.name = flags.upstream_name;
  if (!flags.upstream_files.empty()) upstream.files = flags.upstream_files;
  if (upstream.listen.host.empty())
    return est::Error{
        "nothing says where the proxy looks for its upstream; give --upstream-listen HOST:PORT or a --profile with `upstream`"};
  if (upstream.files.empty()) return est::Error{"no --upstream-files DIR with what the proxy was configured with; make one with --prepare"};
  profile.upstream = std::move(upstream);
  return {};
}

}  // namespace

est::Result<Profile> apply_proxy_flags(std::optional<Profile> profile, const Flags& flags) {
  auto applied = apply_flags(std::move(profile), flags);
  if (!applied) return applied;
  if (auto status = apply_upstream(*applied, flags); !status) return status.error();
  applied->role = "proxy";
  return applied;
}

}  // namespace conformance::target
