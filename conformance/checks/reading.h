// What checks share: reading an exchange's raw octets again, saying in words what happened, and reading check parameters.
// Everything here is pure and accepts hostile evidence.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/vocabulary.h"
#include "est/base/finding.h"
#include "est/codec/x509.h"
#include "est/http/parser.h"

namespace conformance::checks {

using engine::CheckInput;
using engine::CheckResult;
using engine::Exchange;
using engine::Json;
using engine::Verdict;
using Results = std::vector<CheckResult>;

// --- The HTTP response
// Nothing when not even a status line can be read. Findings tell what is wrong with the rest.
[[nodiscard]] std::optional<est::http::ObservedResponse> answer_of(const Exchange& exchange);
// "The target answered 403 Forbidden, saying "no such user"." or why there was no answer.
[[nodiscard]] std::string describe(const Exchange& exchange);
[[nodiscard]] std::string describe(const est::http::Response& response);

// An exchange without HTTP response. INCONCLUSIVE where the fault may be ours or the network's, otherwise FAIL.
struct Silence {
  Verdict verdict = Verdict::fail;
  std::string observed;
  std::string layer;
};
[[nodiscard]] Silence silence_of(const Exchange& exchange);

// --- The certificates inside a response
struct Bag {
  est::Findings base64;                  // of the body
  est::Findings cms;                     // offsets count octets of `der`
  est::Bytes der;                        // the decoded body
  std::vector<est::Bytes> certificates;  // in the order sent
};
// Base64 (white space permitted), then certs-only CMS. Nothing when there is no response.
[[nodiscard]] std::optional<Bag> bag_of(const Exchange& exchange);
// The body, or of a /serverkeygen answer the part with certificates (RFC 7030 4.4.2).
[[nodiscard]] est::Bytes certificate_body(const est::http::Response& response);
// Certificates in the body however it is wrapped: base64 or raw, certs-only or bare, PEM.
[[nodiscard]] std::vector<est::Bytes> certificates_anyhow(est::BytesView body);
// The certificate this exchange issued: the one with the requested key, else the first one sent. Nothing unless the status is 200.
[[nodiscard]] std::optional<est::codec::Certificate> issued_by(const Exchange& exchange);
// True when the certificate holds the key of the request. Other encodings of the same key count: the request's own signature decides.
[[nodiscard]] bool holds_requested_key(const est::codec::Certificate& certificate, const Exchange& exchange);
[[nodiscard]] bool signed_by_itself(const est::codec::Certificate& certificate);
[[nodiscard]] bool signed_with(const est::codec::Certificate& leaf, const est::codec::Certificate& candidate);
[[nodiscard]] std::string shown(const est::codec::Certificate& certificate);  // its subject, for a sentence

[[nodiscard]] const est::Bytes* artefact(const Exchange& exchange, std::string_view name);
[[nodiscard]] std::string fact(const Exchange& exchange, const std::string& name);  // empty when never recorded
// The named earlier exchange (parameter `parameter`); nothing when not given or never recorded.
[[nodiscard]] const Exchange* other(const CheckInput& input, std::string_view parameter);

// --- Results
[[nodiscard]] CheckResult result(const CheckInput& input, Verdict verdict, std::string observed, std::string expected,
                                 std::string layer = "HTTP", std::string interpretation = {});
// For a check that needs a response, when there is none.
[[nodiscard]] CheckResult unanswered(const CheckInput& input, std::string expected);
// For a check that needs something the scenario or an earlier exchange did not provide.
[[nodiscard]] CheckResult inconclusive(const CheckInput& input, std::string why, std::string expected);
// The worst findings as one sentence part, at most three, errors first.
[[nodiscard]] std::string quote(const est::Findings& findings);

// --- Parameters (a number and its text are the same thing: `status: 200`)
[[nodiscard]] std::string text(const Json& parameters, std::string_view name, std::string_view otherwise = {});
[[nodiscard]] std::vector<std::string> list(const Json& parameters, std::string_view name);  // a scalar is a list of one
[[nodiscard]] bool flag(const Json& parameters, std::string_view name, bool otherwise = false);
[[nodiscard]] std::optional<double> number(const Json& parameters, std::string_view name);

// "404" or "4xx"
[[nodiscard]] bool status_matches(int status, const std::vector<std::string>& patterns);
[[nodiscard]] std::string any_of(const std::vector<std::string>& words);  // "a, b or c"

// --- Registration: adds the parameters every check has and applies them.
void add(engine::Vocabulary& vocabulary, engine::CheckInfo info);
[[nodiscard]] engine::Parameter parameter(std::string name, engine::ParameterType type, std::string meaning);
[[nodiscard]] engine::Parameter choice(std::string name, std::vector<std::string> choices, std::string meaning);
[[nodiscard]] engine::Parameter required(engine::Parameter parameter);

}  // namespace conformance::checks
