#include "conformance/target/deviations.h"

#include <algorithm>

#include "conformance/engine/yaml.h"
#include "est/base/file.h"
#include "est/base/text.h"

namespace conformance::target {
namespace {

using engine::Deviation;

constexpr std::size_t file_limit = std::size_t{1} << 20U;

std::string required(YamlMap& map, std::string_view key, std::string_view cure) {
  const std::string text = map.required_text(key, cure);
  if (map.node(key) && est::trim(text).empty()) map.problem(key, "'" + map.path(key) + "' is empty", cure);
  return text;
}

Deviation read_entry(const YAML::Node& node, Problems& problems) {
  YamlMap map(node, "deviations", problems);
  Deviation deviation;
  deviation.place = {problems.file(), node.Mark().line + 1};
  deviation.scenario = required(map, "scenario", "name the scenario, as in results.json");
  const std::string verdict = required(map, "verdict", "write fail, warn or inconclusive");
  const auto known = engine::verdict_by_key(verdict);
  const bool coverable = known == engine::Verdict::fail || known == engine::Verdict::warn || known == engine::Verdict::inconclusive;
  if (!verdict.empty() && !coverable)
    map.problem("verdict", "'" + est::printable(verdict, 40) + "' cannot be a known deviation", "write fail, warn or inconclusive");
  deviation.verdict = known.value_or(engine::Verdict::fail);
  deviation.reason = required(map, "reason", "say why the target deviates, for those who read the report");
  deviation.owner = required(map, "owner", "say who will mend it");
  deviation.expires = required(map, "expires", "give the last day it may stand: YYYY-MM-DD");
  if (!deviation.expires.empty() && !engine::is_day(deviation.expires))
    map.problem("expires", "'" + est::printable(deviation.expires, 40) + "' is no day", "write YYYY-MM-DD");
  map.finish();
  return deviation;
}

}  // namespace

std::vector<Deviation> read_deviations(const YAML::Node& node, Problems& problems) {
  std::vector<Deviation> deviations;
  if (!node.IsSequence()) {
    if (!node.IsNull())
      problems.add(node.Mark(), "'deviations' must be a list", "write '- scenario: ID' with verdict, reason, owner, expires");
    return deviations;
  }
  for (const auto& entry : node) {
    deviations.push_back(read_entry(entry, problems));
    const auto same = [&](const Deviation& other) { return other.scenario == deviations.back().scenario; };
    if (std::any_of(deviations.begin(), deviations.end() - 1, same))
      problems.add(entry.Mark(), "'" + est::printable(deviations.back().scenario, 60) + "' is listed twice", "remove one of them");
  }
  return deviations;
}

est::Result<std::vector<Deviation>> load_deviations(const std::string& path) {
  const auto text = est::read_file(path, file_limit);
  if (!text.ok()) return est::Error{text.error().message + "; name a readable list of known deviations"};
  Problems problems(path);
  std::vector<Deviation> deviations;
  auto read = read_document(*text, problems, [&](const YAML::Node& root) {
    if (!root.IsMap()) {
      deviations = read_deviations(root, problems);
      return;
    }
    YamlMap map(root, "", problems);
    if (const auto node = map.node("deviations")) deviations = read_deviations(*node, problems);
    map.finish();
  });
  if (!read) return read.error();
  return deviations;
}

}  // namespace conformance::target
