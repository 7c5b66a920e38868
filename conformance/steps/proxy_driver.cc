#include "conformance/steps/proxy_driver.h"

#include <algorithm>

#include "conformance/steps/client_evidence.h"
#include "conformance/steps/outcome.h"
#include "conformance/steps/parameters.h"
#include "conformance/steps/recorder.h"
#include "conformance/steps/redact.h"
#include "conformance/steps/server_driver.h"
#include "est/base/text.h"

namespace conformance::steps {
namespace {

using engine::Exchange;
using engine::StepOutcome;

bool holds_any(const est::Bytes& octets, const std::vector<std::string>& secrets) {
  return std::any_of(secrets.begin(), secrets.end(), [&](const std::string& secret) {
    return std::search(octets.begin(), octets.end(), secret.begin(), secret.end(),
                       [](est::Byte a, char b) { return static_cast<char>(a) == b; }) != octets.end();
  });
}

// What only clients and the front know of each other.
std::vector<std::string> secrets_of_front(const target::Profile& profile) {
  target::Profile front = profile;
  front.further_secrets.clear();
  auto secrets = front.secrets();
  std::erase_if(secrets, [](const std::string& one) { return one.size() < 6; });
  return secrets;
}

class ProxySession final : public engine::Session {
 public:
  ProxySession(std::unique_ptr<engine::Session> front, ProxyUpstream& upstream, const target::Profile& profile)
      : front_(std::move(front)), upstream_(upstream), redactor_(profile), secrets_(secrets_of_front(profile)) {}

  StepOutcome perform(const engine::Step& step, const engine::Evidence& before, Exchange& exchange) override {
    if (!begun_) {
      begun_ = true;
      if (auto status = upstream_.behave(); !status) return fault("the upstream: " + status.error().message);
    }
    upstream_.forget();
    if (step.verb == "upstream") return change(step, exchange);
    StepOutcome outcome = front_->perform(step, before, exchange);
    const auto seen = upstream_.seen();
    note_secrets(seen, exchange);
    const auto fresh = std::count_if(seen.begin(), seen.end(), [](const auto& one) { return !one.continued; });
    exchange.facts["connections"] = std::to_string(fresh);
    outcome.further = peer_exchanges(seen, {}, redactor_, began_);
    return outcome;
  }

  // The side of its clients. The connections of the upstream outlast a scenario.
  void capture() override { front_->capture(); }
  std::vector<engine::CapturedConnection> captured(peer::Moment scenario_began) override { return front_->captured(scenario_began); }

 private:
  StepOutcome change(const engine::Step& step, Exchange& exchange) {
    Recorder recorder(exchange, redactor_, began_);
    engine::Step played = step;
    const bool absent = Parameters(step.parameters).flag("absent", false);
    played.parameters.erase("absent");
    const auto status = absent ? est::Status{} : upstream_.play(played);
    if (!status) return fault(status.error().message);
    if (absent) upstream_.leave();
    recorder.event("suite", "upstream-changed", absent ? "nobody listens there" : "plays what the step says");
    recorder.finish();
    return recorded();
  }

  // Looked for before they are overwritten.
  void note_secrets(const std::vector<peer::SeenConnection>& seen, Exchange& exchange) const {
    bool found = false;
    for (const auto& connection : seen)
      for (const auto& request : connection.requests) found = found || holds_any(request.request, secrets_);
    exchange.facts["client-secret-upstream"] = found ? "yes" : "no";
  }

  std::unique_ptr<engine::Session> front_;
  ProxyUpstream& upstream_;
  Redactor redactor_;
  std::vector<std::string> secrets_;
  peer::Moment began_ = std::chrono::steady_clock::now();
  bool begun_ = false;
};

class ProxyDriver final : public engine::Driver {
 public:
  ProxyDriver(const target::Profile& profile, const engine::Vocabulary& vocabulary, std::shared_ptr<ProxyUpstream> upstream,
              std::shared_ptr<CertificateBudget> budget)
      : profile_(profile), upstream_(std::move(upstream)), front_(make_server_driver(profile_, vocabulary, std::move(budget))) {}

  std::unique_ptr<engine::Session> begin(const engine::Scenario& scenario) override {
    return std::make_unique<ProxySession>(front_->begin(scenario), *upstream_, profile_);
  }
  engine::Step liveness() const override { return front_->liveness(); }

 private:
  target::Profile profile_;
  std::shared_ptr<ProxyUpstream> upstream_;
  std::unique_ptr<engine::Driver> front_;
};

}  // namespace

void add_proxy_verbs(engine::Vocabulary& vocabulary) {
  using engine::Parameter;
  using engine::ParameterType;
  engine::VerbInfo upstream;
  upstream.name = "upstream";
  upstream.meaning = "what the server behind the proxy does from here on; all that is not said is good (conformance/peer/README.md)";
  upstream.parameters = {
      {"identity", ParameterType::text, {}, "the certificate it shows"},
      {"tls", ParameterType::map, {}, "how it speaks TLS"},
      {"authentication", ParameterType::map, {}, "how it wants the proxy to authenticate; default: by certificate or password"},
      {"labels", ParameterType::list, {}, "CA labels it serves beside none; default: those of the profile"},
      {"csrattrs", ParameterType::list, {}, "what its /csrattrs lists"},
      {"fields", ParameterType::map, {}, "fields of every answer"},
      {"linking", ParameterType::boolean, {}, "true: requests that are not linked to its TLS session are refused"},
      {"answers", ParameterType::map, {}, "what it answers, by operation"},
      {"absent", ParameterType::boolean, {}, "true: nobody listens there"},
  };
  vocabulary.add(std::move(upstream));
  for (const auto& [name, meaning] : target::proxy_claims()) vocabulary.add_claim(name, meaning);
}

std::unique_ptr<engine::Driver> make_proxy_driver(const target::Profile& profile, const engine::Vocabulary& vocabulary,
                                                  std::shared_ptr<ProxyUpstream> upstream, std::shared_ptr<CertificateBudget> budget) {
  return std::make_unique<ProxyDriver>(profile, vocabulary, std::move(upstream), std::move(budget));
}

}  // namespace conformance::steps
