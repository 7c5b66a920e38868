// requirements: the normative sentences and how far they are covered.
#include "conformance/cli_requirements.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "conformance/cli_command.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

using engine::Coverage;
using engine::CoverageState;
using engine::CoverageTotals;
using engine::Json;

struct RequirementsOptions {
  DataOptions data;
  bool json = false;
  bool uncovered = false;
  std::string role;
};

// "12 scenarios" counts a matrix once.
std::size_t scenarios_of(const Coverage& coverage) {
  std::vector<std::string> names;
  for (const auto& id : coverage.scenarios) names.push_back(id.substr(0, id.find('/')));
  std::sort(names.begin(), names.end());
  return static_cast<std::size_t>(std::unique(names.begin(), names.end()) - names.begin());
}

std::string state_of(const Coverage& coverage) {
  if (coverage.state != CoverageState::covered) return std::string(to_string(coverage.state));
  const std::size_t scenarios = scenarios_of(coverage);
  return fmt::format("{} {}", scenarios, scenarios == 1 ? "scenario" : "scenarios");
}

// Why nothing covers it; empty if something does.
std::string reason_of(const Coverage& coverage) {
  if (coverage.state == CoverageState::covered) return "";
  if (coverage.state == CoverageState::role_untested)
    return "to be covered by scenarios for the " + coverage.requirement->role + "; there are none yet";
  return coverage.requirement->untested.empty() ? "no reason is given" : coverage.requirement->untested;
}

void print_totals(const std::vector<Coverage>& all) {
  CoverageTotals sum;
  const auto row = [](const std::string& name, const CoverageTotals& of) {
    std::cout << fmt::format("{:<10} {:>12} {:>9} {:>11} {:>20}\n", name, of.requirements, of.covered, of.untested, of.role_untested);
  };
  std::cout << fmt::format("{:<10} {:>12} {:>9} {:>11} {:>20}\n", "", "requirements", "covered", "not tested", "role not yet tested");
  for (const auto& of : totals(all)) {
    row("RFC " + of.rfc, of);
    sum.requirements += of.requirements;
    sum.covered += of.covered;
    sum.untested += of.untested;
    sum.role_untested += of.role_untested;
  }
  row("all", sum);
}

void print_line(const Coverage& coverage) {
  const auto& requirement = *coverage.requirement;
  std::cout << fmt::format("{:<18} {:<6} {:<10} {:<20} {}\n", requirement.id, requirement.role, requirement.level, state_of(coverage),
                           requirement.text);
  if (coverage.state == CoverageState::untested) std::cout << fmt::format("{:<37}not tested: {}\n", "", reason_of(coverage));
}

int requirements(const RequirementsOptions& options) {
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  auto all = engine::coverage(data->scenarios, data->catalogue);
  std::erase_if(all, [&](const Coverage& one) {
    return (!options.role.empty() && one.requirement->role != options.role) || (options.uncovered && one.state == CoverageState::covered);
  });
  if (options.json) {
    Json list = Json::array();
    for (const auto& one : all) list.push_back(cli::json_of(one));
    print(list);
    return 0;
  }
  print_totals(all);
  std::cout << "\n";
  for (const auto& one : all) print_line(one);
  return 0;
}

}  // namespace

void line(std::string_view label, const std::string& text) {
  if (!text.empty()) std::cout << fmt::format("  {:<15} {}\n", label, text);
}

Coverage coverage_of(const Data& data, const engine::Requirement& requirement) {
  auto all = engine::coverage(data.scenarios, data.catalogue);
  const auto found = std::find_if(all.begin(), all.end(), [&](const Coverage& one) { return one.requirement == &requirement; });
  return found == all.end() ? Coverage{&requirement, CoverageState::untested, {}} : std::move(*found);
}

Json json_of(const Coverage& coverage) {
  const auto& requirement = *coverage.requirement;
  return Json{{"id", requirement.id},
              {"rfc", requirement.rfc},
              {"section", requirement.section},
              {"role", requirement.role},
              {"level", requirement.level},
              {"text", requirement.text},
              {"updated_by", requirement.updated_by},
              {"testable", to_string(requirement.testable)},
              {"setting", requirement.setting},
              {"needs", requirement.needs.text()},
              {"interpretations", requirement.interpretations},
              {"untested", requirement.untested},
              {"coverage", to_string(coverage.state)},
              {"scenarios", coverage.scenarios}};
}

void explain(const Coverage& coverage) {
  const auto& requirement = *coverage.requirement;
  std::cout << fmt::format("{}  RFC {} section {}, {}, {}\n", requirement.id, requirement.rfc, requirement.section, requirement.role,
                           requirement.level);
  line("text", requirement.text);
  line("updated by", est::join(requirement.updated_by, ", "));
  line("readings", est::join(requirement.interpretations, ", "));
  line("testable", std::string(to_string(requirement.testable)));
  line("setting", requirement.setting);
  line("needs", requirement.needs.text());
  line("coverage", state_of(coverage));
  line("not tested", reason_of(coverage));
  line("scenarios", est::join(coverage.scenarios, ", "));
}

void add_requirements(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("requirements", "list the normative sentences and how they are covered");
  auto options = std::make_shared<RequirementsOptions>();
  add_data_options(*command, options->data, false);
  command->add_flag("--json", options->json, "print data instead of text");
  command->add_option("--role", options->role, "only those of this role")->check(CLI::IsMember({"server", "client", "proxy"}));
  command->add_flag("--uncovered", options->uncovered, "only those no scenario covers, with the reason");
  command->callback([=, &run] { run = [=] { return requirements(*options); }; });
}

}  // namespace conformance::cli
