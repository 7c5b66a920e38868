#include "client/server_check.h"

#include <algorithm>

#include "est/codec/x509.h"
#include "est/crypto/chain.h"
#include "est/crypto/host_name.h"

namespace client {
namespace {

using est::Bytes;
using est::Result;
using est::crypto::ChainResult;

Result<ChainResult> path_to(const std::vector<Bytes>& anchors, const std::vector<Bytes>& chain, const Trust& trust) {
  std::vector<Bytes> helpers(chain.begin() + 1, chain.end());
  helpers.insert(helpers.end(), trust.intermediates.begin(), trust.intermediates.end());
  est::crypto::ChainOptions options;
  options.purpose = est::crypto::Purpose::tls_server;
  options.at = trust.at;
  options.check_crl = trust.check_crl;
  return est::crypto::verify_chain(chain.front(), helpers, anchors, trust.crls, options);
}

ServerVerdict not_authorised(std::string reason, int code) { return {Basis::none, false, std::move(reason), code}; }

ServerVerdict name_verdict(const Bytes& leaf, const std::string& host, Basis basis) {
  const Result<bool> named = est::crypto::names_host(leaf, host);
  if (!named) return not_authorised("its certificate cannot be read: " + named.error().message, 0);
  if (*named) return {basis, false, {}, 0};
  if (basis == Basis::explicit_anchors && is_registration_authority(leaf)) return {basis, true, {}, 0};
  return not_authorised("its certificate is not for the name " + host, est::crypto::host_mismatch_code);
}

}  // namespace

std::string_view to_string(Basis basis) noexcept {
  switch (basis) {
    case Basis::none:
      return "none";
    case Basis::explicit_anchors:
      return "explicit trust anchors";
    case Basis::implicit_anchors:
      return "implicit trust anchors";
  }
  return "unknown";
}

bool is_registration_authority(est::BytesView certificate) {
  const auto decoded = est::codec::decode_certificate(certificate);
  if (!decoded.value) return false;
  const est::codec::Extension* extension = decoded.value->extension(est::codec::oids::extended_key_usage);
  if (extension == nullptr) return false;
  const auto purposes = est::codec::decode_extended_key_usage(extension->value);
  return purposes.value && std::find(purposes.value->begin(), purposes.value->end(), est::codec::oids::cmc_ra) != purposes.value->end();
}

ServerVerdict check_server(const std::vector<Bytes>& chain, const std::string& host, const Trust& trust) {
  if (chain.empty()) return not_authorised("it showed no certificate", 0);
  if (trust.empty()) return not_authorised("there are no trust anchors", 0);
  ServerVerdict verdict;
  for (const Basis basis : {Basis::explicit_anchors, Basis::implicit_anchors}) {
    const auto& anchors = basis == Basis::explicit_anchors ? trust.explicit_anchors : trust.implicit_anchors;
    if (anchors.empty()) continue;
    const Result<ChainResult> path = path_to(anchors, chain, trust);
    if (!path) return not_authorised(path.error().message, 0);
    if (path->valid) return name_verdict(chain.front(), host, basis);
    const std::string reason = "no path to the " + std::string(to_string(basis)) + ": " + path->reason;
    verdict = not_authorised(verdict.reason.empty() ? reason : verdict.reason + "; " + reason, path->code);
  }
  return verdict;
}

}  // namespace client
