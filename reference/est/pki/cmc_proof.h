// The proofs inside a Full PKI Request: identity by shared secret, possession of CRMF keys, and the link between both (RFC 5272 6.2, 6.3).
#pragma once

#include <optional>
#include <string_view>

#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "est/crypto/digest.h"
#include "est/crypto/key.h"

namespace est::pki {

// How a proof is computed; the older controls are fixed to SHA-1 and HMAC-SHA1.
struct ProofAlgorithms {
  crypto::Digest key = crypto::Digest::sha1;
  crypto::Digest mac = crypto::Digest::sha1;
};
// SHA-1, -256, -384, -512 by digest identifier, HMAC with SHA-1 or SHA-256; nothing for others.
[[nodiscard]] std::optional<ProofAlgorithms> proof_algorithms(const codec::WitnessV2& witness);
[[nodiscard]] codec::WitnessV2 make_witness_v2(const ProofAlgorithms& algorithms, BytesView witness);

// RFC 5272 6.2.1 and 6.2.3: MAC over the reqSequence TLV; the key is the digest of secret and identification (as there are).
[[nodiscard]] Bytes identity_witness(const ProofAlgorithms& algorithms, std::string_view secret, std::string_view identification,
                                     BytesView request_sequence);
// RFC 5272 6.3.1.1: MAC over the content of POP Link Random; the key is the digest of the secret.
[[nodiscard]] Bytes pop_link_witness(const ProofAlgorithms& algorithms, std::string_view secret, BytesView random);

// A crm whose POPOSigningKey covers the CertRequest (RFC 4211 4.1).
[[nodiscard]] Result<Bytes> make_crmf_request(const codec::CrmfSpec& spec, const crypto::PrivateKey& key);
// True when the request's own signature verifies with the key in its template. Errors as in crypto::verify; also without a signature.
[[nodiscard]] Result<bool> verify_crmf_request(const codec::CrmfRequest& request);

}  // namespace est::pki
