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
// the exporter of RFC 9266 if the policy accepts it (INT-01). The same holds for estIdentityLinking, each by itself (RFC 7894 4).
// When linking is required, one of them must be there.
// An RA has checked its own client's binding, which cannot match our connection: neither is asked of it (3.7, INT-37).
[[nodiscard]] std::optional<std::string> linking_problem(const est::codec::CertificationRequest& request, const est::tls::Facts& facts,
                                                         const LabelPolicy& policy, bool is_ra);

// RFC 7030 4.2.1, 4.2.2: a ChangeSubjectName attribute that cannot be read, or that the policy does not allow.
[[nodiscard]] std::optional<std::string> change_of_name_problem(const est::codec::CertificationRequest& request, const LabelPolicy& policy);

// RFC 7894 3: the challenges are readable, and an otpChallenge is there when the policy demands one. Whether it is right is not seen here.
[[nodiscard]] std::optional<std::string> challenges_problem(const est::codec::CertificationRequest& request, const LabelPolicy& policy);

// RFC 7030 4.2.2: Subject and SubjectAltName as in the certificate being renewed. Names are compared by RFC 5280 7.1,
// general names as a set.
[[nodiscard]] std::optional<std::string> renewal_problem(const est::codec::CertificationRequest& request,
                                                         const est::codec::Certificate& current);

// The elements of `wanted` that the request lacks, in words. A bare OID is satisfied wherever the request uses it: as attribute,
// requested extension, part of the subject, otherName, key or signature algorithm. Several elements that name key types, or
// several that name signature algorithms, are alternatives; so are challengePassword and estIdentityLinking. A template is passed over.
[[nodiscard]] std::vector<std::string> missing_attributes(const est::codec::CsrAttrs& wanted,
                                                          const est::codec::CertificationRequest& request);

// The same for an RFC 9908 template: parts of the subject (with the value, if given), key type and size, attributes, extensions with
// the value given. A partial SubjectAltName asks for a name of each kind. `critical` is advice to the client and not looked at.
[[nodiscard]] std::vector<std::string> missing_from_template(const est::codec::RequestTemplate& wanted,
                                                             const est::codec::CertificationRequest& request);

// What the policy's CSR attributes ask for and the request lacks. A client need only follow the template or the list (RFC 9908 4,
// INT-36), so a request that fits either lacks nothing.
[[nodiscard]] std::vector<std::string> unmet_demands(const LabelPolicy& policy, const est::codec::CertificationRequest& request);
// The policy without what its list asks about the key and its signature, which do not matter where the server makes the key
// (RFC 7030 4.4.1).
[[nodiscard]] LabelPolicy without_key_demands(const LabelPolicy& policy);

}  // namespace server
