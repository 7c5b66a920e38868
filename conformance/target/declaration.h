// What the profile of every role declares of the product (the ICS), and how that is read.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "conformance/engine/deviation.h"

namespace conformance::target {

class YamlMap;

using Claims = std::vector<std::pair<std::string, std::string>>;  // name and meaning

struct Declaration {
  std::string name, vendor, version;  // of the product, for the report
  std::set<std::string, std::less<>> claims;
  // Claims that a mapping in the profile answers with true or false: what --certify wants of every one of them.
  std::set<std::string, std::less<>> answered;
  std::vector<engine::Deviation> deviations;
};

// The keys `target`, `claims` and `deviations` of a profile.
void read_declaration(YamlMap& map, const Claims& known, Declaration& declaration);

// Names of `known` that are neither claimed nor denied by a mapping.
[[nodiscard]] std::vector<std::string> unanswered_of(const Claims& known, const Declaration& declaration);

}  // namespace conformance::target
