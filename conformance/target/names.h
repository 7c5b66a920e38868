// Names a profile may use, and what to suggest for a misspelt one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace conformance::target {

// What `access.labels` may name: policy variants that scenarios reach by `at:`.
[[nodiscard]] const std::vector<std::string>& feature_names();

// At most three of `known` that `wrong` was probably meant to be, nearest first.
[[nodiscard]] std::vector<std::string> near_names(std::string_view wrong, const std::vector<std::string>& known);

}  // namespace conformance::target
