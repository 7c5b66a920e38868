// Negative tests: the request must be refused, and at the layer where that refusal makes sense. A server that says 404 to everything
// has not noticed a bad signature.
#include <algorithm>
#include <array>

#include "conformance/checks/families.h"
#include "conformance/checks/reading.h"
#include "est/base/text.h"

namespace conformance::checks {

namespace {

// What is wrong with the request, and so what a refusal is about.
enum class Ground { csr, encoding, binding, credentials, client_certificate, authorization, media_type, method, path, http };

struct GroundName {
  std::string_view word;
  Ground ground;
  std::string_view expected;
};

constexpr std::array ground_names{
    GroundName{"csr", Ground::csr, "a 4xx response about the request"},
    GroundName{"encoding", Ground::encoding, "a 4xx response about the body"},
    GroundName{"binding", Ground::binding, "a 4xx response about the channel binding"},
    GroundName{"credentials", Ground::credentials, "401 with a challenge, or 403 or another 4xx"},
    GroundName{"client-certificate", Ground::client_certificate, "401 with a challenge, 403 or another 4xx, or a TLS alert"},
    GroundName{"authorization", Ground::authorization, "403, or 401 with a challenge, or another 4xx"},
    GroundName{"media-type", Ground::media_type, "415 or another 4xx"},
    GroundName{"method", Ground::method, "405, or 501 or another 4xx"},
    GroundName{"path", Ground::path, "404 or another 4xx"},
    GroundName{"http", Ground::http, "400 or another 4xx, or 501 or 505"},
};

const GroundName& ground_of(const CheckInput& input) {
  const auto word = text(input.parameters, "for", "csr");
  const auto* found = std::find_if(ground_names.begin(), ground_names.end(), [&](const GroundName& name) { return name.word == word; });
  return found == ground_names.end() ? ground_names.front() : *found;
}

bool about_identity(Ground ground) {
  return ground == Ground::credentials || ground == Ground::client_certificate || ground == Ground::authorization ||
         ground == Ground::binding;
}

struct Opinion {
  Verdict verdict = Verdict::pass;
  std::string remark;
  std::string interpretation;
};

Opinion on_unauthorized(Ground ground, const est::http::Response& response) {
  if (!about_identity(ground)) return {Verdict::inconclusive, " The credentials were right, so this refusal is about something else.", {}};
  if (response.fields.has("WWW-Authenticate")) return {Verdict::pass, {}, "INT-13"};
  return {Verdict::fail, " A 401 must carry WWW-Authenticate.", "INT-13"};
}

// RFC 7030 4.3.2 and 4.4.2 leave the choice between 4xx and 5xx; 4.2.3 wants a suitable one.
bool may_be_server_error(const Exchange& exchange, Ground ground) {
  const auto operation = exchange.facts.find("operation");
  if (operation == exchange.facts.end() || (operation->second != "fullcmc" && operation->second != "serverkeygen")) return false;
  return ground == Ground::csr || ground == Ground::encoding || ground == Ground::binding;
}

Opinion on_server_error(Ground ground, int status) {
  if (status == 501 && (ground == Ground::method || ground == Ground::http)) return {};
  if (status == 505 && ground == Ground::http) return {};
  if (status == 503 && !about_identity(ground)) {
    return {Verdict::inconclusive, " That says the server is unavailable, nothing about this request.", {}};
  }
  const std::string cited = about_identity(ground) ? "INT-13" : ground == Ground::media_type ? "INT-35" : "";
  return {Verdict::warn, " The mistake is the client's, so 4xx would be right.", cited};
}

// 4xx codes that speak of a matter which was in order.
bool wrong_matter(Ground ground, int status) {
  switch (status) {
    case 404:
    case 410:
      return ground != Ground::path;
    case 405:
      return ground != Ground::method && ground != Ground::path;
    case 406:
    case 408:
    case 411:
    case 413:
    case 414:
    case 431:
      return ground != Ground::http;
    case 415:
      return ground != Ground::media_type && ground != Ground::encoding;
    case 429:
      return true;
    default:
      return false;
  }
}

Opinion opinion_on(Ground ground, const est::http::Response& response) {
  const int status = response.status;
  if (ground == Ground::method && status == 404) return {Verdict::warn, " 405 would say that another method will do.", {}};
  if (status == 202) return {Verdict::inconclusive, " The request now waits for a decision that cannot be seen.", {}};
  if (status < 300) return {Verdict::fail, " A refusal needs a 4xx or 5xx status.", status == 200 ? "INT-19" : ""};
  if (status < 400) return {Verdict::inconclusive, " The target sends the client elsewhere instead of deciding.", {}};
  if (status == 401) return on_unauthorized(ground, response);
  if (status >= 500) return on_server_error(ground, status);
  if (wrong_matter(ground, status)) return {Verdict::inconclusive, " This status speaks of a matter that was in order.", {}};
  return {};
}

// A TLS alert or close instead of an answer: fine where the TLS layer knows what is wrong.
bool tls_may_refuse(const CheckInput& input, Ground ground) {
  return text(input.parameters, "tls", ground == Ground::client_certificate ? "allowed" : "refused") == "allowed";
}

bool refused_by_tls(const engine::WireFailure& failure) {
  const bool deliberate = failure.cause == "alert" || failure.cause == "closed" || failure.cause == "reset" || !failure.alert.empty();
  return deliberate && failure.stage != "connect" && failure.stage != "resolve";
}

CheckResult silent(const CheckInput& input, Ground ground, const std::string& expected) {
  const auto& failure = input.exchange.failure;
  const bool closed = !failure && input.exchange.response.empty() && input.exchange.peer_close != "open";
  if (tls_may_refuse(input, ground) && (closed || (failure && refused_by_tls(*failure)))) {
    return result(input, Verdict::pass, silence_of(input.exchange).observed, expected, "TLS", "INT-13");
  }
  return unanswered(input, expected);
}

// Certificates that answer the request: any of a 2xx response; otherwise those with the requested key, as an error may be
// conveyed in signed CMC that carries the signer's certificate.
bool hands_out_certificate(const Exchange& exchange, const est::http::Response& response) {
  const auto all = certificates_anyhow(certificate_body(response));
  if (response.status >= 200 && response.status < 300) return !all.empty();
  const auto* own = artefact(exchange, "client-certificate");
  return std::any_of(all.begin(), all.end(), [&](const est::Bytes& certificate) {
    const auto decoded = est::codec::decode_certificate(certificate);
    return (own == nullptr || *own != certificate) && decoded.value && holds_requested_key(*decoded.value, exchange);
  });
}

Results refused(const CheckInput& input) {
  const auto& ground = ground_of(input);
  const std::string expected(ground.expected);
  const auto answer = answer_of(input.exchange);
  if (!answer) return {silent(input, ground.ground, expected)};
  const auto& response = answer->message;
  if (hands_out_certificate(input.exchange, response)) {
    return {result(input, Verdict::fail, describe(response) + " It holds a certificate.", expected, "policy")};
  }
  auto opinion = opinion_on(ground.ground, response);
  if (opinion.verdict == Verdict::warn && response.status >= 500 && may_be_server_error(input.exchange, ground.ground)) opinion = {};
  return {result(input, opinion.verdict, describe(response) + opinion.remark, expected, "HTTP", std::move(opinion.interpretation))};
}

Results no_certificate(const CheckInput& input) {
  const std::string expected = "no certificate";
  const auto answer = answer_of(input.exchange);
  if (answer) {
    const bool issued = hands_out_certificate(input.exchange, answer->message);
    const std::string remark = issued ? " It holds a certificate." : " It holds no certificate.";
    return {
        result(input, issued ? Verdict::fail : Verdict::pass, describe(answer->message) + remark, expected, issued ? "policy" : "HTTP")};
  }
  const auto silence = silence_of(input.exchange);
  const bool cut_off = !input.exchange.failure || refused_by_tls(*input.exchange.failure);
  const bool never_sent = input.exchange.failure && input.exchange.request.empty() && silence.verdict == Verdict::fail;
  if (cut_off || never_sent) return {result(input, Verdict::pass, silence.observed, expected, silence.layer)};
  return {inconclusive(input, silence.observed + " Whether a certificate was issued cannot be seen.", expected)};
}

// For requests that must not get EST service at all. Silence, a close or a redirect is as good as an error.
Results not_served(const CheckInput& input) {
  const std::string expected = "no EST service: an error, a redirect or no answer";
  const auto answer = answer_of(input.exchange);
  if (!answer) {
    const auto silence = silence_of(input.exchange);
    const auto verdict = silence.verdict == Verdict::inconclusive ? Verdict::inconclusive : Verdict::pass;
    return {result(input, verdict, silence.observed, expected, silence.layer)};
  }
  const bool served = answer->message.status >= 200 && answer->message.status < 300;
  return {result(input, served ? Verdict::fail : Verdict::pass, describe(answer->message), expected)};
}

std::vector<std::string> ground_words() {
  std::vector<std::string> words;
  for (const auto& name : ground_names) words.emplace_back(name.word);
  return words;
}

}  // namespace

void add_refusal_checks(engine::Vocabulary& vocabulary) {
  add(vocabulary,
      {"refused",
       "the request was refused at the layer that could see what was wrong; another layer's refusal settles nothing (INT-13, INT-35)",
       {choice("for", ground_words(), "what is wrong with the request; default csr"),
        choice("tls", {"allowed", "refused"}, "whether a TLS alert or close counts as refusal; default: allowed for client-certificate")},
       refused,
       "for"});
  add(vocabulary, {"no-certificate", "the response, if any, holds no certificate", {}, no_certificate, {}});
  add(vocabulary, {"not-served", "no 2xx response came", {}, not_served, {}});
}

}  // namespace conformance::checks
