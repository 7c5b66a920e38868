// Content types and body encodings (RFC 7030 3.2.4, 4.1.3, 4.2.3; RFC 8951 3; RFC 5272 4.1; RFC 5652 5.1).
#include <algorithm>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/media_type.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::codec::MediaType;

// INT-04: the parameter may be missing from /cacerts; elsewhere its absence is a warning, strictly a failure. Letter case is free.
CheckResult judge_smime_type(const CheckInput& input, const MediaType& type, const std::string& rule) {
  const std::string expected = rule == "required" ? "the parameter smime-type=certs-only" : "smime-type=certs-only or no smime-type";
  const auto value = type.parameter("smime-type");
  if (value && est::iequals(*value, "certs-only")) {
    return result(input, Verdict::pass, "The Content-Type carries smime-type=" + est::printable(*value, 40) + ".", expected, "HTTP",
                  "INT-04");
  }
  if (value) {
    return result(input, Verdict::fail, "The Content-Type carries smime-type=" + est::printable(*value, 40) + ".", expected, "HTTP",
                  "INT-04");
  }
  const auto absent = input.strict ? Verdict::fail : Verdict::warn;
  return result(input, rule == "required" ? absent : Verdict::pass, "The Content-Type has no smime-type parameter.", expected, "HTTP",
                "INT-04");
}

Results content_type(const CheckInput& input) {
  const auto wanted = text(input.parameters, "is");
  const std::string expected = "Content-Type " + wanted;
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto values = answer->message.fields.all("Content-Type");
  if (values.empty()) return {result(input, Verdict::fail, describe(answer->message) + " There is no Content-Type.", expected)};
  if (values.size() > 1) return {result(input, Verdict::fail, "The response has Content-Type more than once.", expected)};
  const auto type = est::codec::decode_media_type(values.front());
  const std::string observed = "The response has Content-Type: " + est::printable(values.front(), 120) + ".";
  if (!type.value || est::has_errors(type.findings)) {
    return {result(input, Verdict::fail, observed + " It is ill-formed: " + quote(type.findings) + ".", expected)};
  }
  Results results{result(input, type.value->is(est::ascii_lower(wanted)) ? Verdict::pass : Verdict::fail, observed, expected)};
  const auto rule = text(input.parameters, "smime-type", "ignored");
  if (rule != "ignored" && results.front().verdict == Verdict::pass) results.push_back(judge_smime_type(input, *type.value, rule));
  return results;
}

// INT-02: a value other than base64 over a base64 body.
std::optional<CheckResult> judge_transfer_encoding(const CheckInput& input, const est::http::Response& response) {
  const auto value = response.fields.get("Content-Transfer-Encoding");
  if (!value || est::iequals(est::trim(*value), "base64")) return std::nullopt;
  return result(input, Verdict::warn, "The body is base64 but Content-Transfer-Encoding says " + est::printable(*value, 40) + ".",
                "no Content-Transfer-Encoding, or base64", "HTTP", "INT-02");
}

std::string shape_of(est::BytesView body) {
  if (!body.empty() && body.front() == 0x30) return " It looks like raw DER.";
  if (est::as_text(body).find("-----BEGIN") != std::string_view::npos) return " It is PEM armour.";
  return {};
}

bool encoded_twice(est::BytesView decoded) {
  if (est::as_text(decoded).rfind("-----BEGIN", 0) == 0) return true;
  const auto again = est::codec::decode_base64(est::as_text(decoded), est::codec::Base64Mode::lenient);
  return again.value && !est::has_errors(again.findings) && !again.value->empty() && again.value->front() == 0x30;
}

Results base64_body(const CheckInput& input) {
  const std::string expected = "a body that is base64 (RFC 4648) of DER; white space is permitted";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto& body = answer->message.body;
  if (body.empty()) return {result(input, Verdict::fail, describe(answer->message), expected, "HTTP", "INT-02")};
  const auto decoded = est::codec::decode_base64(est::as_text(body), est::codec::Base64Mode::lenient);
  if (!decoded.value || decoded.value->empty() || est::has_errors(decoded.findings)) {
    const std::string observed =
        "The body of the " + std::to_string(answer->message.status) + " response is not base64: " + quote(decoded.findings);
    return {result(input, Verdict::fail, observed + "." + shape_of(body), expected, "HTTP", "INT-02")};
  }
  if (encoded_twice(*decoded.value)) {
    return {
        result(input, Verdict::fail, "The body is base64 of text that is itself base64 or PEM, not of DER.", expected, "HTTP", "INT-02")};
  }
  Results results{result(input, Verdict::pass, "The body is base64.", expected, "HTTP", "INT-02")};
  if (auto warned = judge_transfer_encoding(input, answer->message)) results.push_back(std::move(*warned));
  return results;
}

struct Split {
  est::Findings frame;   // in the CMS around the certificates
  est::Findings inside;  // in a certificate
};

