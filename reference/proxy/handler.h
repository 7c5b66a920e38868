// The registration authority as a function (RFC 7030 3.7): a full EST server to its clients, which judges them and their requests, and
// has the upstream issue. The request goes there octet by octet as it was signed; its link to the client's TLS session is checked here,
// and the upstream accepts that by our certificate (id-kp-cmcRA), or, where that is configured, by an RA POP Witness in a Full PKI Request
// around it (RFC 5272 6.8). A certificate that comes back must be for the request's key and lead to the CA's anchors. A client's own Full
// PKI Request is checked and goes on as it is, and so does what comes back, if it is the CA's.
//
// Statuses beside those of server::Front and what the upstream says: 502, 503 (with Retry-After) and 504, see UpstreamFailure. What needs
// the upstream is Work (see server::Front); no more of it is taken on than Upstream has room for.
#pragma once

#include <functional>
#include <memory>

#include "client/full_cmc.h"
#include "proxy/ca_watch.h"
#include "proxy/config.h"
#include "proxy/upstream.h"
#include "server/front.h"
#include "server/full_cmc.h"
#include "server/trust.h"

namespace proxy {

class Handler final : public server::Front {
 public:
  // All references must outlive the handler.
  struct Parts {
    const Config& config;
    const server::Authenticator& authenticator;
    const server::TrustStore& trust;
    const server::CmcSigner& cmc_signer;  // of refusals of Full PKI Requests
    Upstream& upstream;
    const CaWatch& ca;
    const est::Log& log;
    const est::Clock& clock;
    server::Metrics* metrics = nullptr;  // see server::Front
  };
  explicit Handler(const Parts& parts)
      : Front({parts.config.front.labels, parts.authenticator, parts.log, parts.clock, parts.config.front.content_transfer_encoding,
               parts.metrics}),
        parts_(parts) {}

 protected:
  [[nodiscard]] bool offers(est::ops::Operation operation, const server::LabelPolicy& policy) const override;
  [[nodiscard]] server::Answer cacerts(const est::ops::Route& route, const server::LabelPolicy& policy) const override;
  [[nodiscard]] AnswerOrWork csrattrs(const est::ops::Route& route, const server::LabelPolicy& policy) const override;
  [[nodiscard]] AnswerOrWork post(const Asked& asked, const server::Principal& principal) const override;

 private:
  using Request = est::codec::CertificationRequest;
  using Certificates = client::Outcome<std::vector<est::Bytes>>;
  [[nodiscard]] AnswerOrWork upstream_work(est::ops::Operation operation, const std::string& label, est::Bytes der,
                                           std::function<server::Answer(Question&)> rest) const;
  [[nodiscard]] AnswerOrWork full_cmc(const Asked& asked, const server::Principal& principal) const;
  [[nodiscard]] server::Answer attributes(const Question& question, const server::LabelPolicy& policy) const;
  [[nodiscard]] server::Answer enrolled(const Question& question, const Request& request) const;
  [[nodiscard]] server::Answer enrolled_in_full(Question& question, const Request& request) const;
  [[nodiscard]] server::Answer full_response(const est::http::Response& said, const client::CmcRequest& made, const Request& request,
                                             const std::string& label) const;
  [[nodiscard]] server::Answer issued(Certificates certificates, const Request& request, const std::string& label) const;
  [[nodiscard]] server::Answer generated(est::http::Response said, const std::string& label) const;
  [[nodiscard]] server::Answer handed_on(const Question& question, const server::CmcRequest& request) const;
  [[nodiscard]] est::Status check_full_response(const est::http::Response& said, const server::CmcRequest& request,
                                                const std::string& label) const;
  [[nodiscard]] server::Answer failed(const UpstreamFailure& failure) const;
  [[nodiscard]] server::Answer given_on(const est::http::Response& said) const;

  Parts parts_;
};

}  // namespace proxy
