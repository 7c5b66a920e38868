// Status codes and header fields (RFC 9110, RFC 9112, RFC 7030 3.2.1 and 3.2.3).
#include <algorithm>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"
#include "est/http/auth.h"
#include "est/http/values.h"

namespace conformance::checks {

namespace {

using engine::ParameterType;
using est::http::AuthItem;

Results answered(const CheckInput& input) {
  const std::string expected = "an HTTP response";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  return {result(input, Verdict::pass, describe(answer->message), expected)};
}

Results status(const CheckInput& input) {
  auto wanted = list(input.parameters, "is");
  for (auto& word : list(input.parameters, "any-of")) wanted.push_back(std::move(word));
  const auto tolerated = list(input.parameters, "warn");
  const auto open = list(input.parameters, "inconclusive");
  const std::string expected =
      "status " + any_of(wanted) + (tolerated.empty() ? "" : " (tolerated with a warning: " + any_of(tolerated) + ")");
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const int code = answer->message.status;
  auto verdict = Verdict::fail;
  if (status_matches(code, open)) verdict = Verdict::inconclusive;
  if (status_matches(code, tolerated)) verdict = Verdict::warn;
  if (status_matches(code, wanted)) verdict = Verdict::pass;
  return {result(input, verdict, describe(answer->message), expected)};
}

// Shell-like: '*' stands for any run of characters; letters compare without case.
bool glob(std::string_view pattern, std::string_view value) {
  std::size_t p = 0;
  std::size_t v = 0;
  std::size_t star = std::string_view::npos;
  std::size_t mark = 0;
  while (v < value.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = v;
    } else if (p < pattern.size() && est::ascii_lower(pattern[p]) == est::ascii_lower(value[v])) {
      ++p;
      ++v;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      v = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// For fields that may be there but not with that value.
Results header_lacks(const CheckInput& input, const std::string& name, const std::string& pattern) {
  const std::string expected = "no header field " + name + " matching \"" + pattern + "\"";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  for (const auto& value : answer->message.fields.all(name)) {
    if (glob(pattern, value))
      return {result(input, Verdict::fail, "The response has " + name + ": " + est::printable(value) + ".", expected)};
  }
  return {result(input, Verdict::pass, "No " + name + " field has that value.", expected)};
}

Results header(const CheckInput& input) {
  if (const auto unwanted = text(input.parameters, "lacks"); !unwanted.empty())
    return header_lacks(input, text(input.parameters, "name"), unwanted);
  const auto name = text(input.parameters, "name");
  const auto pattern = text(input.parameters, "matches");
  const bool wanted = flag(input.parameters, "present", true);
  std::string expected = (wanted ? "a header field " : "no header field ") + name;
  if (!pattern.empty()) expected += " matching \"" + pattern + "\"";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto value = answer->message.fields.get(name);
  if (!value) return {result(input, wanted ? Verdict::fail : Verdict::pass, "The response has no " + name + " field.", expected)};
  const bool fits = wanted && (pattern.empty() || glob(pattern, *value));
  return {result(input, fits ? Verdict::pass : Verdict::fail, "The response has " + name + ": " + est::printable(*value) + ".", expected)};
}

// The response that challenged: this one if it is a 401, else the 401 answered before it.
std::optional<est::http::Response> challenging_response(const Exchange& exchange) {
  if (auto answer = answer_of(exchange); answer && answer->message.status == 401) return std::move(answer->message);
  const auto* raw = artefact(exchange, "challenge-response");
  if (raw == nullptr) return std::nullopt;
  auto earlier = est::http::parse_response(*raw, exchange.method.empty() ? "GET" : exchange.method, true);
  if (earlier.message.status != 401) return std::nullopt;
  return std::move(earlier.message);
}

// RFC 7617 2, RFC 7616 3.3: what a challenge must carry. An empty text when nothing is wrong.
std::string defect_of(const AuthItem& challenge) {
  const bool basic = est::iequals(challenge.scheme, "Basic");
  const bool digest = est::iequals(challenge.scheme, "Digest");
  if ((basic || digest) && !challenge.parameter("realm")) return challenge.scheme + " challenge without realm";
  if (digest && !challenge.parameter("nonce")) return "Digest challenge without nonce";
  const auto charset = challenge.parameter("charset");  // RFC 7617 2.1, RFC 7616 3.3: one value is defined
  if ((basic || digest) && charset && !est::iequals(*charset, "UTF-8")) return challenge.scheme + " challenge with charset " + *charset;
  return {};
}

// RFC 7616 3.7: several Digest challenges are there to offer several algorithms.
bool repeats_algorithm(const std::vector<AuthItem>& challenges) {
  std::vector<std::string> seen;
  for (const auto& challenge : challenges) {
    if (!est::iequals(challenge.scheme, "Digest")) continue;
    auto algorithm = est::ascii_lower(challenge.parameter("algorithm").value_or("MD5"));
    if (std::find(seen.begin(), seen.end(), algorithm) != seen.end()) return true;
    seen.push_back(std::move(algorithm));
  }
  return false;
}

// RFC 7616 3.3 makes qop mandatory; RFC 2617, which RFC 7030 cites, did not.
bool lacks_qop(const std::vector<AuthItem>& challenges) {
  return std::any_of(challenges.begin(), challenges.end(),
                     [](const AuthItem& one) { return est::iequals(one.scheme, "Digest") && !one.parameter("qop"); });
}

CheckResult digest_flavour(const CheckInput& input, const std::vector<AuthItem>& challenges) {
  const std::string expected = "Digest offered with SHA-256 (RFC 7616), MD5 at most beside it";
  std::vector<std::string> algorithms;
  for (const auto& challenge : challenges) {
    if (est::iequals(challenge.scheme, "Digest")) algorithms.push_back(challenge.parameter("algorithm").value_or("MD5"));
  }
  bool modern = false;
  for (const auto& algorithm : algorithms) modern = modern || est::ascii_lower(algorithm).rfind("sha-", 0) == 0;
  return result(input, modern ? Verdict::pass : Verdict::warn,
                "Digest is offered with " + est::printable(est::join(algorithms, ", ")) + ".", expected, "HTTP", "INT-25");
}

// RFC 7616 3.3: for historical reasons these stand without quotes. The text outside of quoted strings is looked at only.
bool quotes_tokens(const std::vector<std::string>& field_values) {
  for (const auto& value : field_values) {
    std::string bare;  // the value with each quoted string as ""
    bool quoted = false;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (quoted && value[i] == '\\') {
        ++i;
      } else if (value[i] == '"') {
        quoted = !quoted;
        bare += '"';
      } else if (!quoted) {
        bare += est::ascii_lower(value[i]);
      }
    }
    std::erase(bare, ' ');
    if (bare.find("algorithm=\"") != std::string::npos || bare.find("stale=\"") != std::string::npos) return true;
  }
  return false;
}

Results judge_challenges(const CheckInput& input, const std::vector<AuthItem>& challenges, bool quoted, const std::string& expected) {
  const auto wanted = text(input.parameters, "scheme", "any");
  std::vector<std::string> schemes;
  Results results;
  bool found = false;
  for (const auto& challenge : challenges) {
    schemes.push_back(est::printable(challenge.scheme, 40));
    found = found || wanted == "any" || est::iequals(challenge.scheme, wanted);
    if (const auto defect = defect_of(challenge); !defect.empty()) {
      results.push_back(result(input, Verdict::fail, "The target sent a " + est::printable(defect, 80) + ".", expected));
    }
  }
  results.push_back(
      result(input, found ? Verdict::pass : Verdict::fail, "The 401 response challenges with " + est::join(schemes, ", ") + ".", expected));
  if (found && wanted == "digest" && quoted)
    results.push_back(result(input, Verdict::warn, "A Digest challenge has algorithm or stale in quotes.",
                             "algorithm and stale without quotes (RFC 7616 3.3)", "HTTP", "INT-25"));
  if (repeats_algorithm(challenges))
    results.push_back(result(input, Verdict::fail, "Two Digest challenges name the same algorithm.", "a different algorithm in each"));
  if (found && wanted == "digest" && lacks_qop(challenges))
    results.push_back(result(input, Verdict::warn, "A Digest challenge has no qop.", "qop with auth (RFC 7616 3.3)", "HTTP", "INT-25"));
  if (found && wanted == "digest") results.push_back(digest_flavour(input, challenges));
  return results;
}

Results challenge(const CheckInput& input) {
  const auto wanted = text(input.parameters, "scheme", "any");
  const std::string expected =
      "401 with a WWW-Authenticate challenge" + (wanted == "any" ? std::string(" of some scheme") : " of scheme " + wanted);
  const auto response = challenging_response(input.exchange);
  if (!response) {
    const auto answer = answer_of(input.exchange);
    if (!answer) return {unanswered(input, expected)};
    return {result(input, Verdict::fail, describe(answer->message) + " It did not challenge.", expected)};
  }
  const auto values = response->fields.all("WWW-Authenticate");
  if (values.empty())
    return {result(input, Verdict::fail, "The target answered 401 without WWW-Authenticate.", expected, "HTTP", "INT-13")};
  const auto challenges = est::http::decode_challenges(values);
  if (!challenges.value || challenges.value->empty() || est::has_errors(challenges.findings)) {
    return {result(input, Verdict::fail, "The WWW-Authenticate field is ill-formed: " + quote(challenges.findings) + ".", expected)};
  }
  return judge_challenges(input, *challenges.value, quotes_tokens(values), expected);
}

CheckResult judge_retry_after(const CheckInput& input, const est::http::Response& response, const std::string& expected) {
  const auto value = response.fields.get("Retry-After");
  if (!value) return result(input, Verdict::fail, "The target answered 202 without Retry-After.", expected);
  const auto retry = est::http::parse_retry_after(*value);
  const std::string observed = "The target answered 202 with Retry-After: " + est::printable(*value, 60);
  if (!retry) return result(input, Verdict::fail, observed + ", which is neither seconds nor a date.", expected, "HTTP", "INT-11");
  const auto form = text(input.parameters, "form", "any");
  if (form != "any" && (form == "date") != retry->is_date) {
    return result(input, Verdict::inconclusive, observed + ", the other permitted form.", expected, "HTTP", "INT-11");
  }
  const auto sent = response.fields.get("Date");
  const auto now = sent ? est::http::parse_http_date(*sent).value_or(input.evidence.started) : input.evidence.started;
  if (retry->wait_from(now) == 0)
    return result(input, Verdict::warn, observed + ", which asks for no wait at all.", expected, "HTTP", "INT-11");
  return result(input, Verdict::pass, observed + ".", expected, "HTTP", "INT-11");
}

Results retry_after(const CheckInput& input) {
  const std::string expected = "202 with Retry-After in seconds or as an HTTP date";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (answer->message.status != 202)
    return {inconclusive(input, describe(answer->message) + " So there was nothing to wait for.", expected)};
  return {judge_retry_after(input, answer->message, expected)};
}

Results allow(const CheckInput& input) {
  const auto methods = list(input.parameters, "methods");
  const std::string expected = "if 405, then an Allow field" + (methods.empty() ? "" : " with " + est::join(methods, ", "));
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (answer->message.status != 405) return {result(input, Verdict::pass, describe(answer->message), expected)};
  const auto values = answer->message.fields.all("Allow");
  if (values.empty()) return {result(input, Verdict::fail, "The target answered 405 without Allow.", expected)};
  const auto all = est::join(values, ",");
  std::vector<std::string> missing;
  for (const auto& method : methods) {
    bool found = false;
    for (const auto item : est::split(all, ',')) found = found || est::trim(item) == method;
    if (!found) missing.push_back(method);
  }
  const std::string observed = "The target answered 405 with Allow: " + est::printable(all, 80) + ".";
  return {result(input, missing.empty() ? Verdict::pass : Verdict::fail, observed, expected)};
}

Results transfer_coding(const CheckInput& input) {
  const std::string expected = "no Transfer-Encoding, or chunked alone";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto values = answer->message.fields.all("Transfer-Encoding");
  if (values.empty()) return {result(input, Verdict::pass, "The response has no Transfer-Encoding.", expected)};
  const auto all = est::join(values, ", ");
  const bool fits = est::iequals(est::trim(all), "chunked");
  return {result(input, fits ? Verdict::pass : Verdict::fail, "The response has Transfer-Encoding: " + est::printable(all, 80) + ".",
                 expected)};
}

Results well_formed(const CheckInput& input) {
  const std::string expected = "an HTTP/1.1 response as RFC 9112 writes it, complete";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (est::has_errors(answer->findings)) {
    return {result(input, Verdict::fail, "The response is ill-formed: " + quote(answer->findings) + ".", expected)};
  }
  if (!answer->complete) return {result(input, Verdict::fail, describe(answer->message) + " The response is cut short.", expected)};
  return {result(input, Verdict::pass, "The response is well-formed.", expected)};
}

}  // namespace

void add_http_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"answered", "an HTTP response came, whatever its status", {}, answered, {}});
  add(vocabulary, {"status",
                   "the status code; a missing response fails",
                   {parameter("is", ParameterType::text, "a code such as 200, or a class such as 4xx"),
                    parameter("any-of", ParameterType::list, "permitted codes and classes"),
                    parameter("warn", ParameterType::list, "codes and classes that give a warning"),
                    parameter("inconclusive", ParameterType::list, "codes and classes that settle nothing")},
                   status,
                   "is"});
  add(vocabulary, {"header",
                   "a response header field is there, absent, or has a value",
                   {required(parameter("name", ParameterType::text, "field name")),
                    parameter("present", ParameterType::boolean, "false: it must be absent (default true)"),
                    parameter("matches", ParameterType::text, "value with * for any characters, case ignored"),
                    parameter("lacks", ParameterType::text, "the field may be there, but not with a value like this")},
                   header,
                   "name"});
  add(vocabulary, {"challenge",
                   "the 401 (this response, or the one answered before it) carries a usable challenge (RFC 9110 11.6.1; INT-13, INT-25)",
                   {choice("scheme", {"any", "basic", "digest"}, "scheme that must be among the challenges; default any")},
                   challenge,
                   "scheme"});
  add(vocabulary, {"retry-after",
                   "a 202 says when to come back (RFC 7030 4.2.3; INT-11)",
                   {choice("form", {"any", "seconds", "date"}, "the form under test; the other one is inconclusive")},
                   retry_after,
                   "form"});
  add(vocabulary, {"allow",
                   "a 405 names the methods there are (RFC 9110 15.5.6); other statuses pass",
                   {required(parameter("methods", ParameterType::list, "methods that must be listed"))},
                   allow,
                   "methods"});
  add(vocabulary, {"no-transfer-coding-but-chunked", "Transfer-Encoding is absent or chunked (RFC 8951 3)", {}, transfer_coding, {}});
  add(vocabulary, {"well-formed", "the response's framing and fields obey RFC 9112", {}, well_formed, {}});
}

}  // namespace conformance::checks
