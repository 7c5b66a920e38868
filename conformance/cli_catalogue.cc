// list, explain, lint: what there is, without a target.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/cli_requirements.h"
#include "conformance/report/script.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

using cli::explain;  // beside those below
using cli::json_of;
using engine::Json;
using engine::Scenario;

// What several subcommands share.
struct CatalogueOptions {
  DataOptions data;
  bool json = false;
  std::string word;
};

std::shared_ptr<CatalogueOptions> options_of(CLI::App& command, bool selecting) {
  auto options = std::make_shared<CatalogueOptions>();
  add_data_options(command, options->data, selecting);
  command.add_flag("--json", options->json, "print data instead of text");
  return options;
}

Json json_of(const std::vector<engine::Change>& changes) {
  Json list = Json::array();
  for (const auto& change : changes) list.push_back({{"revision", change.revision}, {"date", change.date}, {"what", change.what}});
  return list;
}

Json json_of(const Scenario& scenario) {
  Json steps = Json::array(), expect = Json::array();
  for (const auto& step : scenario.steps) steps.push_back({{"verb", step.verb}, {"parameters", step.parameters}, {"as", step.name}});
  for (const auto& one : scenario.expect) expect.push_back({{"check", one.check}, {"parameters", one.parameters}, {"of", one.of}});
  Json json{{"id", scenario.id},
            {"title", scenario.title},
            {"level", to_string(scenario.level)},
            {"role", scenario.role},
            {"section", scenario.section},
            {"requirements", scenario.requirements},
            {"interpretations", scenario.interpretations},
            {"tags", scenario.tags},
            {"needs", scenario.needs.text()},
            {"why", scenario.why},
            {"mutation", scenario.mutation},
            {"steps", std::move(steps)},
            {"expect", std::move(expect)},
            {"revision", scenario.revision},
            {"changes", json_of(scenario.changes)},
            {"file", scenario.place.to_string()}};
  if (scenario.control) json["control"] = {{"verb", scenario.control->verb}, {"parameters", scenario.control->parameters}};
  return json;
}

Json json_of(const engine::Interpretation& interpretation) {
  return Json{{"id", interpretation.id},
              {"question", interpretation.question},
              {"texts", interpretation.texts},
              {"verdict", interpretation.verdict}};
}

int list(const CatalogueOptions& options) {
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  if (options.json) {
    Json all = Json::array();
    for (const auto& scenario : data->scenarios) {
      all.push_back(json_of(scenario));
      if (data->set) all.back()["not_scored"] = data->set->not_scored(scenario.id);
    }
    print(all);
  } else {
    for (const auto& scenario : data->scenarios) {
      const std::string why = data->set ? data->set->not_scored(scenario.id) : std::string();
      std::cout << fmt::format("{:<22} {:<6} {:<18} {}{}\n", scenario.id, to_string(scenario.level), scenario.section, scenario.title,
                               why.empty() ? "" : "  (not scored: " + why + ")");
    }
    std::cout << data->scenarios.size() << " scenarios\n";
  }
  return data->scenarios.empty() ? complain("nothing is selected; `estspec list` without --select shows all") : 0;
}

void explain_history(const Scenario& scenario, const Data& data) {
  line("revision", std::to_string(scenario.revision) + (scenario.changes.empty() ? ", as first written" : ""));
  for (const auto& change : scenario.changes) line("", fmt::format("{} ({}): {}", change.revision, change.date, change.what));
  for (const auto& set : data.sets) {
    const engine::SetMember* member = set.member(scenario.id);
    const std::string why = set.not_scored(scenario.id);
    if (member != nullptr) line("set", fmt::format("{}, revision {}{}", set.name, member->revision, why.empty() ? "" : ", " + why));
  }
}

void explain(const Scenario& scenario, const Data& data) {
  std::cout << fmt::format("{}  {}\n", scenario.id, scenario.title);
  line("level", std::string(to_string(scenario.level)) + ", " + scenario.section + ", role " + scenario.role);
  line("needs", scenario.needs.text());
  line("why", scenario.why);
  for (const auto& id : scenario.requirements) {
    const auto* requirement = data.catalogue.requirement(id);
    line("requirement", id + (requirement == nullptr ? "" : " (" + requirement->level + "): " + requirement->text));
  }
  for (const auto& id : scenario.interpretations) {
    const auto* interpretation = data.catalogue.interpretation(id);
    line("reading", id + (interpretation == nullptr ? "" : ": " + interpretation->question));
  }
  if (scenario.control) line("control", report::to_script(*scenario.control));
  line("changed", scenario.mutation);
  for (const auto& step : scenario.steps) line("step", step.name + " = " + report::to_script(step));
  for (const auto& expectation : scenario.expect)
    line("expect", expectation.of + ": " + report::to_script(expectation.check, expectation.parameters));
  explain_history(scenario, data);
  line("tags", est::join(scenario.tags, ", "));
  line("file", scenario.place.to_string());
}

