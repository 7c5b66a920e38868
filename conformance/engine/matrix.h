// Expands `matrix:` of a scenario: every combination of values, each put in for "{name}" throughout the scenario.
#pragma once

#include <string>
#include <vector>

#include "conformance/engine/yaml.h"

namespace conformance::engine {

struct MatrixCase {
  std::string suffix;  // "/ec-p256/1.2"; empty for a scenario without a matrix
  Yaml scenario;       // without the key `matrix`
};

// Precondition: `scenario` is a map. Empty after a problem.
[[nodiscard]] std::vector<MatrixCase> expand_matrix(const Yaml& scenario, const std::string& what, const std::string& file,
                                                    Problems& problems);

}  // namespace conformance::engine
