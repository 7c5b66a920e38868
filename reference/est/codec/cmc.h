// CMC messages: PKIData and PKIResponse (RFC 5272 3.2 and 4.2, module of RFC 6402 A.1) with their requests and controls.
// What is around them is signed_data.h; the values of controls are read by cmc_controls.h. No cryptography here.
//
// Finding ids, beside der.*. Errors: cmc.body-part.range (not 0 to 4294967295), cmc.body-part.zero (an element numbered 0, which means the
// whole message), cmc.body-part.duplicate, cmc.control.no-values.
// A request's own findings (pkcs10.*, x509.*, and for CRMF: cmc.crmf.no-subject, cmc.crmf.no-public-key, cmc.crmf.reg-info,
// cmc.crmf.poposk-input (RFC 5272 3.2.1.2.2), cmc.crmf.signature (unused bits)) stand with the request, so that a receiver can blame the
// right body part. Their offsets count from the start of the message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"
#include "est/codec/pkcs10.h"
#include "est/codec/x509.h"

namespace est::codec {

// BodyPartID ::= INTEGER (0..4294967295); 0 stands for the message itself.
using BodyPartId = std::uint32_t;

// TaggedAttribute ::= SEQUENCE { bodyPartID, attrType OBJECT IDENTIFIER, attrValues SET OF AttributeValue }
struct Control {
  BodyPartId id = 0;
  Oid type;
  std::vector<Bytes> values;  // each a whole TLV
  std::size_t offset = 0;
};

// The parts of a CertTemplate (RFC 4211 5) a CA looks at; the others are read over.
struct CertTemplate {
  std::optional<Name> subject;
  std::optional<PublicKeyInfo> key;
  std::vector<Extension> extensions;
};

enum class PossessionProof { none, ra_verified, signature, other };

// CertReqMsg ::= SEQUENCE { certReq CertRequest, popo ProofOfPossession OPTIONAL, regInfo OPTIONAL }
struct CrmfRequest {
  BodyPartId id = 0;   // certReqId
  Bytes cert_request;  // whole CertRequest TLV: what the signature covers
  CertTemplate certificate;
  std::vector<Attribute> controls;  // each with one value
  PossessionProof proof = PossessionProof::none;
  AlgorithmIdentifier signature_algorithm;
  Bytes signature;

  [[nodiscard]] const Attribute* control(const Oid& type) const;
};

// TaggedRequest ::= CHOICE { tcr [0], crm [1], orm [2] }
struct TaggedRequest {
  BodyPartId id = 0;
  std::optional<CertificationRequest> pkcs10;  // one of these two, or neither:
  std::optional<CrmfRequest> crmf;
  Oid other_type;  // of an orm
  Findings findings;
};

struct TaggedContent {
  BodyPartId id = 0;
  Bytes content_info;  // whole TLV
};

struct OtherMessage {
  BodyPartId id = 0;
  Oid type;
  Bytes value;  // whole TLV
};

struct PkiData {
  std::vector<Control> controls;
  std::vector<TaggedRequest> requests;
  std::vector<TaggedContent> contents;
  std::vector<OtherMessage> others;
  Bytes request_sequence;  // whole reqSequence TLV as received: what an identity proof covers (RFC 5272 6.2.1)

  [[nodiscard]] const Control* control(const Oid& type) const;  // the first one
};

struct PkiResponse {
  std::vector<Control> controls;
  std::vector<TaggedContent> contents;
  std::vector<OtherMessage> others;

  [[nodiscard]] const Control* control(const Oid& type) const;
};

// Offsets of findings are those in `der` plus `base`.
[[nodiscard]] Decoded<PkiData> decode_pki_data(BytesView der, std::size_t base = 0);
[[nodiscard]] Decoded<PkiResponse> decode_pki_response(BytesView der, std::size_t base = 0);

// --- Builders
[[nodiscard]] Bytes encode_body_part_id(BodyPartId id);
[[nodiscard]] Bytes encode(const Control& control);
// A tcr around the DER of a PKCS #10 request.
[[nodiscard]] Bytes encode_tagged_request(BodyPartId id, BytesView pkcs10);

struct CrmfSpec {
  BodyPartId id = 1;
  std::optional<Name> subject;
  Bytes public_key_info;  // empty: left out
  std::vector<Extension> extensions;
  std::vector<Attribute> controls;
};
// CertRequest, then the crm around it and its proof; `proof` is one of the encodings below, or empty.
[[nodiscard]] Bytes encode_cert_request(const CrmfSpec& spec);
[[nodiscard]] Bytes encode_crmf_request(BytesView cert_request, BytesView proof);
[[nodiscard]] Bytes encode_signature_proof(const AlgorithmIdentifier& algorithm, BytesView signature);
[[nodiscard]] Bytes encode_ra_verified_proof();

// The reqSequence, and the PKIData around one. `requests` are encoded TaggedRequests.
[[nodiscard]] Bytes encode_request_sequence(const std::vector<Bytes>& requests);
[[nodiscard]] Bytes encode_pki_data(const std::vector<Control>& controls, BytesView request_sequence);
[[nodiscard]] Bytes encode_pki_response(const std::vector<Control>& controls);

// id-cct-PKIData and id-cct-PKIResponse (RFC 5272 3.2.1, 4.2.1).
namespace cmc_content {
[[nodiscard]] const Oid& pki_data();
[[nodiscard]] const Oid& pki_response();
}  // namespace cmc_content

}  // namespace est::codec
