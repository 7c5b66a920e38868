// What a proxy makes of its upstream's answers for the client in front of it (RFC 7030 4.1.3, 4.2.3, 4.5.2; RFC 9110 15.6).
#include <algorithm>
#include <set>

#include "conformance/checks/client_reading.h"
#include "conformance/checks/families.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/csrattrs.h"
#include "est/crypto/digest.h"
#include "est/http/values.h"

namespace conformance::checks {
namespace {

using engine::ParameterType;

// The last answer upstream gave for this step's operation; nothing when none came.
std::optional<est::http::Response> said_upstream(const CheckInput& input) {
  const Peers requests = requests_of(input, operation_of(input));
  if (requests.empty()) return std::nullopt;
  const auto answer = answer_of(*requests.back());
  if (!answer) return std::nullopt;
  return answer->message;
}

CheckResult nothing_upstream(const CheckInput& input, const std::string& expected) {
  return inconclusive(input, "The upstream server was not asked, or gave no answer. " + describe(input.exchange), expected);
}

Results passed_status(const CheckInput& input) {
  const auto said = said_upstream(input);
  const std::string expected = "the status the upstream server answered" + (said ? ": " + std::to_string(said->status) : std::string());
  if (!said) return {nothing_upstream(input, expected)};
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  return {result(input, answer->message.status == said->status ? Verdict::pass : Verdict::fail, describe(answer->message), expected)};
}

// When an answer that came at `at` says to come back.
std::optional<double> moment_of(const est::http::Response& response, double at) {
  const auto value = response.fields.get("Retry-After");
  const auto retry = value ? est::http::parse_retry_after(*value) : std::nullopt;
  if (!retry) return std::nullopt;
  return retry->is_date ? static_cast<double>(retry->date) : at + static_cast<double>(retry->seconds);
}

double arrived_at(const CheckInput& input, const Exchange& exchange) {
  const double began = static_cast<double>(input.evidence.started);
  return exchange.events.empty() ? began : began + static_cast<double>(exchange.events.back().at_us) / 1e6;
}

// Seconds are whole, so that a turn of two either way is no difference.
Results passed_retry(const CheckInput& input) {
  constexpr double rounding = 2;
  const std::string expected = "Retry-After with the time the upstream server told";
  const Peers requests = requests_of(input, operation_of(input));
  const auto said = said_upstream(input);
  const auto told = said ? moment_of(*said, arrived_at(input, *requests.back())) : std::nullopt;
  if (!told) return {nothing_upstream(input, expected)};
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto passed = moment_of(answer->message, arrived_at(input, input.exchange));
  if (!passed) return {result(input, Verdict::fail, describe(answer->message) + " It has no Retry-After that can be read.", expected)};
  const double apart = *passed - *told;
  const std::string observed = "The Retry-After upstream was \"" + said->fields.get("Retry-After").value_or("") +
                               "\", that of the proxy \"" + est::printable(answer->message.fields.get("Retry-After").value_or(""), 60) +
                               "\".";
  if (apart < -rounding || apart > rounding) return {result(input, Verdict::fail, observed, expected)};
  return {result(input, Verdict::pass, observed, expected)};
}

Results passed_words(const CheckInput& input) {
  const std::string expected = "the upstream server's sentence for the client";
  const auto said = said_upstream(input);
  const std::string words = said ? std::string(est::trim(est::as_text(said->body))) : std::string();
  if (words.empty()) return {nothing_upstream(input, expected)};
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const bool there = std::string(est::as_text(answer->message.body)).find(words) != std::string::npos;
  return {result(input, there ? Verdict::pass : Verdict::fail, describe(answer->message), expected)};
}

// RFC 9110 15.6: what is wrong behind the proxy is a server error of the proxy's.
Results blames_upstream(const CheckInput& input) {
  const std::string expected = "502, 504, or 503 with Retry-After: the client and its request are not to blame";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto& response = answer->message;
  const auto judged = [&](Verdict verdict, std::string_view remark = {}) {
    return Results{result(input, verdict, describe(response) + std::string(remark), expected)};
  };
  if (response.status == 502 || response.status == 504) return judged(Verdict::pass);
  if (response.status == 503 && response.fields.get("Retry-After")) return judged(Verdict::pass);
  if (response.status == 503) return judged(Verdict::warn, " It does not say when to come back.");
  if (response.status >= 500) return judged(Verdict::warn, " 502 or 504 would say where the trouble is.");
  return judged(Verdict::fail);
}

Results certificate_of_upstream(const CheckInput& input) {
  const std::string expected = "the certificate the upstream server issued for this request";
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  if (answer->message.status != 200) return {inconclusive(input, describe(answer->message), expected)};
  const auto certificates = certificates_anyhow(certificate_body(answer->message));
  if (certificates.empty()) return {result(input, Verdict::fail, "No certificate can be found in the answer.", expected, "CMS")};
  Peers requests = requests_of(input, operation_of(input));
  for (const Exchange* full : requests_of(input, "fullcmc")) requests.push_back(full);
  for (const Exchange* request : requests) {
    const auto said = answer_of(*request);
    const auto given = said ? certificates_anyhow(certificate_body(said->message)) : std::vector<est::Bytes>{};
    if (std::find(given.begin(), given.end(), certificates.front()) != given.end()) return {};
  }
  return {result(input, Verdict::fail, "The certificate in the answer is none that came from the upstream server during this request.",
                 expected, "CMS")};
}

Results no_secret_in_answer(const CheckInput& input) {
  const std::string expected = "no password, of clients or of the proxy, in an answer";
  if (!answer_of(input.exchange)) return {unanswered(input, expected)};
  if (fact(input.exchange, "secret-in-answer").empty()) return {};
  return {result(input, Verdict::fail, "The answer holds a password.", expected)};
}

std::string fingerprint_of(const est::Bytes& der) { return est::hex(est::crypto::digest(est::crypto::Digest::sha256, der)); }

Results cacerts_of_upstream(const CheckInput& input) {
  const std::string expected = "the CA certificates of the upstream server, all of them and no other";
  const auto bag = bag_of(input.exchange);
  if (!bag || bag->certificates.empty()) {
    const auto answer = answer_of(input.exchange);
    if (!answer) return {unanswered(input, expected)};
    if (flag(input.parameters, "or-none") && answer->message.status >= 500) return {};
    return {result(input, Verdict::fail, describe(input.exchange) + " No CA certificates can be found in it.", expected, "CMS")};
  }
  const auto wanted = list(input.target.value("upstream", Json::object()), "ca-certificates");
  std::set<std::string> missing(wanted.begin(), wanted.end());
  std::size_t strange = 0;
  for (const auto& certificate : bag->certificates) {
    const std::string one = fingerprint_of(certificate);
    if (std::find(wanted.begin(), wanted.end(), one) == wanted.end()) ++strange;
    missing.erase(one);
  }
  if (missing.empty() && strange == 0) return {};
  return {result(
      input, Verdict::fail,
      std::to_string(missing.size()) + " of the upstream server's CA certificates are missing, " + std::to_string(strange) + " are others.",
      expected, "CMS")};
}

using Wanted = std::vector<est::codec::AttrOrOid>;
std::optional<Wanted> attributes_in(const est::http::Response& response) {
  if (response.status == 204 || response.status == 404) return Wanted{};
  const auto octets = est::codec::decode_base64(est::as_text(response.body), est::codec::Base64Mode::lenient);
  if (!octets.value) return std::nullopt;
  auto read = est::codec::decode_csrattrs(*octets.value);
  if (!read.value) return std::nullopt;
  return std::move(read.value->elements);
}

est::Bytes encoded(const est::codec::AttrOrOid& one) { return est::codec::encode(est::codec::CsrAttrs{{one}}); }

bool has(const Wanted& list, const est::codec::AttrOrOid& one) {
  return std::any_of(list.begin(), list.end(), [&](const auto& other) { return encoded(other) == encoded(one); });
}

Results csrattrs_of_upstream(const CheckInput& input) {
  const std::string expected = "every CSR attribute the upstream server asks for; of its own the proxy may ask for challengePassword";
  const auto said = said_upstream(input);
  const auto wanted = said ? attributes_in(*said) : std::nullopt;
  if (!wanted) return {nothing_upstream(input, expected)};
  const auto answer = answer_of(input.exchange);
  if (!answer) return {unanswered(input, expected)};
  const auto given = attributes_in(answer->message);
  if (!given) return {result(input, Verdict::fail, describe(answer->message) + " It holds no CSR attributes that can be read.", expected)};
  for (const auto& one : *wanted)
    if (!has(*given, one)) return {result(input, Verdict::fail, "An attribute of the upstream server is not handed on.", expected)};
  const est::codec::AttrOrOid linking = est::codec::oids::challenge_password;
  for (const auto& one : *given)
    if (!has(*wanted, one) && encoded(one) != encoded(linking))
      return {result(input, Verdict::warn, "The proxy asks for an attribute of its own.", expected)};
  return {};
}

}  // namespace

void add_proxy_answer_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary, {"passed-status", "the client got the status that the upstream server answered", {}, passed_status, ""});
  add(vocabulary,
      {"passed-retry", "Retry-After says what the upstream server's did, in either form (RFC 7030 4.2.3; INT-11)", {}, passed_retry, ""});
  add(vocabulary, {"passed-words", "the upstream server's sentence reached the client (RFC 7030 4.2.3)", {}, passed_words, ""});
  add(vocabulary, {"blames-upstream",
                   "an answer that does not blame the client for trouble behind the proxy (RFC 9110 15.6)",
                   {},
                   blames_upstream,
                   ""});
  add(vocabulary,
      {"certificate-of-upstream", "the certificate is one the upstream server gave during this request", {}, certificate_of_upstream, ""});
  add(vocabulary, {"no-secret-in-answer", "the answer repeats no password", {}, no_secret_in_answer, ""});
  add(vocabulary, {"cacerts-of-upstream",
                   "/cacerts holds what the upstream server's does (RFC 7030 4.1.3)",
                   {parameter("or-none", ParameterType::boolean, "a server error will do as well")},
                   cacerts_of_upstream,
                   ""});
  add(vocabulary,
      {"csrattrs-of-upstream", "/csrattrs holds what the upstream server's does (RFC 7030 4.5.2)", {}, csrattrs_of_upstream, ""});
}

}  // namespace conformance::checks
