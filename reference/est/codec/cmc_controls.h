// The values of CMC controls (RFC 5272 6, RFC 6402 2.5 to 2.7): read from and made into Control.
// A reader gives nothing with an error when the control has no single well-formed value: cmc.control.single-value or der.*. Offsets count
// from the start of the value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "est/base/clock.h"
#include "est/codec/cmc.h"

namespace est::codec {

// Initialised before main(); other globals must not be initialised from them.
namespace cmc_oids {
extern const Oid status_info, identification, identity_proof, data_return, transaction_id, sender_nonce, recipient_nonce, add_extensions;
extern const Oid encrypted_pop, decrypted_pop, ra_pop_witness, get_cert, get_crl, revoke_request, reg_info, response_info, query_pending;
extern const Oid pop_link_random, pop_link_witness, confirm_cert_acceptance, status_info_v2, trusted_anchors, auth_data, batch_requests;
extern const Oid batch_responses, publish_cert, mod_cert_template, control_processed;
// The second module of RFC 6402 (A.2) exchanges these two; everything else says 34 and 33. Receivers had better look at the first
// algorithm, which is a digest in an identity proof.
extern const Oid identity_proof_v2, pop_link_witness_v2;
extern const Oid ra_identity_witness, response_body;
// Algorithms of the proofs: HMAC with SHA-1 (RFC 5272), HMAC with SHA-256 (RFC 4231).
extern const Oid hmac_sha1, hmac_sha256;
}  // namespace cmc_oids
[[nodiscard]] std::string control_name(const Oid& type);  // "senderNonce"; dotted where unknown

enum class CmcStatus { success = 0, failed = 2, pending = 3, no_support = 4, confirm_required = 5, pop_required = 6, partial = 7 };
enum class CmcFailInfo {
  bad_alg = 0,
  bad_message_check = 1,
  bad_request = 2,
  bad_time = 3,
  bad_cert_id = 4,
  unsupported_ext = 5,
  must_archive_keys = 6,
  bad_identity = 7,
  pop_required = 8,
  pop_failed = 9,
  no_key_reuse = 10,
  internal_ca_error = 11,
  try_later = 12,
  auth_data_fail = 13
};
[[nodiscard]] std::string to_string(CmcFailInfo info);  // "badMessageCheck"
[[nodiscard]] std::string fail_info_name(std::int64_t value);
[[nodiscard]] std::string status_name(std::int64_t value);  // "failed"

// CMCStatusInfoV2, and CMCStatusInfo where the control is the older one (RFC 5272 6.1).
struct StatusInfo {
  std::int64_t status = 0;                         // a CmcStatus, or something undefined
  std::vector<std::vector<BodyPartId>> body_list;  // BodyPartReference: a path; one element for a plain identifier
  std::optional<std::string> text;
  std::optional<std::int64_t> fail_info;
  bool pending_info = false;
  bool extended_fail_info = false;
};
[[nodiscard]] Decoded<StatusInfo> read_status_info(const Control& control);

struct WitnessV2 {  // IdentityProofV2 and PopLinkWitnessV2 (RFC 5272 6.2.1, 6.3.1.1)
  AlgorithmIdentifier key_algorithm, mac_algorithm;
  Bytes witness;
};
[[nodiscard]] Decoded<WitnessV2> read_witness_v2(BytesView value);

// LraPopWitness ::= SEQUENCE { pkiDataBodyid BodyPartID, bodyIds SEQUENCE OF BodyPartID }
struct RaPopWitness {
  BodyPartId pki_data = 0;
  std::vector<BodyPartId> requests;
};
[[nodiscard]] Decoded<RaPopWitness> read_ra_pop_witness(const Control& control);

// PublishTrustAnchors ::= SEQUENCE { seqNumber INTEGER, hashAlgorithm, anchorHashes SEQUENCE OF OCTET STRING }
struct TrustAnchorHashes {
  Bytes sequence_number;  // content octets of the INTEGER
  AlgorithmIdentifier algorithm;
  std::vector<Bytes> hashes;
};
[[nodiscard]] Decoded<TrustAnchorHashes> read_trusted_anchors(const Control& control);

// ControlsProcessed: the body parts named by a plain identifier.
[[nodiscard]] Decoded<std::vector<BodyPartId>> read_control_processed(const Control& control);

// dataReturn, nonces, identityProof, popLinkRandom ... are OCTET STRING; transactionId is INTEGER (content octets); identification
// UTF8String.
[[nodiscard]] Decoded<Bytes> read_octets(const Control& control);
[[nodiscard]] Decoded<Bytes> read_integer(const Control& control);
[[nodiscard]] Decoded<std::string> read_text(const Control& control);
// Content of an OCTET STRING that stands alone, as popLinkWitness in a request.
[[nodiscard]] Decoded<Bytes> read_octets_value(BytesView value);

// --- Builders. `value` is a whole TLV.
[[nodiscard]] Control make_control(BodyPartId id, const Oid& type, Bytes value);
[[nodiscard]] Control make_octets_control(BodyPartId id, const Oid& type, BytesView octets);
[[nodiscard]] Bytes encode_witness_v2(const WitnessV2& witness);
[[nodiscard]] Bytes encode_ra_pop_witness(const RaPopWitness& witness);
[[nodiscard]] Bytes encode_trusted_anchors(std::int64_t sequence_number, const TrustAnchorHashes& anchors);
struct StatusSpec {
  CmcStatus status = CmcStatus::success;
  std::vector<BodyPartId> body_parts;
  std::string text;  // empty: none
  std::optional<CmcFailInfo> fail_info;
};
[[nodiscard]] Bytes encode_status_info(const StatusSpec& status);

}  // namespace est::codec
