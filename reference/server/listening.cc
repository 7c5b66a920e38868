#include "server/listening.h"

#include <utility>

namespace server {

using est::Result;
using est::tls::ClientCertificate;

Result<ContextPointer> make_server_context(const Config& config, const Trust& trust, ClientCertificate client_certificate) {
  Result<est::tls::Identity> identity = est::tls::load_identity(config.server_certificate, config.server_key);
  if (!identity) return identity.error();
  est::tls::ServerProfile profile;
  profile.identity = *std::move(identity);
  profile.least = config.tls.least;
  profile.most = config.tls.most;
  profile.suites = config.tls.suites;
  profile.groups = config.tls.groups;
  for (const CertificateFiles& files : config.named_certificates) {
    Result<est::tls::Identity> named = est::tls::load_identity(files.certificate, files.key);
    if (!named) return named.error();
    profile.by_name.push_back(*std::move(named));
  }
  profile.client_certificate = client_certificate;
  profile.resumption = config.tls.resumption;
  profile.last_touch = config.tls.last_touch;
  for (const auto* store : {&trust.authority, &trust.explicit_anchors, &trust.implicit_anchors})
    profile.client_ca_certificates.insert(profile.client_ca_certificates.end(), store->begin(), store->end());
  return est::tls::ServerContext::make(profile);
}

}  // namespace server
