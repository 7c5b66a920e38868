// The server as a function: a request and what is known of its connection in, a response out. No I/O but the CA's and the log's.
//
// Statuses: 200, 202 (waiting for approval), 204 (no CSR attributes), 400 (the request is at fault), 401 (with every challenge the
// label takes), 403, 404 (no such path or label), 405 (with Allow), 415, 501 (an operation that is not offered), 503 (the CA failed); and
// what the parser refuses with: 400, 411, 413, 414, 417, 431, 501, 505. Every error has a text/plain sentence that says what to do,
// in a Full PKI Response where the request was one. /cacerts and /csrattrs ask for no credentials (RFC 7030 4.1, 4.5).
#pragma once

#include <optional>
#include <string>

#include "ca/authority.h"
#include "est/base/clock.h"
#include "est/base/log.h"
#include "est/net/server.h"
#include "est/ops/operation.h"
#include "server/authenticator.h"
#include "server/enroller.h"
#include "server/full_cmc.h"
#include "server/keygen.h"
#include "server/policy.h"

namespace server {

class Handler final : public est::net::Application {
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
  };
  explicit Handler(const Parts& parts) : parts_(parts) {}

  // Refuses before the body only when that spares something: the client asked first (Expect: 100-continue), or announced a big
  // body. Otherwise the body is read, so that the connection, and with it tls-unique, survives a 401 (RFC 7030 3.5).
  [[nodiscard]] std::optional<est::net::Reply> on_head(const est::http::Request& head, const est::net::Peer& peer) override;
  // Enroll operations whose policy takes a certificate, unless a password came where either will do.
  [[nodiscard]] bool wants_client_certificate(const est::http::Request& head, const est::net::Peer& peer) override;
  [[nodiscard]] est::net::Reply on_request(const est::http::Request& request, const est::net::Peer& peer, bool keep_alive) override;
  [[nodiscard]] est::net::Reply on_refusal(const est::http::Refusal& refusal, const est::net::Peer& peer) override;

  // The same as on_request, as a value, for tests and fuzzers; Date and Connection are left out.
  [[nodiscard]] Answer answer(const est::http::Request& request, const est::tls::Facts& facts) const;

 private:
  struct Routed {
    est::ops::Route route;
    const LabelPolicy* policy = nullptr;
    Answer refusal;  // status 0: none
  };

  [[nodiscard]] Routed route(const est::http::Request& head) const;
  [[nodiscard]] bool offers(est::ops::Operation operation, const LabelPolicy& policy) const;
  [[nodiscard]] Answer full_cmc_for(const Routed& routed, const est::http::Request& request, const est::tls::Facts& facts,
                                    const Principal& principal) const;
  [[nodiscard]] ca::Authority& authority_of(const LabelPolicy& policy) const;
  [[nodiscard]] Answer cacerts(const LabelPolicy& policy) const;
  [[nodiscard]] Answer enroll_authenticated(const Routed& routed, const est::http::Request& request, const est::tls::Facts& facts,
                                            std::string& identity) const;
  [[nodiscard]] Answer answer(const est::http::Request& request, const est::tls::Facts& facts, std::string& identity) const;
  [[nodiscard]] est::net::Reply reply(Answer answer, const est::http::Request& request, bool keep_alive) const;
  void note(const Answer& answer, const est::http::Request& request, const est::net::Peer& peer, const std::string& identity) const;

  Parts parts_;
};

}  // namespace server
