// Controls and requests of a PKIData; the signature has been verified by now.
#include <algorithm>
#include <array>
#include <utility>

#include "est/base/text.h"
#include "est/codec/der.h"
#include "est/pki/cmc_proof.h"
#include "server/cmc_request.h"
#include "server/request_checks.h"

namespace server {
namespace {

using est::Bytes;
using est::codec::BodyPartId;
using est::codec::CertificationRequest;
using est::codec::CmcFailInfo;
using est::codec::Control;
using est::codec::CrmfRequest;
using est::codec::PossessionProof;
using est::codec::TaggedRequest;
namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;
namespace oids = est::codec::oids;

CmcFailure failed(CmcFailInfo info, std::vector<BodyPartId> parts, std::string sentence) {
  return {info, std::move(parts), std::move(sentence)};
}

// --- Controls

bool is_known(const codec::Oid& type) {
  const std::array known = {&cmc_oids::identification,  &cmc_oids::identity_proof,     &cmc_oids::identity_proof_v2,
                            &cmc_oids::data_return,     &cmc_oids::transaction_id,     &cmc_oids::sender_nonce,
                            &cmc_oids::recipient_nonce, &cmc_oids::ra_pop_witness,     &cmc_oids::pop_link_random,
                            &cmc_oids::reg_info,        &cmc_oids::control_processed,  &cmc_oids::status_info,
                            &cmc_oids::status_info_v2,  &cmc_oids::pop_link_witness_v2};
  return std::any_of(known.begin(), known.end(), [&](const codec::Oid* oid) { return *oid == type; });
}

// What Control Processed lists; only an RA stands between a client and us.
std::vector<BodyPartId> processed_controls(const CmcRequest& request) {
  if (!request.from_ra()) return {};
  const Control* control = request.data.control(cmc_oids::control_processed);
  if (control == nullptr) return {};
  return codec::read_control_processed(*control).value.value_or(std::vector<BodyPartId>{});
}

bool contains(const std::vector<BodyPartId>& ids, BodyPartId id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

std::optional<CmcFailure> unknown_controls(const CmcRequest& request) {
  const std::vector<BodyPartId> processed = processed_controls(request);
  std::vector<BodyPartId> unknown;
  std::vector<std::string> names;
  for (const Control& control : request.data.controls) {
    if (is_known(control.type) || contains(processed, control.id)) continue;
    unknown.push_back(control.id);
    names.push_back(codec::control_name(control.type));
  }
  if (unknown.empty()) return std::nullopt;
  return failed(CmcFailInfo::bad_request, std::move(unknown),
                "This server does not know the controls " + est::join(names, ", ") + "; leave them out (RFC 5272 3.2.1.1).");
}

// The two whose value we echo must be what they are said to be; the same of others shows where they are used.
std::optional<CmcFailure> malformed_controls(const CmcRequest& request) {
  const auto malformed = [](const Control& control, const est::Findings& findings) {
    return failed(CmcFailInfo::bad_request, {control.id},
                  codec::control_name(control.type) + " is malformed: " + est::describe_first(findings));
  };
  for (const Control& control : request.data.controls) {
    const bool octets = control.type == cmc_oids::sender_nonce || control.type == cmc_oids::data_return ||
                        control.type == cmc_oids::pop_link_random || control.type == cmc_oids::identity_proof;
    if (octets)
      if (const auto read = codec::read_octets(control); !read.accepted()) return malformed(control, read.findings);
    if (control.type == cmc_oids::transaction_id)
      if (const auto read = codec::read_integer(control); !read.accepted()) return malformed(control, read.findings);
    if (control.type == cmc_oids::identification)
      if (const auto read = codec::read_text(control); !read.accepted()) return malformed(control, read.findings);
  }
  return std::nullopt;
}

// --- Identity by shared secret: the password of the user whom Identification names, else of the user who logged in.
struct Secret {
  std::string identification;  // as in the control; empty when there is none
  const std::string* value = nullptr;
};

Secret secret_of(const CmcInput& input, const codec::PkiData& data) {
  Secret secret;
  if (const Control* control = data.control(cmc_oids::identification))
    secret.identification = codec::read_text(*control).value.value_or("");
  const std::string user = secret.identification.empty() ? input.principal.user.value_or("") : secret.identification;
  const auto found = input.trust.passwords.find(user);
  if (found != input.trust.passwords.end()) secret.value = &found->second;
  return secret;
}

bool proof_fits(const est::pki::ProofAlgorithms& algorithms, const Secret& secret, const codec::PkiData& data, est::BytesView witness) {
  if (secret.value == nullptr) return false;
  const Bytes expected = est::pki::identity_witness(algorithms, *secret.value, secret.identification, data.request_sequence);
  return est::equal_constant_time(expected, witness);
}

std::optional<CmcFailure> bad_proof(const Control& control) {
  return failed(CmcFailInfo::bad_identity, {control.id},
                "The identity proof does not verify; make it with the shared secret, over the reqSequence as it is sent (RFC 5272 6.2).");
}

std::optional<CmcFailure> proof_missing(const CmcInput& input, const CmcRequest& request) {
  if (!input.policy.full_cmc.identity_proof_required || request.signer) return std::nullopt;
  return failed(CmcFailInfo::bad_identity, {0}, "An identity proof is required (RFC 5272 6.2); add one made with the shared secret.");
}

// The modules of RFC 6402 disagree on the number of the newer control; a digest as first algorithm tells it from a POP link witness.
std::optional<CmcFailure> identity_failure(const CmcInput& input, const CmcRequest& request) {
  const Secret secret = secret_of(input, request.data);
  bool proven = false;
  for (const Control& control : request.data.controls) {
    const bool newer = control.type == cmc_oids::identity_proof_v2 || control.type == cmc_oids::pop_link_witness_v2;
    if (!newer && control.type != cmc_oids::identity_proof) continue;
    est::pki::ProofAlgorithms algorithms;
    Bytes witness;
    if (newer) {
      const auto read = codec::read_witness_v2(control.values.front());
      const auto known = read.value ? est::pki::proof_algorithms(*read.value) : std::nullopt;
      if (!known) return failed(CmcFailInfo::bad_alg, {control.id}, "The algorithms of the identity proof are not supported; use SHA-256.");
      algorithms = *known;
      witness = read.value->witness;
    } else {
      witness = codec::read_octets(control).value.value_or(Bytes{});
    }
    if (!proof_fits(algorithms, secret, request.data, witness)) return bad_proof(control);
    proven = true;
  }
  return proven ? std::nullopt : proof_missing(input, request);
}

// --- RA POP Witness (RFC 5272 6.8)
std::vector<BodyPartId> witnessed(const CmcRequest& request) {
  std::vector<BodyPartId> ids;
  for (const Control& control : request.data.controls) {
    if (control.type != cmc_oids::ra_pop_witness) continue;
    const auto witness = codec::read_ra_pop_witness(control);
    if (witness.accepted() && witness.value->pki_data == 0)
      ids.insert(ids.end(), witness.value->requests.begin(), witness.value->requests.end());
  }
  return ids;
}

std::optional<CmcFailure> ra_only(const CmcRequest& request) {
  if (request.from_ra()) return std::nullopt;
  if (request.data.control(cmc_oids::ra_pop_witness) != nullptr) {
    std::vector<BodyPartId> ids = witnessed(request);
    if (ids.empty()) ids = {0};
    return failed(CmcFailInfo::pop_failed, std::move(ids),
                  "Only a registration authority may state that possession was proven (RFC 5272 6.8).");
  }
  const Control* processed = request.data.control(cmc_oids::control_processed);
  if (processed == nullptr) return std::nullopt;
  return failed(CmcFailInfo::bad_request, {processed->id}, "Only a registration authority may mark controls as processed (RFC 6402 2.12).");
}

// --- Requests

// What the CA takes: a CRMF request as the PKCS #10 that asks for the same; ChangeSubjectName is the same in both (RFC 6402 2.8).
CertificationRequest as_pkcs10(const CrmfRequest& crmf) {
  std::vector<codec::Attribute> attributes;
  if (!crmf.certificate.extensions.empty()) attributes.push_back(codec::make_extension_request(crmf.certificate.extensions));
  if (const codec::Attribute* change = crmf.control(oids::change_subject_name)) attributes.push_back(*change);
  const Bytes info = codec::encode_certification_request_info(*crmf.certificate.subject, crmf.certificate.key->der, attributes);
  const Bytes der = codec::encode_certification_request(info, crmf.signature_algorithm, crmf.signature);
  CertificationRequest request;
  request.der = der;
  request.info = info;
  request.subject = *crmf.certificate.subject;
  request.key = *crmf.certificate.key;
  request.attributes = std::move(attributes);
  request.signature_algorithm = crmf.signature_algorithm;
  request.signature = crmf.signature;
  return request;
}

std::optional<CmcFailure> crmf_possession_failure(const TaggedRequest& tagged) {
  const CrmfRequest& crmf = *tagged.crmf;
  if (crmf.proof == PossessionProof::none)
    return failed(CmcFailInfo::pop_required, {tagged.id},
                  "The CRMF request proves no possession of its key; sign it (RFC 5272 3.2.1.2.2).");
  if (crmf.proof != PossessionProof::signature)
    return failed(CmcFailInfo::pop_failed, {tagged.id}, "Possession of the key has to be proven by a signature here.");
  const auto good = est::pki::verify_crmf_request(crmf);
  if (good && *good) return std::nullopt;
  return failed(CmcFailInfo::pop_failed, {tagged.id}, "The signature of the CRMF request does not verify with the key in its template.");
}

std::optional<CmcFailure> possession_failure(const TaggedRequest& tagged, const std::vector<BodyPartId>& vouched) {
  if (contains(vouched, tagged.id)) return std::nullopt;
  if (tagged.crmf) return crmf_possession_failure(tagged);
  if (auto problem = signature_problem(*tagged.pkcs10)) return failed(CmcFailInfo::pop_failed, {tagged.id}, *std::move(problem));
  return std::nullopt;
}

// The witness value in a request, by either control.
struct Witness {
  est::pki::ProofAlgorithms algorithms;
  Bytes value;
};

std::optional<Bytes> attribute_value(const TaggedRequest& tagged, const codec::Oid& type) {
  const codec::Attribute* attribute = tagged.pkcs10 ? tagged.pkcs10->attribute(type) : tagged.crmf->control(type);
  if (attribute == nullptr || attribute->values.empty()) return std::nullopt;
  return attribute->values.front();
}

std::optional<Witness> witness_in(const TaggedRequest& tagged) {
  if (const auto value = attribute_value(tagged, cmc_oids::pop_link_witness)) {
    auto octets = codec::read_octets_value(*value);
    if (octets.accepted()) return Witness{{}, std::move(*octets.value)};
  }
  for (const codec::Oid* type : {&cmc_oids::pop_link_witness_v2, &cmc_oids::identity_proof_v2}) {
    const auto value = attribute_value(tagged, *type);
    if (!value) continue;
    auto read = codec::read_witness_v2(*value);
    const auto algorithms = read.value ? est::pki::proof_algorithms(*read.value) : std::nullopt;
    if (algorithms) return Witness{*algorithms, std::move(read.value->witness)};
  }
  return std::nullopt;
}

// RFC 5272 6.3.1.1: with POP Link Random in the message, every request has a witness made of it.
std::optional<CmcFailure> link_failure(const TaggedRequest& tagged, const CmcInput& input, const CmcRequest& request) {
  const Control* random = request.data.control(cmc_oids::pop_link_random);
  const std::optional<Witness> witness = witness_in(tagged);
  if (random == nullptr && !witness) return std::nullopt;
  const Secret secret = secret_of(input, request.data);
  if (random != nullptr && witness && secret.value != nullptr) {
    const Bytes octets = codec::read_octets(*random).value.value_or(Bytes{});
    if (est::equal_constant_time(est::pki::pop_link_witness(witness->algorithms, *secret.value, octets), witness->value))
      return std::nullopt;
  }
  return failed(CmcFailInfo::pop_failed, {tagged.id},
                "The POP link witness of the request is missing or not made of POP Link Random and the shared secret (RFC 5272 6.3.1).");
}

std::optional<CmcFailure> policy_failure(const CmcOrder& order, const CmcInput& input, const CmcRequest& request) {
  const auto refuse = [&](CmcFailInfo info, std::string sentence) { return failed(info, {order.id}, std::move(sentence)); };
  if (auto problem = extensions_problem(order.request)) return refuse(CmcFailInfo::bad_request, *std::move(problem));
  const bool through_ra = input.principal.is_ra() || request.from_ra();
  const bool linked = through_ra || request.signer || request.data.control(cmc_oids::pop_link_random) != nullptr;
  if (order.request.attribute(oids::challenge_password) != nullptr || order.request.attribute(oids::est_identity_linking) != nullptr ||
      !linked)
    if (auto problem = linking_problem(order.request, input.facts, input.policy, through_ra))
      return refuse(CmcFailInfo::pop_failed, *std::move(problem));
  if (order.request.attribute(oids::otp_challenge) != nullptr || input.policy.one_time_password_required)
    return refuse(CmcFailInfo::bad_request,
                  "One-time passwords are taken by /simpleenroll only; prove your identity by the shared secret.");
  if (auto problem = change_of_name_problem(order.request, input.policy)) return refuse(CmcFailInfo::bad_request, *std::move(problem));
  // RFC 6402 2.4: a certificate links identity and possession by its names.
  if (request.signer && !request.from_ra() && request.signer->anchor != Anchor::implicit_anchor)
    if (auto problem = renewal_problem(order.request, request.signer->certificate))
      return refuse(CmcFailInfo::bad_request, *std::move(problem));
  if (!input.policy.enforce_attributes) return std::nullopt;
  const std::vector<std::string> missing = unmet_demands(input.policy, order.request);
  if (missing.empty()) return std::nullopt;
  return refuse(CmcFailInfo::bad_request, "The request lacks what /csrattrs asks for: " + est::join(missing, "; ") + ".");
}

CertificationRequest order_of(const TaggedRequest& tagged) { return tagged.pkcs10 ? *tagged.pkcs10 : as_pkcs10(*tagged.crmf); }

std::optional<CmcFailure> requests_failure(const codec::PkiData& data) {
  constexpr std::size_t most_requests = 16;  // each costs a signature
  if (data.requests.size() > most_requests)
    return failed(CmcFailInfo::bad_request, {0}, "There are more than 16 requests in the message; send them in several.");
  for (const TaggedRequest& tagged : data.requests) {
    if (!tagged.pkcs10 && !tagged.crmf && !tagged.other_type.empty())
      return CmcFailure{CmcFailInfo::bad_request,
                        {tagged.id},
                        "Requests of this form are not supported; send PKCS #10 or CRMF.",
                        codec::CmcStatus::no_support};
    if (est::has_errors(tagged.findings) || (!tagged.pkcs10 && !tagged.crmf))
      return failed(CmcFailInfo::bad_request, {tagged.id}, "The request cannot be read: " + est::describe_first(tagged.findings) + ".");
  }
  return std::nullopt;
}

}  // namespace

std::optional<CmcFailure> check_cmc_controls(const CmcInput& input, const CmcRequest& request) {
  if (auto failure = unknown_controls(request)) return failure;
  if (auto failure = malformed_controls(request)) return failure;
  if (auto failure = ra_only(request)) return failure;
  return identity_failure(input, request);
}

std::optional<CmcFailure> check_before_handing_on(const CmcInput& input, const CmcRequest& request) {
  if (auto failure = ra_only(request)) return failure;
  const auto& controls = request.data.controls;
  const bool proof = std::any_of(controls.begin(), controls.end(), [](const Control& control) {
    return control.type == cmc_oids::identity_proof_v2 || control.type == cmc_oids::pop_link_witness_v2 ||
           control.type == cmc_oids::identity_proof;
  });
  if (auto failure = proof ? std::nullopt : proof_missing(input, request)) return failure;
  if (auto failure = requests_failure(request.data)) return failure;
  const std::vector<BodyPartId> vouched = request.from_ra() ? witnessed(request) : std::vector<BodyPartId>{};
  for (const TaggedRequest& tagged : request.data.requests) {
    if (auto failure = possession_failure(tagged, vouched)) return failure;
    if (auto failure = policy_failure({tagged.id, order_of(tagged)}, input, request)) return failure;
  }
  return std::nullopt;
}

std::variant<std::vector<CmcOrder>, CmcFailure> check_cmc_requests(const CmcInput& input, const CmcRequest& request) {
  if (auto failure = requests_failure(request.data)) return *std::move(failure);
  const std::vector<BodyPartId> vouched = request.from_ra() ? witnessed(request) : std::vector<BodyPartId>{};
  std::vector<CmcOrder> orders;
  for (const TaggedRequest& tagged : request.data.requests) {
    if (auto failure = possession_failure(tagged, vouched)) return *std::move(failure);
    if (auto failure = link_failure(tagged, input, request)) return *std::move(failure);
    CmcOrder order{tagged.id, order_of(tagged)};
    if (auto failure = policy_failure(order, input, request)) return *std::move(failure);
    orders.push_back(std::move(order));
  }
  return orders;
}

}  // namespace server
