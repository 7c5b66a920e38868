// CSR attributes (RFC 7030 4.5.2 as replaced by RFC 8951 4, RFC 9908; INT-15 to INT-18).
#include "est/codec/csrattrs.h"
#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/media_type.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;

constexpr std::string_view csrattrs_media_type = "application/csrattrs";

struct Read {
  std::optional<est::codec::CsrAttrs> value;
  est::Findings findings;
};

Read read_body(const est::http::Response& response) {
  auto text = est::codec::decode_base64(est::as_text(response.body), est::codec::Base64Mode::lenient);
  if (!text.value || text.value->empty() || est::has_errors(text.findings)) return {std::nullopt, std::move(text.findings)};
  auto attributes = est::codec::decode_csrattrs(*text.value);
  return {std::move(attributes.value), std::move(attributes.findings)};
}

// The answers that mean "no attributes", and those that should not be given.
CheckResult judge_absence(const CheckInput& input, const est::http::Response& response, const std::string& expected) {
  const auto told = [&](Verdict verdict, std::string_view remark) {
    return result(input, verdict, describe(response) + std::string(remark), expected, "HTTP", "INT-18");
  };
  switch (response.status) {
    case 204:
    case 404:
      return told(Verdict::pass, " That says there are none.");
    case 401:
    case 403:
      return told(Verdict::warn, " Client authentication should not be required here.");
    case 405:
    case 501:
      return told(Verdict::warn, " 204 or 404 would say that there are none.");
    default:
      return told(Verdict::fail, "");
  }
}

std::string interpretation_of(std::string_view finding) {
  if (finding == "csrattrs.mac-address.old-form") return "INT-17";
  if (finding == "csrattrs.template.single-extension") return "INT-16";
  if (finding == "csrattrs.values.empty") return "INT-15";
  return finding == "der.length.indefinite" ? "INT-26" : "";
}

Results judge_findings(const CheckInput& input, const est::Findings& findings, const std::string& expected) {
  Results results;
  for (const auto& finding : findings) {
    if (finding.severity == est::Severity::note) continue;
    const auto verdict = finding.severity == est::Severity::error ? Verdict::fail : Verdict::warn;
    results.push_back(result(input, verdict, "The attributes are not as they should be: " + quote({finding}) + ".", expected, "CMS",
                             interpretation_of(finding.id)));
  }
  return results;
}

Results judge_list(const CheckInput& input, const est::http::Response& response, const std::string& expected) {
  if (response.body.empty())
    return {result(input, Verdict::fail, describe(response) + " An empty list is \"MAA=\".", expected, "HTTP", "INT-18")};
  const auto type = est::codec::decode_media_type(response.fields.get("Content-Type").value_or(""));
  Results results;
  if (!type.value || !type.value->is(csrattrs_media_type)) {
    results.push_back(
        result(input, Verdict::fail, describe(response) + " The Content-Type is not " + std::string(csrattrs_media_type) + ".", expected));
  }
  const auto read = read_body(response);
  if (!read.value) {
    results.push_back(result(input, Verdict::fail, "The body is no base64 of CsrAttrs: " + quote(read.findings) + ".", expected, "CMS"));
    return results;
  }
  for (auto& one : judge_findings(input, read.findings, expected)) results.push_back(std::move(one));
  const auto requested = est::codec::request_template(*read.value);
  for (auto& one : judge_findings(input, requested.findings, expected)) results.push_back(std::move(one));
  if (read.value->elements.empty() && text(input.parameters, "empty", "allowed") == "refused") {
    results.push_back(result(input, Verdict::fail, "The list is empty.", expected, "CMS"));
  }
  if (results.empty()) {
    const auto count = std::to_string(read.value->elements.size());
    results.push_back(result(input, Verdict::pass, "The target sent a list of " + count + " CSR attribute(s).", expected, "CMS"));
  }
  return results;
}

Results csrattrs_valid(const CheckInput& input) {
  const std::string expected = "200 with application/csrattrs, base64 of a DER SEQUENCE of OIDs and attributes; or 204 or 404";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (answer->message.status != 200) return {judge_absence(input, answer->message, expected)};
  return judge_list(input, answer->message, expected);
}

Results csrattrs_mentions(const CheckInput& input) {
  const auto name = text(input.parameters, "oid");
  const std::string expected = "CSR attributes that list " + name;
  const auto oid = est::codec::oid_by_name(name);
  if (!oid) return {inconclusive(input, "\"" + name + "\" is no object identifier the suite knows.", expected)};
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (answer->message.status != 200) return {result(input, Verdict::fail, describe(answer->message), expected)};
  const auto read = read_body(answer->message);
  if (!read.value)
    return {result(input, Verdict::fail, "The body is no base64 of CsrAttrs: " + quote(read.findings) + ".", expected, "CMS")};
  const bool found = read.value->mentions(*oid);
  return {result(input, found ? Verdict::pass : Verdict::fail, "The list " + std::string(found ? "has " : "lacks ") + name + ".", expected,
                 "CMS")};
}

}  // namespace

void add_csrattrs_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"csrattrs-valid",
                   "a well-formed CSR Attributes Response, or an answer that means there is none (RFC 8951 4; INT-15 to INT-18)",
                   {choice("empty", {"allowed", "refused"}, "whether a list without elements will do; default allowed")},
                   csrattrs_valid,
                   {}});
  add(vocabulary, {"csrattrs-mentions",
                   "the list names an attribute, as a bare OID or with values",
                   {required(parameter("oid", ParameterType::text, "name such as challengePassword, or dotted decimal"))},
                   csrattrs_mentions,
                   "oid"});
}

}  // namespace conformance::checks
