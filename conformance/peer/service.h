// What a good EST server answers, by RFC 7030, 8951 and 9908, and the deviations a script asks for in the contents of a message.
// Pure but for randomness: no sockets, no state. Threads: any.
#pragma once

#include "conformance/peer/pki.h"
#include "conformance/peer/script.h"
#include "est/codec/cmc.h"
#include "est/http/auth.h"
#include "est/http/message.h"
#include "est/ops/operation.h"
#include "est/tls/facts.h"

namespace conformance::peer {

// The service of one script; all references must outlive it.
class Service {
 public:
  // `credentials`: user and password are also what proves identity in Full PKI Requests (RFC 5272 6.2).
  Service(const Script& script, const Pki& pki, const est::http::Credentials& credentials)
      : script_(script), pki_(pki), credentials_(credentials) {}

  // A refusal (4xx, text/plain) says what is wrong with the request. `facts`: of the connection it came over.
  [[nodiscard]] est::http::Response answer(est::ops::Operation operation, const est::http::Request& request, const est::tls::Facts& facts,
                                           const Answer& wish) const;

 private:
  [[nodiscard]] est::http::Response cacerts(const Answer& wish) const;
  [[nodiscard]] est::http::Response csrattrs(const Answer& wish) const;
  [[nodiscard]] est::http::Response enroll(const est::http::Request& request, const est::tls::Facts& facts, const Answer& wish) const;
  [[nodiscard]] est::http::Response serverkeygen(const est::http::Request& request, const est::tls::Facts& facts, const Answer& wish) const;
  [[nodiscard]] est::http::Response fullcmc(const est::http::Request& request, const est::tls::Facts& facts, const Answer& wish) const;
  [[nodiscard]] std::string identity_refusal(const est::codec::PkiData& data) const;
  // The key as the request wants it: PKCS #8, or EnvelopedData for the key it names.
  [[nodiscard]] est::Result<est::Bytes> enveloped(const est::codec::CertificationRequest& csr, est::BytesView key,
                                                  const std::string& contents) const;
  [[nodiscard]] est::http::Response issue(const est::codec::CertificationRequest& csr, const Answer& wish) const;
  [[nodiscard]] bool vouched_for(const est::tls::Facts& facts) const;
  // Why a request is refused; empty when it is not.
  [[nodiscard]] std::string refusal_of(const est::codec::CertificationRequest& csr, const est::tls::Facts& facts) const;

  const Script& script_;
  const Pki& pki_;
  const est::http::Credentials& credentials_;
};

// The binding a request linked to this connection has (RFC 7030 3.5; INT-01): tls-unique, or on TLS 1.3 the exporter.
[[nodiscard]] const est::Bytes& binding_of(const est::tls::Facts& facts);

[[nodiscard]] est::http::Response message_of(std::string_view type, est::Bytes body);
[[nodiscard]] est::http::Response refused_with(std::string_view sentence);

// DER as an EST body, in one of encodings().
[[nodiscard]] est::Bytes encoded(est::BytesView der, std::string_view encoding);

}  // namespace conformance::peer
