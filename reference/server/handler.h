// The server as a function: a request and what is known of its connection in, a response out. No I/O but the CA's and the log's.
//
// Statuses beside those of Front: 200, 202 (waiting for approval), 204 (no CSR attributes), 400 (the request is at fault), 403, 503 (the CA
// failed). An error is told in a Full PKI Response where the request was one.
#pragma once

#include "ca/authority.h"
#include "server/front.h"
#include "server/full_cmc.h"
#include "server/keygen.h"

namespace server {

class Handler final : public Front {
 public:
  // All references must outlive the handler.
  struct Parts {
    const Policies& policies;
    const Authenticator& authenticator;
    ca::Authority& authority;
    const est::Log& log;
    const est::Clock& clock;
    bool content_transfer_encoding = false;     // see Config
    const GeneratorStore* generator = nullptr;  // nothing: /serverkeygen is not offered
    const TrustStore* trust = nullptr;          // both are for /fullcmc, which without them is not offered
    const CmcSigner* cmc_signer = nullptr;
    const Authorities* others = nullptr;  // nothing: every label has the CA above
    // An enrollment whose request is good does not wait for the CA's database: it is work, or comes later. /serverkeygen and /fullcmc are
    // work.
    bool wait_elsewhere = false;
    Metrics* metrics = nullptr;  // see Front
  };
  explicit Handler(const Parts& parts)
      : Front({parts.policies, parts.authenticator, parts.log, parts.clock, parts.content_transfer_encoding, parts.metrics}),
        parts_(parts) {}

 protected:
  [[nodiscard]] bool offers(est::ops::Operation operation, const LabelPolicy& policy) const override;
  [[nodiscard]] Answer cacerts(const est::ops::Route& route, const LabelPolicy& policy) const override;
  [[nodiscard]] AnswerOrWork csrattrs(const est::ops::Route& route, const LabelPolicy& policy) const override;
  [[nodiscard]] AnswerOrWork post(const Asked& asked, const Principal& principal) const override;

 private:
  // A request that can be answered when it, and who made it, are gone. Policies last as long as the handler.
  struct Kept {
    est::ops::Operation operation;
    est::Bytes body;
    Principal principal;
    est::tls::Facts facts;
    std::string label;
    const LabelPolicy* policy;
  };
  [[nodiscard]] Answer answer_whole(const Kept& kept) const;
  [[nodiscard]] AnswerOrWork begin_enrollment(const Asked& asked, const Principal& principal) const;
  [[nodiscard]] Later issue_later(const EnrollInput& input, const Asked& asked, est::codec::CertificationRequest request) const;
  [[nodiscard]] ca::Authority& authority_of(const LabelPolicy& policy) const;

  Parts parts_;
};

}  // namespace server
