// What changed between two runs: of another version of the product, or of the suite.
#pragma once

#include <string>
#include <vector>

#include "conformance/report/results.h"

namespace conformance::report {

struct Change {
  enum class Kind { worse, better, other, appeared, gone };
  Kind kind = Kind::other;
  std::string scenario, title;
  std::string before, after;  // verdicts with their cause; empty where the scenario was not
};

// In the order of `after`, what is gone last. A scenario whose verdict and cause are the same is no change. From NOT APPLICABLE to
// anything, or back, is `other`: the claims changed, not the product.
[[nodiscard]] std::vector<Change> compare(const Results& before, const Results& after);

// What else is not the same: product, suite, scenarios, claims. One sentence each.
[[nodiscard]] std::vector<std::string> other_conditions(const Results& before, const Results& after);

[[nodiscard]] std::string_view to_string(Change::Kind kind) noexcept;

}  // namespace conformance::report
