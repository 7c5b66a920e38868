#include "conformance/cli_preflight.h"

#include "est/base/text.h"
#include "est/http/parser.h"

namespace conformance::cli {

namespace {

using engine::Evidence;
using engine::Exchange;

Evidence probe_with(engine::Driver& driver, const engine::Vocabulary& vocabulary, const engine::JudgeOptions& judge,
                    const engine::Step& step) {
  engine::RunOptions options;
  options.judge = judge;
  options.liveness = step;
  return engine::probe(driver, vocabulary, options);
}

// A listener that demands a client certificate of everyone lets only a probe with one through.
bool find_other_probe(engine::Driver& driver, const engine::Vocabulary& vocabulary, const engine::JudgeOptions& judge,
                      const engine::Step& probe, Preflight& preflight) {
  for (const char* credentials : {"certificate", "password", "both"}) {
    engine::Step step = probe;
    step.parameters["credentials"] = credentials;
    if (!engine::probe_succeeded(probe_with(driver, vocabulary, judge, step), vocabulary, judge)) continue;
    preflight.liveness = step;
    preflight.note = std::string("/cacerts answers only with credentials (") + credentials + "); the liveness probe uses them";
    return true;
  }
  return false;
}

bool shuts_out(const Exchange* exchange) { return exchange != nullptr && exchange->failure && exchange->response.empty(); }

// INT-14. A probe that succeeded by the profile's certificate says nothing of those who have none.
bool shuts_out_strangers(engine::Driver& driver, const engine::Vocabulary& vocabulary, const engine::JudgeOptions& judge,
                         const engine::Step& probe, const Evidence& succeeded) {
  const Exchange* exchange = succeeded.last(engine::Phase::liveness);
  if (exchange == nullptr || !exchange->facts.contains("certificate")) return false;
  engine::Step step = probe;
  step.parameters["credentials"] = "none";
  const Evidence evidence = probe_with(driver, vocabulary, judge, step);
  return shuts_out(evidence.last(engine::Phase::liveness));
}

}  // namespace

std::string configuration_error(const engine::WireFailure& failure, const std::string& url) {
  const std::string what = url + " cannot be tested: " + failure.message;
  if (failure.stage == "resolve") return what + "; correct the host name in --url or in the profile's access.url";
  if (failure.stage == "connect") return what + "; start the target, or correct --url (profile: access.url)";
  if (failure.stage != "handshake") return {};
  if (failure.cause == "not_tls") return what + "; name the port where the target speaks TLS in --url";
  if (failure.cause == "untrusted") {
    return what +
           "; give the CA of the target's own certificate with --trust-anchor (profile: access.trust-anchor), and use a name in --url that "
           "the "
           "certificate holds";
  }
  if (failure.cause == "timeout") return what + "; see whether the target speaks TLS on this port";
  return {};
}

Preflight look(engine::Driver& driver, const engine::Vocabulary& vocabulary, const engine::JudgeOptions& judge, const std::string& url,
               const std::optional<engine::Step>& probe) {
  Preflight preflight;
  const engine::Step step = probe.value_or(driver.liveness());
  const Evidence evidence = probe_with(driver, vocabulary, judge, step);
  if (!evidence.fault.empty() || !evidence.cannot.empty()) {
    preflight.error = evidence.fault.empty() ? evidence.cannot : evidence.fault;
    preflight.fault = !evidence.fault.empty();
    return preflight;
  }
  if (engine::probe_succeeded(evidence, vocabulary, judge)) {
    preflight.certificate_demanded = shuts_out_strangers(driver, vocabulary, judge, step, evidence);
    return preflight;
  }
  const Exchange* exchange = evidence.last(engine::Phase::liveness);
  if (exchange != nullptr && exchange->failure) {
    preflight.error = configuration_error(*exchange->failure, url);
    preflight.fault = exchange->failure->cause == "local";
    if (preflight.fault) preflight.error = exchange->failure->message;
    if (!preflight.error.empty()) return preflight;
  }
  if (find_other_probe(driver, vocabulary, judge, step, preflight)) {
    const bool by_certificate = preflight.liveness->parameters["credentials"] != "password";
    preflight.certificate_demanded = by_certificate && shuts_out(exchange);
    return preflight;
  }
  preflight.liveness_works = false;
  preflight.note = "/cacerts does not answer as it should, so nobody can tell whether the target survives a negative test";
  return preflight;
}

bool bears_company(engine::Driver& driver, const engine::Vocabulary& vocabulary, const engine::RunOptions& run) {
  constexpr int company_patience_ms = 3000;
  engine::RunOptions options = run;
  options.liveness = run.liveness.value_or(driver.liveness());
  options.liveness->parameters["within"] = company_patience_ms;
  return engine::serves_several(driver, vocabulary, options);
}

std::string refused_credentials(engine::Driver& driver, const engine::Vocabulary& vocabulary, const engine::JudgeOptions& judge,
                                const std::string& url) {
  const Evidence evidence = probe_with(driver, vocabulary, judge, {.verb = "enroll"});
  const Exchange* exchange = evidence.last(engine::Phase::liveness);
  if (exchange == nullptr || exchange->response.empty()) return {};
  const auto answer = est::http::parse_response(exchange->response, exchange->method, true).message;
  if (answer.status != 401 && answer.status != 403) return {};
  return url + " refuses the credentials given (" + std::to_string(answer.status) + ": " +
         est::printable(est::trim(est::as_text(answer.body)), 200) +
         "); correct --user and --password or --client-cert (profile: access). If they are right, let --select name the scenarios to run "
         "all the same";
}

}  // namespace conformance::cli
