// Simple enrollment and re-enrollment (RFC 7030 4.2): from an authenticated request's body to the answer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "ca/authority.h"
#include "est/base/clock.h"
#include "est/codec/pkcs10.h"
#include "est/http/message.h"
#include "est/ops/operation.h"
#include "est/tls/facts.h"
#include "server/authenticator.h"
#include "server/policy.h"

namespace server {

// An answer and what the log says about it beside the status.
struct Answer {
  est::http::Response response;
  std::string cause;   // the sentence the client got, or empty
  std::string serial;  // of the certificate issued, hexadecimal
};

[[nodiscard]] Answer refuse(int status, std::string_view sentence);
// The CA did not answer: 503 with Retry-After (RFC 9110 15.6.4). `detail` goes to the log only.
[[nodiscard]] Answer unavailable(std::string_view detail);

// 200 with the attributes, or 204 when there are none.
[[nodiscard]] Answer csrattrs_answer(const est::codec::CsrAttrs& attributes);

// 202 with Retry-After (RFC 7030 4.2.3).
[[nodiscard]] Answer waiting(const ca::Pending& pending, const Retry& retry, est::UnixTime now);
// The names a ChangeSubjectName attribute asks for; what is absent there is absent in the certificate (RFC 6402 2.8).
void apply_change_of_name(const est::codec::CertificationRequest& request, ca::IssueRequest& ask);

struct EnrollInput {
  est::ops::Operation operation = est::ops::Operation::simpleenroll;  // or simplereenroll, serverkeygen
  est::BytesView body;
  const Principal& principal;
  const est::tls::Facts& facts;
  std::string label;
  const LabelPolicy& policy;
  std::function<bool(std::string_view)> knows_one_time_password;  // empty: there are none
};

// The two halves of an enrollment. The request, decoded and checked, or the refusal; of /serverkeygen the signature is not checked
// (RFC 7030 4.4.1); whether its one-time password is good, once, is for the second function. Then what the CA issued, or the answer that
// stands for everything else. `generated_key`: see ca::IssueRequest.
[[nodiscard]] std::variant<est::codec::CertificationRequest, Answer> read_request(const EnrollInput& input);
[[nodiscard]] std::optional<Answer> one_time_refusal(const EnrollInput& input, const est::codec::CertificationRequest& request,
                                                     ca::Authority& authority);
[[nodiscard]] std::variant<ca::Issued, Answer> ask_authority(const EnrollInput& input, const est::codec::CertificationRequest& request,
                                                             ca::Authority& authority, const est::Clock& clock,
                                                             const std::optional<est::Bytes>& generated_key = std::nullopt);

// The second half for /simpleenroll and /simplereenroll. `input.body` and `input.facts` are not looked at any more.
[[nodiscard]] Answer enroll_checked(const EnrollInput& input, const est::codec::CertificationRequest& request, ca::Authority& authority,
                                    const est::Clock& clock);

// Whether nothing but the CA's signature and one entry in its database stands between the request, checked, and its certificate: nobody
// has to approve, and no one-time password or revocation challenge (RFC 7894) is to be kept.
[[nodiscard]] bool needs_only_the_certificate(const LabelPolicy& policy, const est::codec::CertificationRequest& request);
// As enroll_checked() for such a request, without waiting for the database. `told`: see ca::Authority::issue_later; it gets what
// answer_to() makes the answer of.
void enroll_later(const EnrollInput& input, const est::codec::CertificationRequest& request, ca::Authority& authority,
                  const ca::Authority::Told& told);
[[nodiscard]] Answer answer_to(const est::Result<ca::Outcome>& outcome, const LabelPolicy& policy, est::UnixTime now);

// Checks the request (see request_checks.h) and lets the CA decide. 400: the request is at fault; 403: this client may not;
// 202: wait; 503: the CA failed. Threads: as the authority.
[[nodiscard]] Answer enroll(const EnrollInput& input, ca::Authority& authority, const est::Clock& clock);

}  // namespace server
