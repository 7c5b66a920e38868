// A Full PKI Request of somebody known by a shared secret: the identity proof, its link to the proof of possession, and requests in CRMF
// form (RFC 5272 6.2, 6.3 and 3.2.1.2.2, RFC 4211).
#pragma once

#include <string>
#include <vector>

#include "client/secret.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/cmc.h"
#include "est/codec/pkcs10.h"
#include "est/crypto/key.h"

namespace client {

struct SharedSecret {
  std::string identification;  // says which secret it is (RFC 5272 6.2.3); empty: the server knows, as by HTTP authentication
  Secret secret;
};

// Identification, and IdentityProofV2 with SHA-256 and HMAC-SHA256 over the reqSequence (a whole TLV). They get the body part identifiers
// from `first` on.
[[nodiscard]] std::vector<est::codec::Control> identity_controls(const SharedSecret& shared, est::BytesView request_sequence,
                                                                 est::codec::BodyPartId first);

// RFC 5272 6.3.1: who has proven to know the secret made this very request.
struct PopLink {
  est::Bytes random;              // for a POP Link Random control in the message
  est::codec::Attribute witness;  // popLinkWitnessV2, for RequestWishes::attributes of every request in it
};
[[nodiscard]] PopLink make_pop_link(const SharedSecret& shared);

// A TaggedRequest (crm) that asks for the same as the PKCS #10 request, signed by its key. Errors: the key is another one; an attribute
// that CRMF has no place for here, as the challengePassword of RFC 7030 3.5.
[[nodiscard]] est::Result<est::Bytes> crmf_of(est::BytesView pkcs10, const est::crypto::PrivateKey& key, est::codec::BodyPartId id);

}  // namespace client
