#include "conformance/engine/coverage.h"

#include <algorithm>
#include <map>
#include <set>

namespace conformance::engine {

std::string_view to_string(CoverageState state) noexcept {
  switch (state) {
    case CoverageState::covered:
      return "covered";
    case CoverageState::untested:
      return "untested";
    case CoverageState::role_untested:
      return "role not yet tested";
  }
  return "";
}

std::vector<Coverage> coverage(const std::vector<Scenario>& scenarios, const Catalogue& catalogue) {
  std::set<std::string> roles;
  std::map<std::string, std::vector<std::string>> citing;
  for (const auto& scenario : scenarios) {
    roles.insert(scenario.role);
    for (const auto& id : scenario.requirements) citing[id].push_back(scenario.id);
  }
  std::vector<Coverage> all;
  for (const auto& requirement : catalogue.requirements) {
    Coverage one{&requirement, CoverageState::covered, citing[requirement.id]};
    // The linter complains about these.
    const bool orphan = one.scenarios.empty() && roles.contains(requirement.role);
    if (!requirement.untested.empty() || orphan) {
      one.state = CoverageState::untested;
    } else if (one.scenarios.empty()) {
      one.state = CoverageState::role_untested;
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<CoverageTotals> totals(const std::vector<Coverage>& all) {
  std::map<std::string, CoverageTotals> by_rfc;
  for (const auto& one : all) {
    CoverageTotals& sum = by_rfc[one.requirement->rfc];
    sum.rfc = one.requirement->rfc;
    ++sum.requirements;
    if (one.state == CoverageState::covered) ++sum.covered;
    if (one.state == CoverageState::untested) ++sum.untested;
    if (one.state == CoverageState::role_untested) ++sum.role_untested;
  }
  std::vector<CoverageTotals> list;
  for (auto& [rfc, sum] : by_rfc) list.push_back(std::move(sum));
  return list;
}

}  // namespace conformance::engine
