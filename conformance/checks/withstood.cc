// Hostile input: what matters is that the target says something or hangs up, in time, and lets nothing of it into a certificate.
#include <algorithm>
#include <array>
#include <set>

#include "conformance/checks/certificate_profile.h"
#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/codec/oid.h"

namespace conformance::checks {

namespace {

constexpr std::string_view expected_answer = "an answer in time";

// Marks of a program's inside that no answer should show. Deliberately few: a false alarm costs more than a missed one.
constexpr std::array<std::string_view, 8> inside_marks{"Traceback (most recent call last)",
                                                       "goroutine ",
                                                       "panic: runtime error",
                                                       "\tat java.",
                                                       "\tat org.",
                                                       "SIGSEGV",
                                                       "stack traceback:",
                                                       "AddressSanitizer"};

Results inside_shown(const CheckInput& input, const est::http::Response& response) {
  const auto body = est::as_text(response.body);
  const auto* mark = std::find_if(inside_marks.begin(), inside_marks.end(), [&](auto m) { return body.find(m) != std::string_view::npos; });
  if (mark == inside_marks.end()) return {};
  return {result(input, Verdict::warn, describe(response) + " It shows the inside of the program (\"" + std::string(*mark) + "\").",
                 "an error told in words that are meant for the client")};
}

// The peer ended the connection of its own accord.
bool hung_up(const engine::WireFailure& failure) {
  const bool deliberate = failure.cause == "alert" || failure.cause == "closed" || failure.cause == "reset" || !failure.alert.empty();
  return deliberate && failure.stage != "connect" && failure.stage != "resolve";
}

CheckResult silence(const CheckInput& input) {
  const bool close_allowed = text(input.parameters, "close", "refused") == "allowed";
  const auto told = silence_of(input.exchange);
  const auto& failure = input.exchange.failure;
  const bool waits = failure ? failure->cause == "timeout" && failure->stage != "connect" : input.exchange.peer_close == "open";
  if (waits && text(input.parameters, "wait", "refused") == "allowed") {
    return result(input, Verdict::pass, "The target had not answered or closed so far, as a patient one may.",
                  "no certificate, and a target that lives on");
  }
  if (close_allowed && !input.exchange.tls && !input.exchange.response.empty()) {
    return result(input, Verdict::pass, "The target answered with octets that are no HTTP, as it would with a TLS alert.",
                  "an answer or a close, in time", "TLS");
  }
  const bool closed = failure ? hung_up(*failure) : input.exchange.peer_close != "open";
  if (closed && close_allowed) return result(input, Verdict::pass, told.observed, "an answer or a close, in time", told.layer);
  const std::string remark = closed && told.verdict == Verdict::fail ? " So looks a program that died of what it read." : "";
  return result(input, told.verdict, told.observed + remark, std::string(expected_answer), told.layer);
}

const Exchange* control_of(const CheckInput& input) { return input.evidence.last(engine::Phase::control); }

// The rules the certificate breaks and the control's does not, so that only the hostile part is blamed. What RFC 5280 merely advises, such
// as the string type of a name the requester chose, is for the scenarios about certificates.
Results new_defects(const CheckInput& input, est::BytesView certificate) {
  constexpr std::string_view what = "issued certificate";
  std::set<std::string> usual;
  if (const Exchange* control = control_of(input)) {
    if (const auto issued = issued_by(*control)) {
      for (const auto& defect : judge_profile(input, issued->der, what)) usual.insert(defect.observed);
    }
  }
  Results results;
  for (auto& defect : judge_profile(input, certificate, what)) {
    if (defect.verdict == Verdict::fail && !usual.contains(defect.observed)) results.push_back(std::move(defect));
  }
  return results;
}

// RFC 5280 4.2: whoever does not know a critical extension rejects the certificate. Nobody knows one below the example enterprise number.
bool has_critical_stranger(const est::codec::Certificate& certificate) {
  return std::any_of(certificate.extensions.begin(), certificate.extensions.end(), [](const est::codec::Extension& extension) {
    return extension.critical && extension.id.dotted().starts_with("1.3.6.1.4.1.32473.");
  });
}

Results judge_issued(const CheckInput& input, const est::codec::Certificate& certificate) {
  Results results = new_defects(input, certificate.der);
  if (has_critical_stranger(certificate)) {
    results.push_back(result(input, Verdict::warn,
                             "The issued certificate has a critical extension that nobody knows, because the request asked for it.",
                             "a certificate that others can use (RFC 5280 4.2)", "policy"));
  }
  return results;
}

Results granted(const CheckInput& input, const est::http::Response& response, std::string_view certificate) {
  const bool holds = !certificates_anyhow(response.body).empty();
  if (certificate == "never" && response.status == 202) {
    return {inconclusive(input, describe(response) + " The request now waits for a decision that cannot be seen.", "a refusal")};
  }
  if (certificate == "never") {
    return {result(input, Verdict::fail, describe(response) + (holds ? " It holds a certificate." : ""), "a refusal (4xx)", "policy")};
  }
  if (!holds) return {};
  // Certificates in an answer to anything but an enrollment are the CA's own.
  const auto issued = artefact(input.exchange, "spki") == nullptr ? std::nullopt : issued_by(input.exchange);
  return issued ? judge_issued(input, *issued) : Results{};
}

Results refused(const CheckInput& input, const est::http::Response& response) {
  const int status = response.status;
  const auto credentials = input.exchange.facts.find("credentials");
  const bool authenticated = credentials != input.exchange.facts.end() && credentials->second != "none";
  if (status == 401 && authenticated && text(input.parameters, "credentials", "right") == "right") {
    return {inconclusive(input, describe(response) + " The credentials were right, so this refusal is about something else.",
                         std::string(expected_answer))};
  }
  if (status < 500 || status == 501 || status == 505) return {};
  const bool of_a_front = status == 502 || status == 503 || status == 504;
  const std::string remark =
      of_a_front ? " So answers a front whose server has died or hangs." : " The mistake is the client's, so 4xx would be right.";
  return {result(input, Verdict::warn, describe(response) + remark, "a refusal (4xx)")};
}

Results withstood(const CheckInput& input) {
  const auto answer = answer_of(input.exchange);
  if (!answer) return {silence(input)};
  const auto& response = answer->message;
  Results results = inside_shown(input, response);
  const bool success = response.status >= 200 && response.status < 300;
  const auto judged = success ? granted(input, response, text(input.parameters, "certificate", "permitted")) : refused(input, response);
  results.insert(results.end(), judged.begin(), judged.end());
  if (results.empty()) results.push_back(result(input, Verdict::pass, describe(response), std::string(expected_answer)));
  return results;
}

}  // namespace

void add_hostile_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary,
      {"withstood",
       "hostile input met an answer in time; a certificate, if one may come of it at all, keeps RFC 5280 as the control's does",
       {choice("certificate", {"permitted", "never"}, "whether the input may be granted; default permitted"),
        choice("close", {"refused", "allowed"}, "whether hanging up without an answer will do; default refused"),
        choice("wait", {"refused", "allowed"}, "whether waiting for more will do, because the input is not at its end; default refused"),
        choice("credentials", {"right", "wrong"}, "wrong: a 401 is an answer like any other")},
       withstood,
       "certificate"});
}

}  // namespace conformance::checks
