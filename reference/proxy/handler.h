// The registration authority as a function (RFC 7030 3.7): a full EST server to its clients, which judges them and their requests, and
// has the upstream issue. The request goes there octet by octet as it was signed; its link to the client's TLS session is checked here,
// and the upstream accepts that by our certificate (id-kp-cmcRA). A certificate that comes back must be for the request's key and lead to
// the CA's anchors. /fullcmc is not offered.
//
// Statuses beside those of server::Front and what the upstream says: 502, 503 (with Retry-After) and 504, see UpstreamFailure.
#pragma once

#include <functional>
#include <memory>

#include "proxy/ca_watch.h"
#include "proxy/config.h"
#include "proxy/upstream.h"
#include "server/front.h"

namespace proxy {

class Handler final : public server::Front {
 public:
  // All references must outlive the handler.
  struct Parts {
    const Config& config;
    const server::Authenticator& authenticator;
    Upstream& upstream;
    const CaWatch& ca;
    const est::Log& log;
    const est::Clock& clock;
  };
  explicit Handler(const Parts& parts)
      : Front({parts.config.front.labels, parts.authenticator, parts.log, parts.clock, parts.config.front.content_transfer_encoding}),
        parts_(parts) {}

 protected:
  [[nodiscard]] bool offers(est::ops::Operation operation, const server::LabelPolicy& policy) const override;
  [[nodiscard]] server::Answer cacerts(const est::ops::Route& route, const server::LabelPolicy& policy) const override;
  [[nodiscard]] server::Answer csrattrs(const est::ops::Route& route, const server::LabelPolicy& policy) const override;
  [[nodiscard]] server::Answer post(const Asked& asked, const server::Principal& principal) const override;

 private:
  [[nodiscard]] server::Answer failed(const UpstreamFailure& failure) const;
  [[nodiscard]] server::Answer not_now(std::string_view sentence, std::string cause) const;
  [[nodiscard]] server::Answer given_on(const est::http::Response& said) const;
  [[nodiscard]] server::Answer issued(const est::http::Response& said, const est::codec::CertificationRequest& request,
                                      const std::string& label) const;
  [[nodiscard]] server::Answer generated(est::http::Response said) const;
  [[nodiscard]] est::Status believed(est::BytesView certificate, const std::string& label) const;

  Parts parts_;
};

}  // namespace proxy
