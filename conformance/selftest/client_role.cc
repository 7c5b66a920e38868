#include "conformance/selftest/client_role.h"

#include <memory>

#include "conformance/selftest/client_fault.h"
#include "conformance/selftest/reference_client.h"
#include "conformance/steps/client_driver.h"

namespace conformance::selftest {

using engine::Scenario;
using engine::ScenarioResult;

namespace {

using ClaimSet = std::set<std::string, std::less<>>;

// All there are, without those whose absence the scenario is about ("... and not client-templates").
ClaimSet claims_for(const Scenario& scenario, ClaimSet claims) {
  constexpr std::string_view absent = "not ";
  for (;;) {
    const std::string word = scenario.needs.deciding_word([&](std::string_view one) { return claims.contains(one); });
    if (!word.starts_with(absent) || claims.erase(word.substr(absent.size())) == 0) return claims;
  }
}

class ClientMatrixRun {
 public:
  ClientMatrixRun(const engine::Vocabulary& vocabulary, std::shared_ptr<const peer::Pki> pki, const ClientFault* fault)
      : vocabulary_(vocabulary), driver_(steps::make_client_driver(profile_, std::move(pki), reference_client(fault))) {
    options_.judge.target = profile_.public_json();
    options_.liveness_pause = est::Milliseconds(20);
    // As in a real run: a client that never did the first thing it claims is not called dead after each negative test.
    options_.liveness_works = engine::probe_succeeded(engine::probe(*driver_, vocabulary_, options_), vocabulary_, options_.judge);
  }

  std::vector<ScenarioResult> beside(const std::vector<Scenario>& scenarios, unsigned jobs) {
    options_.claims = profile_.claims;
    options_.jobs = jobs;
    auto results = engine::run(scenarios, vocabulary_, *driver_, options_);
    for (std::size_t i = 0; i < scenarios.size(); ++i)
      if (results[i].verdict == engine::Verdict::not_applicable) results[i] = alone(scenarios[i]);
    return results;
  }

  ScenarioResult alone(const Scenario& scenario) {
    options_.claims = claims_for(scenario, profile_.claims);
    return engine::run_one(scenario, vocabulary_, *driver_, options_).result;
  }

 private:
  const engine::Vocabulary& vocabulary_;
  const target::ClientProfile profile_ = reference_client_profile();
  std::unique_ptr<engine::Driver> driver_;
  engine::RunOptions options_;
};

}  // namespace

est::Result<Role> client_role(const engine::Vocabulary& vocabulary) {
  auto made = peer::Pki::make(est::system_clock().now());
  if (!made) return made.error();
  const auto pki = std::make_shared<const peer::Pki>(*std::move(made));
  const auto faults = std::make_shared<const std::vector<ClientFault>>(all_client_faults());
  Role role{"client", promised_by(*faults), {}};
  role.run = [faults, pki, &vocabulary](std::optional<std::size_t> fault, const std::vector<Scenario>& scenarios,
                                        unsigned jobs) -> est::Result<std::vector<ScenarioResult>> {
    ClientMatrixRun run(vocabulary, pki, fault ? &faults->at(*fault) : nullptr);
    if (!fault) return run.beside(scenarios, jobs);
    std::vector<ScenarioResult> results;
    for (const Scenario& scenario : scenarios) results.push_back(run.alone(scenario));
    return results;
  };
  return role;
}

}  // namespace conformance::selftest
