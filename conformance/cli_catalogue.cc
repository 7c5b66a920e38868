// list, explain, lint, verbs: what there is, without a target.
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
    for (const auto& scenario : data->scenarios) all.push_back(json_of(scenario));
    print(all);
  } else {
    for (const auto& scenario : data->scenarios) {
      std::cout << fmt::format("{:<22} {:<6} {:<18} {}\n", scenario.id, to_string(scenario.level), scenario.section, scenario.title);
    }
    std::cout << data->scenarios.size() << " scenarios\n";
  }
  return data->scenarios.empty() ? complain("nothing is selected; `estspec list` without --select shows all") : 0;
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

int lint(const CatalogueOptions& options) {
  std::vector<std::string> problems;
  const auto data = load_data(options.data, problems);
  if (data) problems = engine::lint(data->scenarios, data->catalogue, data->vocabulary);
  if (options.json) print(Json{{"problems", problems}, {"scenarios", data ? data->scenarios.size() : 0}});
  if (!problems.empty()) return options.json ? static_cast<int>(ExitCode::usage) : complain(problems);
  if (!options.json) {
    std::cout << fmt::format("{} scenarios and {} requirements: no problem\n", data->scenarios.size(), data->catalogue.requirements.size());
  }
  return 0;
}

Json json_of(const std::vector<engine::Parameter>& parameters) {
  Json all = Json::array();
  for (const auto& parameter : parameters) {
    all.push_back({{"name", parameter.name},
                   {"type", to_string(parameter.type)},
                   {"choices", parameter.choices},
                   {"meaning", parameter.meaning},
                   {"required", parameter.required}});
  }
  return all;
}

template <class T>
void print_words(const std::string& title, const std::vector<T>& words) {
  std::cout << title << "\n";
  for (const auto& word : words) {
    std::cout << fmt::format("  {}  {}\n", word.name, word.meaning);
    for (const auto& parameter : word.parameters) {
      const std::string choices = parameter.choices.empty() ? std::string(to_string(parameter.type)) : est::join(parameter.choices, " | ");
      std::cout << fmt::format("      {}: {}{}  {}\n", parameter.name, choices, parameter.required ? ", required" : "", parameter.meaning);
    }
  }
}

int verbs(const CatalogueOptions& options) {
  const engine::Vocabulary vocabulary = make_vocabulary();
  if (!options.json) {
    print_words("Verbs", vocabulary.verbs());
    print_words("Checks", vocabulary.checks());
    std::cout << "Claims\n";
    for (const auto& [name, meaning] : vocabulary.claims()) std::cout << fmt::format("  {}  {}\n", name, meaning);
    return 0;
  }
  Json all{{"verbs", Json::array()}, {"checks", Json::array()}, {"claims", Json::array()}};
  for (const auto& verb : vocabulary.verbs()) {
    all["verbs"].push_back(
        {{"name", verb.name}, {"meaning", verb.meaning}, {"parameters", json_of(verb.parameters)}, {"shorthand", verb.shorthand}});
  }
  for (const auto& check : vocabulary.checks()) {
    all["checks"].push_back(
        {{"name", check.name}, {"meaning", check.meaning}, {"parameters", json_of(check.parameters)}, {"shorthand", check.shorthand}});
  }
  for (const auto& [name, meaning] : vocabulary.claims()) all["claims"].push_back({{"name", name}, {"meaning", meaning}});
  print(all);
  return 0;
}

}  // namespace

void add_list(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("list", "list the scenarios");
  const auto options = options_of(*command, true);
  command->callback([=, &run] { run = [=] { return list(*options); }; });
}

void add_explain(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("explain", "explain a scenario, a requirement or an interpretation");
  const auto options = options_of(*command, false);
  command->add_option("ID", options->word, "EST-SE-014, R7030-4.1.3-1 or INT-01")->required();
  command->callback([=, &run] { run = [=] { return explain_word(*options); }; });
}

void add_lint(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("lint", "check scenario files and catalogue, and report every problem");
  const auto options = options_of(*command, false);
  command->add_option("DIR", options->data.folders, "folders to check together with what is built in");
  command->callback([=, &run] { run = [=] { return lint(*options); }; });
}

void add_verbs(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("verbs", "print all verbs, checks and claims scenarios may use");
  auto options = std::make_shared<CatalogueOptions>();
  command->add_flag("--json", options->json, "print data instead of text");
  command->callback([=, &run] { run = [=] { return verbs(*options); }; });
}

}  // namespace conformance::cli
