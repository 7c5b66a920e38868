// A Full PKI Request as the server sees it, from the body to what the CA is to be asked (RFC 5272 3.2, RFC 7030 4.3.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ca/authority.h"
#include "est/base/clock.h"
#include "est/codec/cmc.h"
#include "est/codec/cmc_controls.h"
#include "est/tls/facts.h"
#include "server/authenticator.h"
#include "server/policy.h"
#include "server/trust.h"

namespace server {

// Why a Full PKI Request is not granted: one status for the response (RFC 5272 6.1).
struct CmcFailure {
  est::codec::CmcFailInfo info = est::codec::CmcFailInfo::bad_request;
  std::vector<est::codec::BodyPartId> parts = {0};  // 0: the whole message
  std::string sentence;
  est::codec::CmcStatus status = est::codec::CmcStatus::failed;  // or no_support
};

struct CmcInput {
  est::BytesView body;
  const Principal& principal;  // of TLS and HTTP
  const est::tls::Facts& facts;
  std::string label;
  const LabelPolicy& policy;
  const Trust& trust;
};

// What was read, and who signed it.
struct CmcRequest {
  est::codec::PkiData data;
  std::optional<CertificateIdentity> signer;  // nothing: signed by the key of a request inside

  [[nodiscard]] bool from_ra() const { return signer && signer->is_ra; }
};

// Decodes and verifies the signature: by a certificate (in the message or of the TLS connection) that verifies as client certificates do,
// or by the key of a request inside that has the signer's subjectKeyIdentifier (RFC 5272 3.2).
// `request` holds whatever could be read, also after a failure, so that nonces can be answered. `authority`: knows what it revoked; null:
// CRLs alone tell.
[[nodiscard]] std::optional<CmcFailure> read_cmc_request(const CmcInput& input, const ca::Authority* authority, est::UnixTime now,
                                                         CmcRequest& request);

// Controls known or marked as processed (RFC 5272 3.2.1.1), identity proof (6.2), link to the proof of possession (6.3), what only an RA
// may say (RFC 6402 2.12).
[[nodiscard]] std::optional<CmcFailure> check_cmc_controls(const CmcInput& input, const CmcRequest& request);

// The requests inside, each as the PKCS #10 the CA takes, or the first reason against one: nothing is granted then (RFC 5272 6.7).
struct CmcOrder {
  est::codec::BodyPartId id = 0;
  est::codec::CertificationRequest request;
};
[[nodiscard]] std::variant<std::vector<CmcOrder>, CmcFailure> check_cmc_requests(const CmcInput& input, const CmcRequest& request);

// What a registration authority checks before it hands the message on as it is (RFC 7030 3.7): every request inside as above, and that an
// RA alone says what only an RA may. Shared secrets and other controls are between the client and the CA; an identity proof that the label
// requires must be there.
[[nodiscard]] std::optional<CmcFailure> check_before_handing_on(const CmcInput& input, const CmcRequest& request);

}  // namespace server
