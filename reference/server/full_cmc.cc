#include "server/full_cmc.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "est/codec/cms.h"
#include "est/codec/der.h"
#include "est/codec/signed_data.h"
#include "est/ops/message.h"
#include "est/pki/signed_message.h"

namespace server {
namespace {

using est::Bytes;
using est::codec::BodyPartId;
using est::codec::CmcFailInfo;
using est::codec::CmcStatus;
using est::codec::Control;
namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;

constexpr std::size_t nonce_octets = 16;

// Numbers the controls of a response and adds those that answer the request's (RFC 5272 6.4, 6.6).
class Controls {
 public:
  void add(const codec::Oid& type, Bytes value) { all_.push_back(codec::make_control(next_++, type, std::move(value))); }
  void answer(const codec::PkiData& data) {
    for (const Control& control : data.controls) {
      if (control.values.size() != 1) continue;
      const bool echoed = control.type == cmc_oids::transaction_id || control.type == cmc_oids::data_return;
      if (echoed) add(control.type, control.values.front());
    }
    const Control* nonce = data.control(cmc_oids::sender_nonce);
    if (nonce == nullptr || !codec::read_octets(*nonce).accepted()) return;
    add(cmc_oids::recipient_nonce, nonce->values.front());
    add(cmc_oids::sender_nonce, codec::der::octet_string(est::crypto::random_bytes(nonce_octets)));
  }
  [[nodiscard]] const std::vector<Control>& all() const { return all_; }

 private:
  std::vector<Control> all_;
  BodyPartId next_ = 1;
};

codec::StatusSpec status_of(const CmcFailure& failure) {
  codec::StatusSpec status{failure.status, failure.parts, failure.sentence, {}};
  if (failure.status == CmcStatus::failed) status.fail_info = failure.info;
  return status;
}

// RFC 5272 6.15: the CA's self-signed certificates are what its clients may trust.
Bytes published_anchors(const std::vector<Bytes>& certificates, est::UnixTime now) {
  codec::TrustAnchorHashes anchors;
  anchors.algorithm = {codec::oids::sha1, codec::der::null()};
  for (const Bytes& der : certificates) {
    const auto certificate = codec::decode_certificate(der);
    if (certificate.value && certificate.value->self_issued())
      anchors.hashes.push_back(est::crypto::digest(est::crypto::Digest::sha1, der));
  }
  return codec::encode_trusted_anchors(now, anchors);
}

// Signs Full PKI Responses.
class Signatory {
 public:
  Signatory(const est::tls::Identity& signer, est::UnixTime now) : signer_(signer), now_(now) {}

  [[nodiscard]] Answer full(int status, const Controls& controls, std::vector<Bytes> certificates) const {
    certificates.insert(certificates.end(), signer_.chain.begin(), signer_.chain.end());
    std::sort(certificates.begin(), certificates.end());
    certificates.erase(std::unique(certificates.begin(), certificates.end()), certificates.end());
    const est::pki::MessageSpec spec{codec::cmc_content::pki_response(), codec::encode_pki_response(controls.all()),
                                     std::move(certificates)};
    est::pki::MessageSigner by;
    by.key = signer_.key ? &*signer_.key : nullptr;
    by.certificate = signer_.chain.empty() ? Bytes{} : signer_.chain.front();
    by.signing_time = now_;
    const auto message = est::pki::sign_message(spec, by);
    if (!message) return unavailable(message.error().message);
    return {est::ops::cmc_response(status, codec::encode_signed_data(*message)), {}, {}};
  }

  [[nodiscard]] Answer reject(const codec::PkiData& data, const CmcFailure& failure) const {
    Controls controls;
    controls.add(cmc_oids::status_info_v2, codec::encode_status_info(status_of(failure)));
    controls.answer(data);
    const int http_status = failure.info == CmcFailInfo::bad_identity ? 403 : 400;
    Answer answer = full(http_status, controls, {});
    if (answer.cause.empty()) answer.cause = failure.sentence;
    return answer;
  }

 private:
  const est::tls::Identity& signer_;
  est::UnixTime now_;
};

class Responder {
 public:
  Responder(const CmcInput& input, const est::tls::Identity& signer, ca::Authority& authority, est::UnixTime now)
      : input_(input), signatory_(signer, now), authority_(authority), now_(now) {}

  [[nodiscard]] Answer reject(const codec::PkiData& data, const CmcFailure& failure) const { return signatory_.reject(data, failure); }

