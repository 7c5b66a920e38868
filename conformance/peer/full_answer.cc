// What /fullcmc is answered: a Simple PKI Response, or a Full one and the ways it can be wrong (RFC 5272 3.2, 4.2, 6).
#include <algorithm>

#include "conformance/peer/service.h"
#include "est/base/bytes.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/cms.h"
#include "est/codec/der.h"
#include "est/codec/signed_data.h"
#include "est/crypto/digest.h"
#include "est/ops/message.h"
#include "est/pki/cmc_proof.h"
#include "est/pki/signed_message.h"

namespace conformance::peer {
namespace {

namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;
namespace der = est::codec::der;
using codec::CmcStatus;
using codec::Control;
using est::Bytes;
using est::http::Response;

constexpr std::string_view response_type = "application/pkcs7-mime; smime-type=CMC-response";

// A request in either form, as a PKCS #10 one. Nothing: there is none, or its proof of possession is not right.
std::optional<codec::CertificationRequest> as_pkcs10(const codec::TaggedRequest& tagged) {
  if (tagged.pkcs10) return tagged.pkcs10;
  if (!tagged.crmf || !tagged.crmf->certificate.key) return std::nullopt;
  const auto possession = est::pki::verify_crmf_request(*tagged.crmf);
  if (!possession || !*possession) return std::nullopt;
  codec::CertificationRequest request;
  request.subject = tagged.crmf->certificate.subject.value_or(codec::Name{});
  request.key = *tagged.crmf->certificate.key;
  if (!tagged.crmf->certificate.extensions.empty())
    request.attributes.push_back(codec::make_extension_request(tagged.crmf->certificate.extensions));
  return request;
}

struct Asked {
  codec::BodyPartId request = 0;
  Bytes nonce, transaction;  // empty: not given
};

Asked asked_by(const codec::PkiData& data) {
  Asked asked{data.requests.front().id, {}, {}};
  if (const Control* nonce = data.control(cmc_oids::sender_nonce)) asked.nonce = codec::read_octets(*nonce).value.value_or(Bytes{});
  if (const Control* id = data.control(cmc_oids::transaction_id)) asked.transaction = codec::read_integer(*id).value.value_or(Bytes{});
  return asked;
}

CmcStatus status_of(std::string_view contents) {
  if (contents == "full-failed") return CmcStatus::failed;
  if (contents == "full-pending") return CmcStatus::pending;
  return contents == "full-confirm" ? CmcStatus::confirm_required : CmcStatus::success;
}

Control status_control(codec::BodyPartId id, CmcStatus status, codec::BodyPartId about, std::string_view contents) {
  codec::StatusSpec spec{status, {about}, {}, {}};
  if (status == CmcStatus::failed) spec.fail_info = codec::CmcFailInfo::bad_request;
  if (contents == "full-older-status")  // CMCStatusInfo ::= SEQUENCE { cMCStatus, bodyList SEQUENCE OF BodyPartID, ... }
    return codec::make_control(id, cmc_oids::status_info,
                               der::sequence({der::integer(static_cast<std::int64_t>(status)), der::sequence({der::integer(about)})}));
  return codec::make_control(id, cmc_oids::status_info_v2, codec::encode_status_info(spec));
}

std::vector<Control> controls_for(const Asked& asked, std::string_view contents, est::BytesView published) {
  std::vector<Control> controls{status_control(1, status_of(contents), asked.request, contents)};
  if (contents == "full-two-statuses" || contents == "full-second-failed") {
    const CmcStatus second = contents == "full-two-statuses" ? CmcStatus::success : CmcStatus::failed;
    controls.push_back(status_control(2, second, asked.request, contents));
  }
  const Bytes nonce = contents == "full-other-nonce" ? est::crypto::random_bytes(16) : asked.nonce;
  if (!nonce.empty()) controls.push_back(codec::make_octets_control(3, cmc_oids::recipient_nonce, nonce));
  controls.push_back(codec::make_octets_control(4, cmc_oids::sender_nonce, est::crypto::random_bytes(16)));
  const Bytes transaction = contents == "full-other-transaction" ? Bytes{0x11, 0x22, 0x33} : asked.transaction;
  if (!transaction.empty()) controls.push_back(codec::make_control(5, cmc_oids::transaction_id, der::unsigned_integer(transaction)));
  if (contents == "full-published")
    controls.push_back(codec::make_control(
        6, cmc_oids::trusted_anchors,
        codec::encode_trusted_anchors(1, {{}, {codec::oids::sha256, {}}, {est::crypto::digest(est::crypto::Digest::sha256, published)}})));
  return controls;
}

// PKIResponse with a CMS message and another that no control mentions (RFC 5272 4.2.1).
Bytes with_unreferenced(est::BytesView response) {
  const Bytes message = der::sequence({der::oid(codec::oids::data), der::context(0, der::octet_string(est::as_bytes("nobody's")))});
  const Bytes other = der::sequence({der::integer(41), der::oid(codec::Oid("1.3.6.1.4.1.32473.7030.6")), der::null()});
  const auto read = codec::decode_pki_response(response);
  std::vector<Bytes> controls;
  for (const Control& control : read.value->controls) controls.push_back(codec::encode(control));
  return der::sequence({der::sequence_of(controls), der::sequence({der::sequence({der::integer(40), message})}), der::sequence({other})});
}

std::string_view responder_of(std::string_view contents) {
  if (contents == "full-stranger" || contents == "full-published") return "stranger";
  return contents == "full-leaf" ? "leaf" : "issuing";
}

est::Status spoil(codec::SignedData& message, const est::crypto::PrivateKey& key, std::string_view contents) {
  if (contents == "full-unsigned") message.signers.clear();
  if (contents == "full-bad-signature")
    message.signers.front().signature = *key.sign(key.natural_digest(), est::as_bytes("something else"));
  if (contents != "full-wrong-digest") return {};
  auto& signer = message.signers.front();
  const auto digest = codec::make_message_digest_attribute(est::crypto::digest(key.natural_digest(), est::as_bytes("something else")));
  signer.signed_attributes = {codec::make_content_type_attribute(message.content_type), digest};
  signer.signed_attributes_der = codec::encode_signed_attributes(signer.signed_attributes);
  auto signature = key.sign(key.natural_digest(), signer.signed_attributes_der);
  if (!signature) return signature.error();
  signer.signature = std::move(*signature);
  return {};
}

est::Result<Bytes> full_response(const Asked& asked, const std::vector<Bytes>& certificates, const std::string& contents, const Pki& pki) {
  const auto signer = pki.responder(responder_of(contents));
  if (!signer) return signer.error();
  Bytes content = codec::encode_pki_response(controls_for(asked, contents, signer->chain.front()));
  if (contents == "full-unreferenced") content = with_unreferenced(content);
  est::pki::MessageSpec spec{codec::cmc_content::pki_response(), std::move(content), certificates};
  if (contents == "full-pending") spec.certificates.clear();
  spec.certificates.push_back(signer->chain.front());
  auto message = est::pki::sign_message(spec, {&*signer->key, signer->chain.front(), {}, {}, {}});
  if (!message) return message.error();
  if (auto status = spoil(*message, *signer->key, contents); !status) return status.error();
  return codec::encode_signed_data(*message);
}

bool fits(const est::pki::ProofAlgorithms& algorithms, const est::http::Credentials& credentials, const std::string& identification,
          const codec::PkiData& data, est::BytesView witness) {
  return est::equal(est::pki::identity_witness(algorithms, credentials.password, identification, data.request_sequence), witness);
}

}  // namespace

// RFC 5272 6.2: either control, over the requests as they came. Why it is refused; empty: it is not.
std::string Service::identity_refusal(const codec::PkiData& data) const {
  std::string identification;
  if (const Control* named = data.control(cmc_oids::identification)) identification = codec::read_text(*named).value.value_or("");
  bool proven = false;
  for (const Control& control : data.controls) {
    const bool newer = control.type == cmc_oids::identity_proof_v2 || control.type == cmc_oids::pop_link_witness_v2;
    if ((!newer && control.type != cmc_oids::identity_proof) || control.values.empty()) continue;
    est::pki::ProofAlgorithms algorithms;
    Bytes witness = codec::read_octets(control).value.value_or(Bytes{});
    if (newer) {
      const auto read = codec::read_witness_v2(control.values.front());
      const auto known = read.value ? est::pki::proof_algorithms(*read.value) : std::nullopt;
      if (!known) return "The identity proof cannot be read.";
      algorithms = *known;
      witness = read.value->witness;
    }
    if (!fits(algorithms, credentials_, identification, data, witness)) return "The identity proof is not right.";
    proven = true;
  }
  return proven || !script_.identity_proof ? "" : "The Full PKI Request does not prove who sent it.";
}

Response Service::fullcmc(const est::http::Request& request, const est::tls::Facts& facts, const Answer& wish) const {
  const auto outer = est::ops::read_signed_data_body(request.body);
  if (!outer.value || !outer.value->content) return refused_with("The body is no Full PKI Request.");
  const auto data = codec::decode_pki_data(*outer.value->content);
  if (!data.value || data.value->requests.empty()) return refused_with("The Full PKI Request holds no request.");
  const codec::TaggedRequest& tagged = data.value->requests.front();
  const auto csr = as_pkcs10(tagged);
  if (!csr) return refused_with("The Full PKI Request holds no certification request, or one whose possession is not proven.");
  if (tagged.pkcs10)
    if (const std::string why = refusal_of(*csr, facts); !why.empty()) return refused_with(why);
  if (const std::string why = identity_refusal(*data.value); !why.empty()) return refused_with(why);
  Response simple = issue(*csr, wish);
  if (simple.status != 200 || !knows(full_responses(), wish.contents)) return simple;
  const auto issued = est::ops::read_certs_only_body(simple.body);
  const auto full = full_response(asked_by(*data.value), issued.value.value_or(std::vector<Bytes>{}), wish.contents, pki_);
  if (!full) return est::ops::text_response(500, full.error().message);
  return message_of(response_type, encoded(*full, wish.encoding));
}

}  // namespace conformance::peer
