// Scenario files: every complaint names the file and a line that exists; what loads can be selected by its id; a value written in YAML's
// flow style is read the same.
#include <algorithm>

#include "conformance/engine/catalogue.h"
#include "conformance/engine/loader.h"
#include "est/base/text.h"
#include "fuzz/target.h"

namespace {

namespace engine = conformance::engine;
using engine::ParameterType;

engine::Vocabulary small_vocabulary() {
  engine::Vocabulary words;
  words.add(engine::VerbInfo{"enroll",
                             "",
                             {{"key", ParameterType::choice, {"ec-p256", "rsa-2048"}, "", false},
                              {"certificate", ParameterType::result, {"none", "current"}, "", false},
                              {"san", ParameterType::list, {}, "", false},
                              {"headers", ParameterType::map, {}, "", false},
                              {"corrupt", ParameterType::text, {}, "", false}},
                             "status",
                             engine::Json{{"is", 200}}});
  words.add(engine::VerbInfo{"pause", "", {{"ms", ParameterType::number, {}, "", true}}, "", {}, "ms"});
  words.add(engine::CheckInfo{
      "status", "", {{"is", ParameterType::text, {}, "", false}, {"any-of", ParameterType::list, {}, "", false}}, {}, "is"});
  words.add(engine::CheckInfo{"quiet", "", {{"really", ParameterType::boolean, {}, "", false}}, {}, ""});
  words.add(engine::CheckInfo{"same", "", {{"as", ParameterType::result, {}, "", true}}, {}, "as"});
  words.add_claim("http-basic", "");
  words.add_claim("tls-1.3", "");
  return words;
}

void require_place(const std::string& problem, std::string_view text) {
  const std::string_view prefix = "f.yaml:";
  fuzz::require(problem.starts_with(prefix), "a complaint names the file");
  const std::string_view rest = std::string_view(problem).substr(prefix.size());
  const auto line = est::parse_decimal(rest.substr(0, rest.find(':')));
  fuzz::require(line && *line >= 1, "and a line");
  fuzz::require(*line <= static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1 +
                             static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\r')),
                "that exists");
}

void require_script_survives(const engine::Document& document) {
  engine::Problems problems;
  const auto yaml = engine::parse_yaml(document, problems);
  if (!yaml) return;
  const auto again = engine::parse_yaml({"g.yaml", engine::to_script(*yaml)}, problems);
  fuzz::require(again && engine::to_json(*again) == engine::to_json(*yaml), "flow style says the same");
}

}  // namespace

FUZZ_TARGET(scenario_file) {
  static const engine::Vocabulary words = small_vocabulary();
  const engine::Document document{"f.yaml", est::to_string(input)};
  require_script_survives(document);
  engine::Problems problems;
  (void)engine::load_catalogue({document}, problems);
  const engine::Loaded loaded = engine::load_scenarios({document}, words, {"R1"});
  problems.insert(problems.end(), loaded.problems.begin(), loaded.problems.end());
  for (const std::string& problem : problems) require_place(problem, document.text);
  if (!loaded.problems.empty()) return;
  for (const engine::Scenario& scenario : loaded.scenarios) {
    fuzz::require(!scenario.steps.empty() && !scenario.expect.empty(), "a scenario acts and expects");
    fuzz::require(scenario.control.has_value() == !scenario.mutation.empty(), "a control and a mutation go together");
  }
}
