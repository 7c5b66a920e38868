// /fullcmc (RFC 7030 4.3, RFC 5272): from an authenticated request's body to the answer.
#pragma once

#include <variant>

#include "ca/authority.h"
#include "est/base/clock.h"
#include "est/tls/context.h"
#include "server/cmc_request.h"
#include "server/enroller.h"
#include "server/replaceable.h"

namespace server {

// Who signs Full PKI Responses.
using CmcSigner = Replaceable<est::tls::Identity>;

// 200 with a Simple PKI Response when nothing but certificates is to be said, else with a Full one; 202 as /simpleenroll (INT-09); 400, or
// 403 where the identity is not accepted, with a Full PKI Response that says why (RFC 7030 4.3.2); 503: the CA failed. `signer` signs Full
// PKI Responses: the server's own certificate, a registration authority's by id-kp-cmcRA (RFC 6402 2.10).
[[nodiscard]] Answer full_cmc(const CmcInput& input, const est::tls::Identity& signer, ca::Authority& authority, const est::Clock& clock);

// For a registration authority: the request, checked so far that it may be handed on (see check_before_handing_on), or the refusal, a Full
// PKI Response signed by `signer`.
[[nodiscard]] std::variant<CmcRequest, Answer> read_full_request(const CmcInput& input, const est::tls::Identity& signer,
                                                                 const est::Clock& clock);

}  // namespace server
