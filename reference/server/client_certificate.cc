#include "server/client_certificate.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "est/base/text.h"
#include "est/crypto/chain.h"

namespace server {
namespace {

using est::Bytes;
using est::codec::Certificate;
using est::crypto::ChainOptions;
using est::crypto::ChainResult;

// The path did not reach an anchor of this store: another store may know it.
bool unknown_issuer(int code) {
  switch (code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return true;
    default:
      return false;
  }
}

std::string described(const Certificate& leaf) { return "The client certificate " + est::printable(leaf.subject.to_string()); }

std::string sentence_for(const ChainResult& result, const Certificate& leaf) {
  const std::string who = described(leaf);
  switch (result.code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return who + " (or a CA above it) has expired (its own end is " + est::iso8601(leaf.validity.not_after) +
             "); use a current one, or enroll anew with your first credentials.";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return who + " (or a CA above it) is not yet valid (its own start is " + est::iso8601(leaf.validity.not_before) +
             "); check the clocks or use another one.";
    case X509_V_ERR_CERT_REVOKED:
      return revoked_sentence(leaf);
    case X509_V_ERR_INVALID_PURPOSE:
      return who + " is not meant for TLS clients: its extended key usage lacks id-kp-clientAuth; use one that has it.";
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
      return who + " cannot be checked for revocation (" + result.reason + "); the operator must give this server a current CRL.";
    default:
      break;
  }
  if (unknown_issuer(result.code))
    return who + " was issued by " + est::printable(leaf.issuer.to_string()) +
           ", which this server does not know; use one of this EST CA or of a CA the server lists in its TLS certificate request.";
  return who + " is not accepted: " + result.reason + "; use another one.";
}

bool has_purpose(const Certificate& certificate, const est::codec::Oid& purpose) {
  const est::codec::Extension* extension = certificate.extension(est::codec::oids::extended_key_usage);
  if (extension == nullptr) return false;
  const auto decoded = est::codec::decode_extended_key_usage(extension->value);
  return decoded.value && std::find(decoded.value->begin(), decoded.value->end(), purpose) != decoded.value->end();
}

// RFC 5280 4.2.1.3: TLS client authentication is a signature. OpenSSL's purpose check lets keyAgreement pass, too.
bool may_sign(const Certificate& certificate) {
  const est::codec::Extension* extension = certificate.extension(est::codec::oids::key_usage);
  if (extension == nullptr) return true;
  const auto bits = est::codec::decode_key_usage(extension->value);
  return bits.value && (*bits.value & est::codec::key_usage::digital_signature) != 0;
}

struct Store {
  Anchor anchor;
  const std::vector<Bytes>* anchors;
  bool check_crl;
};

// Path building as OpenSSL does it, always for a TLS client.
ChainResult verify(const std::vector<Bytes>& chain, const Store& store, const Trust& trust, est::UnixTime now) {
  if (store.anchors->empty()) return {false, "no anchors", X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, {}};
  ChainOptions options;
  options.purpose = est::crypto::Purpose::tls_client;
  options.at = now;
  options.check_crl = store.check_crl;
  // The CA's own root is always among its anchors, and only a path that reaches it has a CRL for each certificate in it.
  options.partial_chain = store.anchor != Anchor::authority;
  const std::vector<Bytes> intermediates(chain.begin() + 1, chain.end());
  est::Result<ChainResult> result = est::crypto::verify_chain(chain.front(), intermediates, *store.anchors, trust.crls, options);
  if (!result) return {false, result.error().message, X509_V_ERR_UNSPECIFIED, {}};
  return *std::move(result);
}

std::optional<Manufacturer> maker_of(const std::vector<Bytes>& chain, const Trust& trust, est::UnixTime now) {
  for (const Manufacturer& each : trust.manufacturers)
    if (verify(chain, {Anchor::implicit_anchor, &each.anchors, false}, trust, now).valid) return each;
  return std::nullopt;
}

}  // namespace

std::string revoked_sentence(const Certificate& certificate) {
  return described(certificate) + " has been revoked; ask the operator of the CA, or enroll anew with other credentials.";
}

std::variant<CertificateIdentity, std::string> verify_client_certificate(const std::vector<Bytes>& chain, const Trust& trust,
                                                                         est::UnixTime now) {
  est::Decoded<Certificate> leaf = est::codec::decode_certificate(chain.front());
  if (!leaf.accepted()) return "The client certificate is not well-formed: " + est::describe_first(leaf.findings) + "; use another one.";
  if (!may_sign(*leaf.value))
    return described(*leaf.value) + " is not meant for signatures: its key usage lacks digitalSignature; use one that has it.";
  const std::vector<Store> stores{{Anchor::authority, &trust.authority, trust.check_crl},
                                  {Anchor::explicit_anchor, &trust.explicit_anchors, trust.check_crl},
                                  {Anchor::implicit_anchor, &trust.implicit_anchors, false}};
  ChainResult result;
  for (const Store& store : stores) {
    result = verify(chain, store, trust, now);
    if (result.valid) {
      const bool is_ra = store.anchor == Anchor::authority && has_purpose(*leaf.value, est::codec::oids::cmc_ra);
      auto maker = store.anchor == Anchor::implicit_anchor ? maker_of(chain, trust, now) : std::nullopt;
      return CertificateIdentity{*std::move(leaf.value), store.anchor, std::move(maker), is_ra};
    }
    if (!unknown_issuer(result.code)) break;
  }
  return sentence_for(result, *leaf.value);
}

}  // namespace server