  // `refused`: the CA turned one request down after it had granted others.
  [[nodiscard]] Answer grant(const codec::PkiData& data, const std::vector<BodyPartId>& parts, const std::vector<Bytes>& certificates,
                             const std::optional<CmcFailure>& refused) const {
    Controls controls;
    controls.answer(data);
    const bool publish = input_.policy.full_cmc.publish_trust_anchors;
    const bool plain = controls.all().empty() && !publish && !refused && !certificates.empty();
    if (plain) return {est::ops::certs_only_response(with_chain(certificates)), {}, {}};
    const std::vector<BodyPartId> granted = parts.empty() ? std::vector<BodyPartId>{0} : parts;
    controls.add(cmc_oids::status_info_v2, codec::encode_status_info({CmcStatus::success, granted, {}, {}}));
    if (refused) controls.add(cmc_oids::status_info_v2, codec::encode_status_info(status_of(*refused)));
    std::vector<Bytes> bag = with_chain(certificates);
    if (publish) {
      const auto anchors = authority_.ca_certificates();
      if (!anchors) return unavailable(anchors.error().message);
      controls.add(cmc_oids::trusted_anchors, published_anchors(*anchors, now_));
      bag.insert(bag.end(), anchors->begin(), anchors->end());
    }
    return signatory_.full(200, controls, std::move(bag));
  }

 private:
  // RFC 5272 4.1: with the intermediates of the path, without the root.
  [[nodiscard]] std::vector<Bytes> with_chain(std::vector<Bytes> certificates) const {
    const auto issuers = authority_.issuer_chain();
    if (!issuers || certificates.empty()) return certificates;
    for (const Bytes& der : *issuers) {
      const auto certificate = codec::decode_certificate(der);
      if (certificate.value && !certificate.value->self_issued()) certificates.push_back(der);
    }
    return certificates;
  }

  const CmcInput& input_;
  Signatory signatory_;
  ca::Authority& authority_;
  est::UnixTime now_;
};

std::string identity_of(const CmcInput& input, const CmcRequest& request) {
  std::string identity = input.principal.identity();
  if (request.signer) identity += "+signer:" + request.signer->certificate.subject.to_string();
  return identity;
}

// Asks the CA for one order after the other. What was refused after others were granted is told beside them.
Answer issue(const CmcInput& input, const CmcRequest& request, const std::vector<CmcOrder>& orders, const Responder& responder,
             ca::Authority& authority, const est::Clock& clock) {
  std::vector<Bytes> certificates;
  std::vector<BodyPartId> parts;
  std::string serials;
  std::optional<CmcFailure> failure;
  for (const CmcOrder& order : orders) {
    ca::IssueRequest ask;
    ask.request = &order.request;
    ask.requester = {identity_of(input, request)};
    ask.label = input.label;
    ask.profile = input.policy.profile;
    ask.manual_approval = input.policy.manual_approval;
    apply_change_of_name(order.request, ask);
    const est::Result<ca::Outcome> outcome = authority.issue(ask);
    if (!outcome) return unavailable(outcome.error().message);
    if (const auto* pending = std::get_if<ca::Pending>(&*outcome)) return waiting(*pending, input.policy.retry, clock.now());
    if (const auto* refused = std::get_if<ca::Refused>(&*outcome)) {
      failure = CmcFailure{CmcFailInfo::bad_request, {order.id}, refused->reason};
      break;
    }
    const auto& issued = std::get<ca::Issued>(*outcome);
    certificates.push_back(issued.certificate);
    parts.push_back(order.id);
    serials += (serials.empty() ? "" : " ") + est::hex(issued.serial);
  }
  if (failure && certificates.empty()) return responder.reject(request.data, *failure);
  Answer answer = responder.grant(request.data, parts, certificates, failure);
  answer.serial = serials;
  return answer;
}

}  // namespace

Answer full_cmc(const CmcInput& input, const est::tls::Identity& signer, ca::Authority& authority, const est::Clock& clock) {
  const Responder responder(input, signer, authority, clock.now());
  CmcRequest request;
  if (const auto failure = read_cmc_request(input, &authority, clock.now(), request)) return responder.reject(request.data, *failure);
  if (const auto failure = check_cmc_controls(input, request)) return responder.reject(request.data, *failure);
  const auto checked = check_cmc_requests(input, request);
  if (const auto* failure = std::get_if<CmcFailure>(&checked)) return responder.reject(request.data, *failure);
  return issue(input, request, std::get<std::vector<CmcOrder>>(checked), responder, authority, clock);
}

std::variant<CmcRequest, Answer> read_full_request(const CmcInput& input, const est::tls::Identity& signer, const est::Clock& clock) {
  const Signatory signatory(signer, clock.now());
  CmcRequest request;
  if (const auto failure = read_cmc_request(input, nullptr, clock.now(), request)) return signatory.reject(request.data, *failure);
  if (const auto failure = check_before_handing_on(input, request)) return signatory.reject(request.data, *failure);
  return request;
}

}  // namespace server
