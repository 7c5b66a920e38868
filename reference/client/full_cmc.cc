#include "client/full_cmc.h"

#include <algorithm>
#include <utility>

#include "client/answer.h"
#include "est/base/text.h"
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/der.h"
#include "est/codec/media_type.h"
#include "est/crypto/chain.h"
#include "est/crypto/digest.h"
#include "est/ops/message.h"
#include "est/pki/issue.h"
#include "est/pki/signed_message.h"

namespace client {
namespace {

namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;
using est::Bytes;
using est::Error;
using est::Result;
using est::http::Response;

constexpr codec::BodyPartId nonce_part = 2, transaction_part = 3, link_part = 4, identity_part = 5, vouching_part = 7;
constexpr std::size_t nonce_size = 16, transaction_size = 8;

Problem no_answer(const std::string& what) { return {ProblemKind::answer, "the Full PKI Response " + what, 200}; }

bool may_sign_responses(const codec::Certificate& certificate) {
  if (is_registration_authority(certificate.der)) return true;
  if (const codec::Extension* constraints = certificate.extension(codec::oids::basic_constraints)) {
    const auto decoded = codec::decode_basic_constraints(constraints->value);
    if (decoded.value && decoded.value->ca) return true;
  }
  const codec::Extension* usage = certificate.extension(codec::oids::extended_key_usage);
  if (usage == nullptr) return false;
  const auto purposes = codec::decode_extended_key_usage(usage->value);
  return purposes.value && std::find(purposes.value->begin(), purposes.value->end(), codec::oids::cmc_ca) != purposes.value->end();
}

std::vector<Bytes> all_known(const codec::SignedData& message, const Trust& trust) {
  std::vector<Bytes> all = message.certificates;
  for (const auto* list : {&trust.intermediates, &trust.explicit_anchors, &trust.implicit_anchors})
    all.insert(all.end(), list->begin(), list->end());
  return all;
}

std::optional<Problem> check_signature(const codec::SignedData& message, const Trust& trust) {
  const auto untrusted = [](const std::string& why) { return Problem{ProblemKind::untrusted, "the Full PKI Response " + why, 200}; };
  if (message.signers.empty()) return untrusted("is not signed");
  const codec::SignerInfo& signer = message.signers.front();
  const std::vector<Bytes> known = all_known(message, trust);
  const auto certificate = est::pki::signer_certificate(signer.id, known);
  if (!certificate) return untrusted("is signed by a certificate that is not there");
  const Result<bool> good = est::pki::verify_signer(signer, *message.content, certificate->spki);
  if (!good || !*good) return untrusted("has a signature that does not verify" + (good ? std::string() : ": " + good.error().message));
  if (!may_sign_responses(*certificate)) return untrusted("is signed by neither a CA nor a registration authority");
  est::crypto::ChainOptions options;
  options.at = trust.at;
  options.check_crl = trust.check_crl;
  const auto& anchors = trust.explicit_anchors.empty() ? trust.implicit_anchors : trust.explicit_anchors;
  const auto path = est::crypto::verify_chain(certificate->der, known, anchors, trust.crls, options);
  if (!path) return untrusted("cannot be verified: " + path.error().message);
  if (!path->valid) return untrusted("is signed by a certificate that is not trusted: " + path->reason);
  return std::nullopt;
}

std::optional<Problem> check_echo(const codec::PkiResponse& content, const CmcRequest& request) {
  const codec::Control* nonce = content.control(cmc_oids::recipient_nonce);
  const bool fresh = nonce != nullptr && codec::read_octets(*nonce).value == request.nonce;
  if (!request.nonce.empty() && !fresh) return no_answer("does not return the nonce of the request");
  const codec::Control* transaction = content.control(cmc_oids::transaction_id);
  const bool same = transaction != nullptr && codec::read_integer(*transaction).value == request.transaction;
  if (!request.transaction.empty() && !same) return no_answer("does not return the transaction identifier of the request");
  return std::nullopt;
}

Problem status_problem(const codec::StatusInfo& status) {
  const bool pending = status.status == static_cast<std::int64_t>(codec::CmcStatus::pending);
  std::string reason = "the server answers with CMC status " + codec::status_name(status.status);
  if (status.fail_info) reason += " (" + codec::fail_info_name(*status.fail_info) + ")";
  if (status.text) reason += ": " + est::printable(*status.text, 300);
  return {pending ? ProblemKind::later : ProblemKind::refused, reason, 200};
}

std::optional<Problem> read_statuses(const codec::PkiResponse& content, std::vector<codec::StatusInfo>& statuses) {
  for (const codec::Control& control : content.controls) {
    if (control.type != cmc_oids::status_info_v2 && control.type != cmc_oids::status_info) continue;
    auto status = codec::read_status_info(control);
    if (!status.value) return no_answer("has an unreadable status");
    statuses.push_back(std::move(*status.value));
  }
  return std::nullopt;
}

Result<Bytes> tagged_request(est::BytesView pkcs10, const CmcSignatory& signatory, const CmcExtras& extras) {
  if (!extras.crmf) return codec::encode_tagged_request(pkcs10_part, pkcs10);
  if (signatory.key == nullptr) return Error{"a CRMF request is signed by its own key; give that"};
  return crmf_of(pkcs10, *signatory.key, pkcs10_part);
}

// A positive INTEGER in its shortest form.
Bytes new_transaction() {
  Bytes number = est::crypto::random_bytes(transaction_size);
  number.front() = static_cast<est::Byte>((number.front() & 0x7fU) | 0x40U);
  return number;
}

std::vector<codec::Control> controls_for(const CmcRequest& request, est::BytesView requests, const CmcExtras& extras) {
  std::vector<codec::Control> controls{
      codec::make_octets_control(nonce_part, cmc_oids::sender_nonce, request.nonce),
      codec::make_control(transaction_part, cmc_oids::transaction_id, codec::der::unsigned_integer(request.transaction))};
  if (extras.vouched)
    controls.push_back(codec::make_control(vouching_part, cmc_oids::ra_pop_witness, codec::encode_ra_pop_witness({0, {pkcs10_part}})));
  if (extras.link != nullptr) controls.push_back(codec::make_octets_control(link_part, cmc_oids::pop_link_random, extras.link->random));
  if (extras.secret != nullptr)
    for (codec::Control& each : identity_controls(*extras.secret, requests, identity_part)) controls.push_back(std::move(each));
  return controls;
}

}  // namespace

codec::Extension key_identifier_extension(const est::crypto::PrivateKey& key) {
  return {codec::oids::subject_key_identifier, false, codec::der::octet_string(est::pki::key_identifier(key.public_key_info()))};
}

Result<CmcRequest> make_full_request(est::BytesView pkcs10, const CmcSignatory& signatory, const CmcExtras& extras) {
  const Result<Bytes> tagged = tagged_request(pkcs10, signatory, extras);
  if (!tagged) return tagged.error();
  CmcRequest request;
  request.nonce = est::crypto::random_bytes(nonce_size);
  request.transaction = extras.transaction != nullptr ? *extras.transaction : new_transaction();
  const Bytes requests = codec::encode_request_sequence({*tagged});
  const std::vector<codec::Control> controls = controls_for(request, requests, extras);
  est::pki::MessageSpec spec{codec::cmc_content::pki_data(), codec::encode_pki_data(controls, requests), {}};
  est::pki::MessageSigner signer;
  signer.key = signatory.key;
  if (signatory.identity != nullptr) {
    if (!signatory.identity->key || signatory.identity->chain.empty()) return Error{"the identity that signs has no certificate or key"};
    signer.key = &*signatory.identity->key;
    signer.certificate = signatory.identity->chain.front();
    spec.certificates = signatory.identity->chain;
  } else if (signatory.key == nullptr) {
    return Error{"a Full PKI Request needs somebody to sign it: an identity, or the key of the request"};
  } else {
    signer.key_identifier = est::pki::key_identifier(signatory.key->public_key_info());
  }
  auto message = est::pki::sign_message(spec, signer);
  if (!message) return message.error();
  request.der = codec::encode_signed_data(*message);
  return request;
}

bool is_certs_only(const Response& response) {
  const auto type = codec::decode_media_type(response.fields.get("Content-Type").value_or(""));
  if (!type.value) return false;
  const auto parameter = type.value->parameter("smime-type");
  return parameter && est::iequals(*parameter, "certs-only");
}

Outcome<FullResponse> verify_full_response(const Response& response, const CmcRequest& request, const Trust& trust) {
  if (auto problem = wrong_media_type(response, "application/pkcs7-mime")) return *std::move(problem);
  auto message = est::ops::read_signed_data_body(response.body);
  if (!message.accepted()) return no_answer("cannot be read: " + est::printable(describe_first(message.findings)));
  if (message.value->content_type != codec::cmc_content::pki_response() || !message.value->content)
    return no_answer("holds no PKIResponse");
  if (auto problem = check_signature(*message.value, trust)) return *std::move(problem);
  const auto content = codec::decode_pki_response(*message.value->content);
  if (!content.accepted()) return no_answer("cannot be read: " + est::printable(describe_first(content.findings)));
  if (auto problem = check_echo(*content.value, request)) return *std::move(problem);
  FullResponse read{std::move(message.value->certificates), {}};
  if (auto problem = read_statuses(*content.value, read.statuses)) return *std::move(problem);
  return read;
}

Outcome<std::vector<Bytes>> read_full_response(const Response& response, const CmcRequest& request, const Trust& trust) {
  if (response.status != 200) return refusal(response, "fullcmc");
  if (is_certs_only(response)) return certificates_in(response, "fullcmc");
  if (auto problem = wrong_media_type(response, "application/pkcs7-mime")) return *std::move(problem);
  const auto message = est::ops::read_signed_data_body(response.body);
  if (!message.accepted()) return no_answer("cannot be read: " + est::printable(describe_first(message.findings)));
  if (message.value->signers.empty() && !message.value->content) return certificates_in(response, "fullcmc");
  Outcome<FullResponse> full = verify_full_response(response, request, trust);
  if (!full) return full.problem();
  if (full->statuses.empty()) return no_answer("has no status");
  for (const codec::StatusInfo& status : full->statuses)
    if (status.status != static_cast<std::int64_t>(codec::CmcStatus::success)) return status_problem(status);
  return std::move(full->certificates);
}

}  // namespace client