void explain(const engine::Interpretation& interpretation) {
  std::cout << fmt::format("{}  {}\n", interpretation.id, interpretation.question);
  line("texts", interpretation.texts);
  line("verdict", interpretation.verdict);
}

int explain_word(const CatalogueOptions& options) {
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  Json found = Json::array();
  for (const auto& scenario : data->scenarios) {
    if (scenario.id != options.word && !scenario.id.starts_with(options.word + "/")) continue;
    found.push_back(json_of(scenario));
    if (!options.json) explain(scenario, *data);
  }
  if (const auto* requirement = data->catalogue.requirement(options.word)) {
    const auto coverage = coverage_of(*data, *requirement);
    found.push_back(json_of(coverage));
    if (!options.json) explain(coverage);
  }
  if (const auto* interpretation = data->catalogue.interpretation(options.word)) {
    found.push_back(json_of(*interpretation));
    if (!options.json) explain(*interpretation);
  }
  if (found.empty()) return complain("nothing is called '" + options.word + "'; see `estspec list` and `estspec requirements`");
  if (options.json) print(found);
  return 0;
}

// Scenarios that touch a reading, matrices counted once.
std::vector<std::string> touching(const Data& data, const std::string& interpretation) {
  std::vector<std::string> ids;
  for (const auto& scenario : data.scenarios) {
    const auto& cited = scenario.interpretations;
    const std::string id = scenario.id.substr(0, scenario.id.find('/'));
    const bool touches = std::find(cited.begin(), cited.end(), interpretation) != cited.end();
    if (touches && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

int interpretations(const CatalogueOptions& options) {
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  Json all = Json::array();
  for (const auto& interpretation : data->catalogue.interpretations) {
    all.push_back(json_of(interpretation));
    all.back()["scenarios"] = touching(*data, interpretation.id);
    if (options.json) continue;
    explain(interpretation);
    line("scenarios", est::join(touching(*data, interpretation.id), ", "));
  }
  if (options.json) print(all);
  return 0;
}

std::vector<std::string> all_problems(const Data& data) {
  auto problems = engine::lint(data.scenarios, data.catalogue, data.vocabulary);
  for (const auto& set : data.sets) {
    const auto more = engine::lint(set, data.scenarios, data.catalogue, sha256_of);
    problems.insert(problems.end(), more.begin(), more.end());
  }
  return problems;
}

int lint(const CatalogueOptions& options) {
  std::vector<std::string> problems;
  const auto data = load_data(options.data, problems);
  if (data) problems = all_problems(*data);
  if (options.json) print(Json{{"problems", problems}, {"scenarios", data ? data->scenarios.size() : 0}});
  if (!problems.empty()) return options.json ? static_cast<int>(ExitCode::usage) : complain(problems);
  if (!options.json) {
    std::cout << fmt::format("{} scenarios and {} requirements: no problem\n", data->scenarios.size(), data->catalogue.requirements.size());
  }
  return 0;
}

}  // namespace

void add_list(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("list", "list the scenarios");
  const auto options = options_of(*command, true);
  add_set_option(*command, options->data);
  command->callback([=, &run] { run = [=] { return list(*options); }; });
}

void add_explain(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("explain", "explain a scenario, a requirement or an interpretation");
  const auto options = options_of(*command, false);
  command->add_option("ID", options->word, "EST-SE-014, R7030-4.1.3-1 or INT-01")->required();
  command->callback([=, &run] { run = [=] { return explain_word(*options); }; });
}

void add_interpretations(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("interpretations", "print the register of contested readings, and the scenarios they touch");
  const auto options = options_of(*command, false);
  command->callback([=, &run] { run = [=] { return interpretations(*options); }; });
}

void add_lint(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("lint", "check scenario files and catalogue, and report every problem");
  const auto options = options_of(*command, false);
  command->add_option("DIR", options->data.folders, "folders to check together with what is built in");
  command->callback([=, &run] { run = [=] { return lint(*options); }; });
}

}  // namespace conformance::cli
