#include "conformance/target/declaration.h"

#include <algorithm>

#include "conformance/target/deviations.h"
#include "conformance/target/names.h"
#include "conformance/target/yaml_map.h"
#include "est/base/text.h"

namespace conformance::target {
namespace {

void read_product(const YAML::Node& node, Problems& problems, Declaration& declaration) {
  YamlMap map(node, "target", problems);
  declaration.name = map.required_text("name", "give the product's name");
  declaration.vendor = map.text("vendor").value_or("");
  declaration.version = map.text("version").value_or("");
  map.finish();
}

void check_claim(const YAML::Mark& mark, const std::string& name, const Claims& known, Problems& problems) {
  std::vector<std::string> names;
  for (const auto& [word, meaning] : known) names.push_back(word);
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  const auto near = near_names(name, names);
  problems.add(mark, "unknown claim '" + est::printable(name, 80) + "'",
               near.empty() ? "known: " + est::join(names, ", ") : "did you mean " + est::join(near, " or ") + "?");
}

// `claims: [a, b]` or `claims: {a: true, b: false}`.
void read_claims(const YAML::Node& node, const Claims& known, Problems& problems, Declaration& declaration) {
  if (node.IsSequence()) {
    for (const auto& item : node) {
      const std::string name = item.IsScalar() ? item.Scalar() : "(not a word)";
      check_claim(item.Mark(), name, known, problems);
      declaration.claims.insert(name);
    }
    return;
  }
  YamlMap map(node, "claims", problems);
  for (const auto& name : map.keys()) {
    const auto value = map.text(name).value_or("");
    if (value != "true" && value != "false")
      map.problem(name, "'claims." + est::printable(name, 60) + "' is '" + est::printable(value, 40) + "', which is no answer",
                  "write true or false");
    check_claim(map.mark(name), name, known, problems);
    if (value == "true") declaration.claims.insert(name);
    declaration.answered.insert(name);
  }
}

}  // namespace

void read_declaration(YamlMap& map, const Claims& known, Declaration& declaration) {
  if (const auto node = map.node("target")) {
    read_product(*node, map.problems(), declaration);
  } else {
    map.absence("target", "'target' is missing", "add 'target: {name: ...}'");
  }
  if (const auto node = map.node("claims")) read_claims(*node, known, map.problems(), declaration);
  if (const auto node = map.node("deviations")) declaration.deviations = read_deviations(*node, map.problems());
}

std::vector<std::string> unanswered_of(const Claims& known, const Declaration& declaration) {
  std::vector<std::string> names;
  for (const auto& [name, meaning] : known) {
    if (!declaration.answered.contains(name)) names.push_back(name);
  }
  return names;
}

}  // namespace conformance::target
