#include "conformance/selftest/proxy_role.h"

#include <algorithm>
#include <memory>

#include "conformance/selftest/proxy_fault.h"
#include "conformance/selftest/reference_proxy.h"
#include "conformance/steps/proxy_driver.h"
#include "conformance/steps/scenario_traits.h"

namespace conformance::selftest {

using engine::Scenario;
using engine::ScenarioResult;

namespace {

constexpr std::string_view full_cmc_claim = "proxy-full-cmc";

bool needs_full_cmc(const Scenario& scenario, const std::set<std::string, std::less<>>& claims) {
  return scenario.needs.deciding_word([&](std::string_view word) { return claims.contains(word); }) == full_cmc_claim;
}

// Scenarios against one proxy, one after another, since it has one upstream.
std::vector<ScenarioResult> run_against(const ReferenceProxy& proxy, const std::vector<Scenario>& scenarios,
                                        const engine::Vocabulary& vocabulary) {
  const auto driver = steps::make_proxy_driver(proxy.profile(), vocabulary, proxy.upstream());
  engine::RunOptions options;
  options.claims = proxy.profile().claims;
  options.judge.target = proxy.profile().public_json();
  options.liveness_pause = est::Milliseconds(20);
  options.recovery = est::Milliseconds(20);
  engine::SharedControls shared;
  options.shared = &shared;
  options.may_share_control = steps::control_may_be_shared;
  options.liveness_works = engine::probe_succeeded(engine::probe(*driver, vocabulary, options), vocabulary, options.judge);
  std::vector<ScenarioResult> results;
  for (const Scenario& scenario : scenarios) results.push_back(engine::run_one(scenario, vocabulary, *driver, options).result);
  return results;
}

// What is about proxies of the other kind runs against one of that kind.
est::Result<std::vector<ScenarioResult>> run_matrix_scenarios(const ProxyFault* fault, const std::vector<Scenario>& scenarios,
                                                              const engine::Vocabulary& vocabulary) {
  const auto plain = ReferenceProxy::start({.fault = fault});
  if (!plain) return plain.error();
  const auto& claims = (*plain)->profile().claims;
  std::vector<Scenario> full;
  std::copy_if(scenarios.begin(), scenarios.end(), std::back_inserter(full),
               [&](const Scenario& scenario) { return needs_full_cmc(scenario, claims); });
  auto results = run_against(**plain, scenarios, vocabulary);
  if (full.empty()) return results;
  const auto other = ReferenceProxy::start({.fault = fault, .full_cmc = true});
  if (!other) return other.error();
  for (const ScenarioResult& result : run_against(**other, full, vocabulary)) {
    const auto place = std::find_if(results.begin(), results.end(), [&](const ScenarioResult& one) { return one.id == result.id; });
    if (place != results.end()) *place = result;
  }
  return results;
}

}  // namespace

Role proxy_role(const engine::Vocabulary& vocabulary) {
  const auto faults = std::make_shared<const std::vector<ProxyFault>>(all_proxy_faults());
  Role role{"proxy", promised_by(*faults), {}};
  role.run = [faults, &vocabulary](std::optional<std::size_t> fault, const std::vector<Scenario>& scenarios, unsigned /*jobs*/) {
    return run_matrix_scenarios(fault ? &faults->at(*fault) : nullptr, scenarios, vocabulary);
  };
  return role;
}

}  // namespace conformance::selftest
