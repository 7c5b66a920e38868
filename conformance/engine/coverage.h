// How far the scenarios cover the catalogue: which requirement is cited by what, which is not and why not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/catalogue.h"
#include "conformance/engine/scenario.h"

namespace conformance::engine {

enum class CoverageState {
  covered,       // at least one scenario cites it
  untested,      // no scenario cites it, and the catalogue says why
  role_untested  // there are no scenarios for its role, so nothing may be concluded
};
[[nodiscard]] std::string_view to_string(CoverageState state) noexcept;  // "covered", "untested", "role not yet tested"

struct Coverage {
  const Requirement* requirement = nullptr;  // never null; lives in the catalogue
  CoverageState state = CoverageState::covered;
  std::vector<std::string> scenarios;  // ids, those of a matrix expanded
};

// Counts of one RFC.
struct CoverageTotals {
  std::string rfc;
  std::size_t requirements = 0, covered = 0, untested = 0, role_untested = 0;
};

// In the order of the catalogue, which must outlive the result. `scenarios` must be all there are, not a selection.
[[nodiscard]] std::vector<Coverage> coverage(const std::vector<Scenario>& scenarios, const Catalogue& catalogue);

// One entry an RFC, in ascending order of their numbers.
[[nodiscard]] std::vector<CoverageTotals> totals(const std::vector<Coverage>& all);

}  // namespace conformance::engine
