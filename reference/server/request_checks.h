// What a certification request must satisfy before the CA sees it. Pure functions; each returns nothing when all is well,
// else one sentence for the client that says what to do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "est/codec/csrattrs.h"
#include "est/codec/pkcs10.h"
#include "est/codec/x509.h"
#include "est/tls/facts.h"
#include "server/policy.h"

namespace server {

// The signature verifies with the key inside (RFC 7030 3.4), and the extensionRequest, if any, can be read.
[[nodiscard]] std::optional<std::string> signature_problem(const est::codec::CertificationRequest& request);
[[nodiscard]] std::optional<std::string> extensions_problem(const est::codec::CertificationRequest& request);

// RFC 7030 3.5: a challengePassword must be the base64 of this connection's channel binding: tls-unique on TLS 1.2, on TLS 1.3
// the exporter of RFC 9266 if the policy accepts it (INT-01). When linking is required, it must be there.
// An RA has checked its own client's binding, which cannot match our connection: neither is asked of it (3.7, INT-37).
[[nodiscard]] std::optional<std::string> linking_problem(const est::codec::CertificationRequest& request, const est::tls::Facts& facts,
                                                         const LabelPolicy& policy, bool is_ra);

// RFC 7030 4.2.1, 4.2.2: the ChangeSubjectName attribute, which this server does not carry out.
[[nodiscard]] std::optional<std::string> change_of_name_problem(const est::codec::CertificationRequest& request);

// RFC 7030 4.2.2: Subject and SubjectAltName as in the certificate being renewed. Names are compared by RFC 5280 7.1,
// general names as a set.
[[nodiscard]] std::optional<std::string> renewal_problem(const est::codec::CertificationRequest& request,
                                                         const est::codec::Certificate& current);

// The elements of `wanted` that the request lacks, in words. A bare OID is satisfied wherever the request uses it: as attribute,
// requested extension, part of the subject, otherName, key or signature algorithm. Several elements that name key types, or
// several that name signature algorithms, are alternatives. The RFC 9908 template is not enforced.
[[nodiscard]] std::vector<std::string> missing_attributes(const est::codec::CsrAttrs& wanted,
                                                          const est::codec::CertificationRequest& request);

}  // namespace server
