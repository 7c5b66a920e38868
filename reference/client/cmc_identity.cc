#include "client/cmc_identity.h"

#include <utility>

#include "est/codec/cmc_controls.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/crypto/digest.h"
#include "est/pki/cmc_proof.h"

namespace client {
namespace {

using est::Bytes;
using est::Error;
using est::Result;
using est::codec::Attribute;
using est::codec::BodyPartId;
using est::codec::Control;
namespace codec = est::codec;
namespace cmc_oids = est::codec::cmc_oids;
namespace oids = est::codec::oids;

constexpr est::pki::ProofAlgorithms proof_digests{est::crypto::Digest::sha256, est::crypto::Digest::sha256};
constexpr std::size_t random_size = 64;  // RFC 5272 6.3.1.1: at least 512 bits

Bytes witness_with(est::BytesView mac) { return codec::encode_witness_v2(est::pki::make_witness_v2(proof_digests, mac)); }

bool has_place_in_crmf(const codec::Oid& type) { return type == oids::change_subject_name || type == cmc_oids::pop_link_witness_v2; }

// RFC 4211 6: what is an attribute there is a control here.
Result<std::vector<Attribute>> controls_of(const codec::CertificationRequest& request) {
  std::vector<Attribute> controls;
  for (const Attribute& each : request.attributes) {
    if (each.type == oids::extension_request) continue;
    if (!has_place_in_crmf(each.type))
      return Error{"a CRMF request has no place for the attribute " + each.type.name() + "; leave it out, or send PKCS #10"};
    controls.push_back(each);
  }
  return controls;
}

}  // namespace

std::vector<Control> identity_controls(const SharedSecret& shared, est::BytesView request_sequence, BodyPartId first) {
  std::vector<Control> controls;
  if (!shared.identification.empty())
    controls.push_back(codec::make_control(first++, cmc_oids::identification, codec::der::utf8_string(shared.identification)));
  const Bytes mac = est::pki::identity_witness(proof_digests, shared.secret.reveal(), shared.identification, request_sequence);
  controls.push_back(codec::make_control(first, cmc_oids::identity_proof_v2, witness_with(mac)));
  return controls;
}

PopLink make_pop_link(const SharedSecret& shared) {
  PopLink link{est::crypto::random_bytes(random_size), {}};
  const Bytes mac = est::pki::pop_link_witness(proof_digests, shared.secret.reveal(), link.random);
  link.witness = Attribute{cmc_oids::pop_link_witness_v2, {witness_with(mac)}};
  return link;
}

Result<Bytes> crmf_of(est::BytesView pkcs10, const est::crypto::PrivateKey& key, BodyPartId id) {
  const auto request = codec::decode_certification_request(pkcs10);
  if (!request.accepted()) return Error{"the certification request is malformed: " + est::describe_first(request.findings)};
  if (!est::equal(request.value->key.der, key.public_key_info())) return Error{"the certification request is for another key"};
  auto extensions = codec::requested_extensions(*request.value);
  auto controls = controls_of(*request.value);
  if (!controls) return controls.error();
  const codec::CrmfSpec spec{id, request.value->subject, request.value->key.der,
                             std::move(extensions.value).value_or(std::vector<codec::Extension>{}), *std::move(controls)};
  return est::pki::make_crmf_request(spec, key);
}

}  // namespace client