// The frame is the server's work; a certificate may be older and someone else's, and is judged by certificate-profile.
Split split_findings(const Bag& bag) {
  Split split;
  const auto within = [&](std::size_t offset) {
    return std::any_of(bag.certificates.begin(), bag.certificates.end(), [&](const est::Bytes& certificate) {
      const auto found = std::search(bag.der.begin(), bag.der.end(), certificate.begin(), certificate.end());
      const auto start = static_cast<std::size_t>(found - bag.der.begin());
      return found != bag.der.end() && offset >= start && offset < start + certificate.size();
    });
  };
  for (const auto& finding : bag.cms) (within(finding.offset) ? split.inside : split.frame).push_back(finding);
  return split;
}

// Worth a warning: order of the SET (DER, yet harmless), defects inside certificates. Permitted: digest algorithms, CRLs.
est::Findings warnings_of(const Split& split) {
  est::Findings chosen;
  for (const auto& finding : split.frame) {
    if (finding.id == "cms.certificates.order") chosen.push_back(finding);
  }
  for (const auto& finding : split.inside) {
    if (finding.severity == est::Severity::error) chosen.push_back(finding);
  }
  return chosen;
}

Results certs_only(const CheckInput& input) {
  const std::string expected = "a certs-only CMC Simple PKI Response: CMS SignedData, DER, certificates, neither content nor signers";
  const auto bag = bag_of(input.exchange);
  if (!bag) return {unanswered(input, expected)};
  if (est::has_errors(bag->base64) || bag->der.empty()) {
    return {result(input, Verdict::fail, describe(input.exchange) + " The body is not base64.", expected, "CMS")};
  }
  const auto split = split_findings(*bag);
  if (est::has_errors(split.frame) || bag->certificates.empty()) {
    std::string observed = "The body is no certs-only message: " + quote(split.frame) + ".";
    if (est::codec::decode_certificate(bag->der).value) observed += " It is a bare certificate.";
    return {result(input, Verdict::fail, observed, expected, "CMS", est::contains(split.frame, "der.length.indefinite") ? "INT-26" : "")};
  }
  const auto count = std::to_string(bag->certificates.size());
  Results results{result(input, Verdict::pass, "The body is a certs-only message with " + count + " certificate(s).", expected, "CMS")};
  if (const auto odd = warnings_of(split); !odd.empty()) {
    results.push_back(result(input, Verdict::warn, "Not DER as X.690 wants it: " + quote(odd) + ".", "DER throughout", "CMS", "INT-26"));
  }
  return results;
}

enum class ErrorForm { plain, untyped_text, untyped_other, cmc, other };

ErrorForm form_of(const est::http::Response& response, const std::optional<MediaType>& type) {
  if (!type) {
    const bool text = std::none_of(response.body.begin(), response.body.end(),
                                   [](est::Byte b) { return (b < 0x20 && b != '\t' && b != '\r' && b != '\n') || b == 0x7F; });
    return text ? ErrorForm::untyped_text : ErrorForm::untyped_other;
  }
  if (type->is("text/plain")) return ErrorForm::plain;
  return type->is("application/pkcs7-mime") ? ErrorForm::cmc : ErrorForm::other;
}

// INT-19.
CheckResult judge_error_body(const CheckInput& input, const est::http::Response& response, const std::string& expected) {
  const auto answer = [&](Verdict verdict, std::string_view remark) {
    return result(input, verdict, describe(response) + std::string(remark), expected, "HTTP", "INT-19");
  };
  if (response.status < 400) return answer(Verdict::fail, " That is no error status.");
  if (response.body.empty()) return answer(Verdict::warn, " Nothing says why.");
  std::optional<MediaType> type;
  if (const auto value = response.fields.get("Content-Type")) type = est::codec::decode_media_type(*value).value.value_or(MediaType{});
  switch (form_of(response, type)) {
    case ErrorForm::untyped_other:
      return answer(Verdict::fail, " The untyped body is not plain text.");
    case ErrorForm::other:
      return answer(Verdict::warn, " The body is neither plain text nor CMC.");
    default:
      return answer(Verdict::pass, "");
  }
}

Results error_body(const CheckInput& input) {
  const std::string expected = "a 4xx or 5xx response whose body is plain text (typed text/plain or untyped) or a CMC response";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  return {judge_error_body(input, answer->message, expected)};
}

}  // namespace

void add_body_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"content-type",
                   "the media type of the response (RFC 7030 3.2.4)",
                   {required(parameter("is", ParameterType::text, "type/subtype; case and parameters do not matter")),
                    choice("smime-type", {"ignored", "optional", "required"}, "whether smime-type=certs-only must be there (INT-04)")},
                   content_type,
                   "is"});
  add(vocabulary, {"base64-body", "the body is base64 of DER, encoded once (RFC 8951 3; INT-02)", {}, base64_body, {}});
  add(vocabulary, {"certs-only", "the body is a certs-only CMC Simple PKI Response (RFC 5272 4.1; INT-26)", {}, certs_only, {}});
  add(vocabulary, {"error-body",
                   "a refusal explains itself (RFC 7030 4.2.3, RFC 8951 5.1; INT-19)",
                   {choice("form", {"human-readable"}, "what the explanation is for; the only value")},
                   error_body,
                   "form"});
}

}  // namespace conformance::checks
