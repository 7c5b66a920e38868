// From wishes, a key and what /csrattrs answered to the requests of one enrollment: the same but for the linking, as often as the server
// wants to be asked (RFC 7030 4.2.1, 4.2.3).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/key.h"
#include "client/request.h"
#include "est/base/result.h"
#include "est/codec/csrattrs.h"
#include "est/codec/pkcs10.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"

namespace client {

struct RequestPlan {
  RequestWishes wishes;
  std::optional<KeyChoice> key_type;                            // of a key to be made
  std::optional<est::crypto::PrivateKey> key;                   // to be certified instead; with `own_request` its key, for signing it anew
  std::optional<est::codec::Certificate> renewed;               // /simplereenroll
  std::optional<est::codec::CertificationRequest> own_request;  // the user's; wishes and attributes count for nothing then
  bool for_full_cmc = false;                                    // with the extension that names the key
};

// Threads: one at a time.
class RequestMaker {
 public:
  // `asked`: what /csrattrs answered; nothing if not asked. Makes the key where there is none. Errors say what is asked for and cannot be
  // met; a first request is built to find out.
  [[nodiscard]] static est::Result<RequestMaker> prepare(RequestPlan plan, const std::optional<est::codec::CsrAttrs>& asked,
                                                         bool linking_demanded);

  // Null only with an own request whose key was not given.
  [[nodiscard]] const est::crypto::PrivateKey* key() const noexcept { return plan_->key ? &*plan_->key : nullptr; }
  [[nodiscard]] const std::vector<std::string>& notes() const noexcept { return notes_; }
  // For Client's calls; outlives this object.
  [[nodiscard]] MakeRequest function() const;

 private:
  struct Plan : RequestPlan {
    std::optional<est::codec::CsrAttrs> asked;
    bool linking_demanded = false;
  };
  explicit RequestMaker(std::shared_ptr<Plan> plan) : plan_(std::move(plan)) {}
  [[nodiscard]] static est::Result<BuiltRequest> build(const Plan& plan, const std::optional<std::string>& linking);

  std::shared_ptr<const Plan> plan_;
  std::vector<std::string> notes_;
};

}  // namespace client
