#include "conformance/selftest/server_role.h"

#include <algorithm>
#include <memory>

#include "conformance/engine/witness.h"
#include "conformance/selftest/fault.h"
#include "conformance/selftest/reference_target.h"
#include "conformance/steps/scenario_traits.h"
#include "conformance/steps/server_driver.h"

namespace conformance::selftest {

using engine::Scenario;
using engine::ScenarioResult;

namespace {

std::vector<ScenarioResult> run_all(const std::vector<Scenario>& scenarios, const engine::Vocabulary& vocabulary,
                                    const target::Profile& profile, unsigned jobs) {
  const auto driver = steps::make_server_driver(profile, vocabulary);
  engine::RunOptions options;
  options.claims = profile.claims;
  options.judge.target = profile.public_json();
  options.liveness_pause = est::Milliseconds(20);
  options.recovery = est::Milliseconds(20);
  options.jobs = jobs;
  options.alone = steps::acts_on_whole_target;
  engine::SharedControls shared;
  options.shared = &shared;
  options.may_share_control = steps::control_may_be_shared;
  // As in a real run: a target whose liveness probe never worked is not called dead after each negative test.
  options.liveness_works = engine::probe_succeeded(engine::probe(*driver, vocabulary, options), vocabulary, options.judge);
  const bool hostile = std::any_of(scenarios.begin(), scenarios.end(), engine::wants_witness);
  options.witnesses = hostile && options.liveness_works && engine::serves_several(*driver, vocabulary, options);
  // Under a fault one scenario must not keep the next from being run, even if it kills the target.
  if (jobs > 1) return engine::run(scenarios, vocabulary, *driver, options);
  std::vector<ScenarioResult> results;
  for (const Scenario& scenario : scenarios) results.push_back(engine::run_one(scenario, vocabulary, *driver, options).result);
  return results;
}

}  // namespace

Role server_role(const engine::Vocabulary& vocabulary) {
  const auto faults = std::make_shared<const std::vector<Fault>>(all_faults());
  Role role{"server", promised_by(*faults), {}};
  role.run = [faults, &vocabulary](std::optional<std::size_t> fault, const std::vector<Scenario>& scenarios,
                                   unsigned jobs) -> est::Result<std::vector<ScenarioResult>> {
    const auto target = ReferenceTarget::start(fault ? &faults->at(*fault) : nullptr);
    if (!target) return target.error();
    return run_all(scenarios, vocabulary, (*target)->profile(), jobs);
  };
  return role;
}

}  // namespace conformance::selftest
