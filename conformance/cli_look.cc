#include "conformance/cli_look.h"

#include <algorithm>
#include <array>

#include "est/base/text.h"
#include "est/http/parser.h"

namespace conformance::cli {

namespace {

using engine::Exchange;
using engine::Json;

constexpr int patience_ms = 3000;

int status_of(const Exchange& exchange) {
  if (exchange.response.empty()) return 0;
  return est::http::parse_response(exchange.response, exchange.method, true).message.status;
}

std::string told(const Exchange& exchange) {
  const int status = status_of(exchange);
  if (status != 0) return "answered " + std::to_string(status);
  if (exchange.failure) return "failed at " + exchange.failure->stage + " (" + exchange.failure->message + ")";
  return "did not answer";
}

// Looks at one thing after another; each member adds what it saw.
class Looker {
 public:
  Looker(engine::Driver& driver, const engine::RunOptions& run, bool verified)
      : driver_(driver), usual_(run.liveness.value_or(driver.liveness())), verified_(verified) {}

  Look look() {
    versions();
    authorities();
    connections();
    attributes();
    challenges();
    optional_operations();
    return std::move(look_);
  }

 private:
  // Several exchanges of one session share its connections.
  Exchange ask(engine::Session& session, const std::string& verb, Json parameters) {
    engine::Step step{.verb = verb, .parameters = std::move(parameters), .name = verb};
    if (!step.parameters.contains("within")) step.parameters["within"] = patience_ms;
    if (!verified_) step.parameters["verify"] = false;
    if (usual_.parameters.contains("credentials") && !step.parameters.contains("credentials"))
      step.parameters["credentials"] = usual_.parameters["credentials"];
    Exchange exchange{.name = verb, .verb = verb, .parameters = step.parameters};
    const engine::Evidence nothing;
    const auto outcome = session.perform(step, nothing, exchange);
    exchange.incomplete = outcome.kind != engine::StepOutcome::Kind::recorded;
    return exchange;
  }

  Exchange ask(const std::string& verb, Json parameters = Json::object()) {
    const auto session = driver_.begin(scenario_);
    return ask(*session, verb, std::move(parameters));
  }

  void saw(std::string claim, std::optional<bool> present, const std::string& seen) {
    look_.observations.push_back({std::move(claim), present, est::printable(seen, 300)});
  }

  void versions() {
    for (const char* version : {"1.2", "1.3"}) {
      const Exchange exchange = ask("handshake", {{"tls", version}, {"watch", 0}});
      const bool spoken = exchange.tls && exchange.tls->version == std::string("TLS ") + version;
      saw(std::string("tls-") + version, spoken, spoken ? "a handshake came about, " + exchange.tls->suite : told(exchange));
    }
  }

  void authorities() {
    const Exchange exchange = ask("cacerts");
    look_.notes.push_back("/cacerts " + told(exchange));
    if (exchange.tls)
      look_.notes.push_back("the target's own chain has " + std::to_string(exchange.tls->peer_chain.size()) + " certificate(s)");
    // The plain request shows a certificate where the profile has one and no password.
    const bool shut_out = status_of(ask("cacerts", {{"credentials", "none"}, {"certificate", "none"}})) == 0;
    if (status_of(exchange) == 0) return saw("client-certificate-demanded", std::nullopt, told(exchange));
    saw("client-certificate-demanded", shut_out,
        shut_out ? "no answer without a client certificate" : "a client without a certificate is answered");
  }

  void connections() {
    const auto session = driver_.begin(scenario_);
    const int first = status_of(ask(*session, "cacerts", Json::object()));
    const Exchange second = ask(*session, "cacerts", {{"connection", "keep"}});
    const bool kept = status_of(second) != 0 && !second.new_connection;
    saw("persistent-connections", first == 0 ? std::nullopt : std::optional(kept),
        kept ? "a second request on the connection was answered" : "the connection did not serve a second request");
    const Exchange third = ask(*session, "cacerts", {{"connection", "resume"}});
    const bool resumed = third.tls && third.tls->resumed;
    saw("session-resumption", third.tls ? std::optional(resumed) : std::nullopt,
        resumed ? "a session was resumed" : "no session was resumed");
  }

  void attributes() {
    const Exchange exchange = ask("csrattrs");
    const int status = status_of(exchange);
    const bool none = status == 204 || status == 404 || status == 501 || status == 405;
    saw("csrattrs", status == 200 ? std::optional(true) : none ? std::optional(false) : std::nullopt, "/csrattrs " + told(exchange));
  }

  // An empty body is no request for a certificate, but a server that wants a password asks for it first.
  Exchange post(const std::string& operation, const std::string& at = "") {
    const char* type = operation == "fullcmc" ? "application/pkcs7-mime; smime-type=CMC-request" : "application/pkcs10";
    Json parameters{{"operation", operation}, {"method", "POST"}, {"content-type", type}};
    if (!usual_.parameters.contains("credentials")) parameters["credentials"] = "none";
    if (!at.empty()) parameters["at"] = at;
    return ask("request", std::move(parameters));
  }

  // Where the profile says the target does it, else at the default label.
  void challenges() {
    for (const auto& [claim, scheme] : {std::pair{"http-basic", "basic"}, std::pair{"http-digest", "digest"}}) {
      const Exchange exchange = post("simpleenroll", claim);
      const auto answer = est::http::parse_response(exchange.response, "POST", true).message;
      const std::string offer = est::ascii_lower(est::join(answer.fields.all("WWW-Authenticate"), ", "));
      const bool offered = offer.find(scheme) != std::string::npos;
      saw(claim, answer.status == 401 ? std::optional(offered) : std::nullopt,
          "a request without credentials " + told(exchange) + (offer.empty() ? "" : ", challenge " + offer));
    }
  }

  void optional_operations() {
    const int unknown = status_of(post("estspec-no-such-operation"));
    for (const char* operation : {"serverkeygen", "fullcmc"}) {
      const Exchange exchange = post(operation);
      const int status = status_of(exchange);
      const bool missing = status == 404 || status == 405 || status == 501;
      // Who answers everything alike shows nothing; 404 for what is not there is plain all the same.
      std::optional<bool> present;
      if (missing) present = false;
      if (status != 0 && !missing && status < 500 && status != unknown) present = true;
      saw(operation, present, std::string("an empty request to /") + operation + " " + told(exchange));
    }
  }

  engine::Driver& driver_;
  engine::Step usual_;
  bool verified_;
  engine::Scenario scenario_ = [] {
    engine::Scenario scenario;
    scenario.id = "probe";
    return scenario;
  }();
  Look look_;
};

}  // namespace

const Observation* Look::find(std::string_view claim) const {
  const auto found = std::find_if(observations.begin(), observations.end(),
                                  [claim](const Observation& observation) { return observation.claim == claim; });
  return found == observations.end() ? nullptr : &*found;
}

Look look_around(engine::Driver& driver, const engine::RunOptions& run, bool verified) { return Looker(driver, run, verified).look(); }

std::vector<report::ReviewFinding> review(const target::Profile& profile, const Look& look) {
  std::vector<report::ReviewFinding> findings;
  for (const auto& observation : look.observations) {
    const bool claimed = profile.claims.contains(observation.claim);
    if (!observation.present || claimed == *observation.present) continue;
    findings.push_back({observation.claim, claimed, observation.seen});
  }
  return findings;
}

}  // namespace conformance::cli
