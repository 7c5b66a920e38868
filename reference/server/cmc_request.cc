#include "server/cmc_request.h"

#include <algorithm>
#include <utility>

#include "est/codec/signed_data.h"
#include "est/ops/message.h"
#include "est/pki/cmc_proof.h"
#include "est/pki/signed_message.h"
#include "server/client_certificate.h"

namespace server {
namespace {

using est::Bytes;
using est::codec::CmcFailInfo;
using est::codec::SignedData;
using est::codec::SignerInfo;
using est::codec::TaggedRequest;
namespace codec = est::codec;

CmcFailure failed(CmcFailInfo info, std::string sentence) { return {info, {0}, std::move(sentence)}; }

std::vector<codec::Extension> extensions_of(const TaggedRequest& request) {
  if (request.crmf) return request.crmf->certificate.extensions;
  if (!request.pkcs10) return {};
  return codec::requested_extensions(*request.pkcs10).value.value_or(std::vector<codec::Extension>{});
}

const Bytes* key_of(const TaggedRequest& request) {
  if (request.pkcs10) return &request.pkcs10->key.der;
  return request.crmf && request.crmf->certificate.key ? &request.crmf->certificate.key->der : nullptr;
}

// RFC 5272 3.2 a to c.
const Bytes* key_inside(const SignerInfo& signer, const codec::PkiData& data) {
  if (!signer.id.by_key_identifier) return nullptr;
  for (const TaggedRequest& request : data.requests)
    if (est::pki::subject_key_identifier(extensions_of(request)) == signer.id.key_identifier) return key_of(request);
  return nullptr;
}

std::optional<CmcFailure> signature_failure(const SignerInfo& signer, const SignedData& message, est::BytesView key) {
  const auto good = est::pki::verify_signer(signer, *message.content, key);
  if (good && *good) return std::nullopt;
  const std::string why = good ? "it does not verify" : good.error().message;
  return failed(CmcFailInfo::bad_message_check, "The signature of the message cannot be accepted: " + why + "; sign the PKIData again.");
}

std::optional<CmcFailure> revocation_failure(const CertificateIdentity& signer, const CmcInput& input, const ca::Authority* authority) {
  if (authority == nullptr || !input.trust.check_crl || signer.anchor != Anchor::authority) return std::nullopt;
  const auto found = authority->find(signer.certificate.serial);
  const bool revoked = found && found->has_value() && (*found)->revoked_at.has_value();
  if (!revoked) return std::nullopt;
  return failed(CmcFailInfo::bad_identity, revoked_sentence(signer.certificate));
}

std::optional<CmcFailure> check_certified_signer(const CmcInput& input, const ca::Authority* authority, est::UnixTime now,
                                                 const codec::Certificate& certificate, const std::vector<Bytes>& others,
                                                 CmcRequest& request) {
  std::vector<Bytes> chain = {certificate.der};
  chain.insert(chain.end(), others.begin(), others.end());
  auto judged = verify_client_certificate(chain, input.trust, now);
  if (auto* sentence = std::get_if<std::string>(&judged)) return failed(CmcFailInfo::bad_identity, std::move(*sentence));
  request.signer = std::get<CertificateIdentity>(std::move(judged));
  return revocation_failure(*request.signer, input, authority);
}

std::optional<CmcFailure> check_signer(const CmcInput& input, const ca::Authority* authority, est::UnixTime now, const SignedData& message,
                                       CmcRequest& request) {
  if (message.signers.size() != 1)
    return failed(CmcFailInfo::bad_message_check, "A Full PKI Request needs one signature here; sign it once (RFC 5272 3.2).");
  const SignerInfo& signer = message.signers.front();
  std::vector<Bytes> candidates = message.certificates;
  candidates.insert(candidates.end(), input.facts.peer_chain.begin(), input.facts.peer_chain.end());
  if (const auto certificate = est::pki::signer_certificate(signer.id, candidates)) {
    if (auto failure = signature_failure(signer, message, certificate->spki)) return failure;
    return check_certified_signer(input, authority, now, *certificate, candidates, request);
  }
  const Bytes* key = key_inside(signer, request.data);
  if (key != nullptr) return signature_failure(signer, message, *key);
  return failed(
      CmcFailInfo::bad_message_check,
      "The signer is neither certified by a certificate in the message, nor named by the subjectKeyIdentifier of a request inside; "
      "add the one or the other (RFC 5272 3.2).");
}

}  // namespace

std::optional<CmcFailure> read_cmc_request(const CmcInput& input, const ca::Authority* authority, est::UnixTime now, CmcRequest& request) {
  if (input.body.empty())
    return failed(CmcFailInfo::bad_request, "The request has no body; send a Full PKI Request in base64 (RFC 7030 4.3.1, RFC 8951 3).");
  const est::Decoded<SignedData> message = est::ops::read_signed_data_body(input.body);
  const auto unreadable = [](const est::Findings& findings) {
    return failed(CmcFailInfo::bad_request, "The message cannot be read: " + est::describe_first(findings) +
                                                "; send the base64 of a SignedData around a PKIData (RFC 5272 3.2).");
  };
  if (!message.value) return unreadable(message.findings);
  if (message.value->content_type != codec::cmc_content::pki_data() || !message.value->content)
    return failed(CmcFailInfo::bad_request, "The SignedData holds no PKIData (RFC 5272 3.2.1), but " + message.value->content_type.name() +
                                                "; wrap the request in one.");
  est::Decoded<codec::PkiData> data = codec::decode_pki_data(*message.value->content, message.value->content_offset);
  if (data.value) request.data = std::move(*data.value);
  if (!message.accepted()) return unreadable(message.findings);
  if (est::has_errors(data.findings)) return unreadable(data.findings);
  return check_signer(input, authority, now, *message.value, request);
}

}  // namespace server
