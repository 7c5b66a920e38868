// The list of known deviations: part of a profile (`deviations:`) or a file of its own.
#pragma once

#include <string>
#include <vector>

#include "conformance/engine/deviation.h"
#include "conformance/target/yaml_map.h"
#include "est/base/result.h"

namespace conformance::target {

// Adds to `problems` what is wrong with an entry.
[[nodiscard]] std::vector<engine::Deviation> read_deviations(const YAML::Node& node, Problems& problems);

// A YAML file that is such a list, or a mapping whose only key is `deviations`. Errors: "file:line: what is wrong; cure".
[[nodiscard]] est::Result<std::vector<engine::Deviation>> load_deviations(const std::string& path);

}  // namespace conformance::target
