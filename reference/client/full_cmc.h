// Full CMC for one request (RFC 7030 4.3, RFC 5272): the message around it, and what comes back.
#pragma once

#include <vector>

#include "client/cmc_identity.h"
#include "client/outcome.h"
#include "client/server_check.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/cmc_controls.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"
#include "est/http/message.h"
#include "est/tls/context.h"

namespace client {

// Who signs the PKIData: an identity with a certificate, or the key that is to be certified, named by its identifier (RFC 5272 3.2; the
// request must then hold the extension below).
struct CmcSignatory {
  const est::tls::Identity* identity = nullptr;  // borrowed
  const est::crypto::PrivateKey* key = nullptr;  // borrowed; used when there is no identity
};
// subjectKeyIdentifier of the key, for the request.
[[nodiscard]] est::codec::Extension key_identifier_extension(const est::crypto::PrivateKey& key);

struct CmcRequest {
  est::Bytes der;
  est::Bytes nonce;        // senderNonce
  est::Bytes transaction;  // transactionId, content octets
};
// What may go with it. All borrowed.
struct CmcExtras {
  const SharedSecret* secret = nullptr;     // identity proof
  const PopLink* link = nullptr;            // whose witness is in the request already
  bool crmf = false;                        // the request is sent in CRMF form, signed by `signatory.key`
  const est::Bytes* transaction = nullptr;  // the transactionId of the request this one repeats (RFC 5272 6.6); null: a new one
  bool vouched = false;                     // a registration authority has seen the possession proven: RA POP Witness (RFC 5272 6.8)
};
inline constexpr est::codec::BodyPartId pkcs10_part = 1;  // of the request in it
[[nodiscard]] est::Result<CmcRequest> make_full_request(est::BytesView pkcs10, const CmcSignatory& signatory, const CmcExtras& extras = {});

// A Full PKI Response of whatever HTTP status, verified as below but for its statuses, of which there may be none. A nonce or transaction
// that is empty in `request` is not looked for.
struct FullResponse {
  std::vector<est::Bytes> certificates;
  std::vector<est::codec::StatusInfo> statuses;
};
[[nodiscard]] Outcome<FullResponse> verify_full_response(const est::http::Response& response, const CmcRequest& request,
                                                         const Trust& trust);
// Whether the answer says of itself that it is a Simple PKI Response.
[[nodiscard]] bool is_certs_only(const est::http::Response& response);

// Of a 200: the certificates of a Simple PKI Response, or of a Full one with status success. The latter must be signed by a CA or by a
// certificate with id-kp-cmcCA or id-kp-cmcRA that leads to the trust anchors, and return nonce and transaction (RFC 5272 6.6).
// Problems: `refused` with the CMC status, `later` for pending, `untrusted`, `answer`.
[[nodiscard]] Outcome<std::vector<est::Bytes>> read_full_response(const est::http::Response& response, const CmcRequest& request,
                                                                  const Trust& trust);

}  // namespace client
