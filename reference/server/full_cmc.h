// /fullcmc (RFC 7030 4.3, RFC 5272): from an authenticated request's body to the answer.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "ca/authority.h"
#include "est/base/clock.h"
#include "est/tls/context.h"
#include "server/cmc_request.h"
#include "server/enroller.h"

namespace server {

// Who signs Full PKI Responses; a reload replaces it. Threads: any.
class CmcSigner {
 public:
  [[nodiscard]] std::shared_ptr<const est::tls::Identity> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  void replace(est::tls::Identity identity) {
    auto fresh = std::make_shared<const est::tls::Identity>(std::move(identity));
    const std::lock_guard lock(mutex_);
    current_.swap(fresh);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const est::tls::Identity> current_ = std::make_shared<const est::tls::Identity>();
};

// 200 with a Simple PKI Response when nothing but certificates is to be said, else with a Full one; 202 as /simpleenroll (INT-09); 400, or
// 403 where the identity is not accepted, with a Full PKI Response that says why (RFC 7030 4.3.2); 503: the CA failed. `signer` signs Full
// PKI Responses: the server's own certificate, a registration authority's by id-kp-cmcRA (RFC 6402 2.10).
[[nodiscard]] Answer full_cmc(const CmcInput& input, const est::tls::Identity& signer, ca::Authority& authority, const est::Clock& clock);

}  // namespace server
