// estspec sets: the frozen scenario sets, and how one is made.
#include <fmt/format.h>

#include <iostream>
#include <map>

#include "conformance/cli_command.h"
#include "est/base/clock.h"

namespace conformance::cli {

namespace {

struct SetsOptions {
  DataOptions data;
  std::string freeze, day;
  bool json = false;
};

engine::Json errata_of(const engine::ScenarioSet& set) {
  engine::Json errata = engine::Json::array();
  for (const auto& one : set.errata) errata.push_back({{"scenario", one.scenario}, {"date", one.date}, {"reason", one.reason}});
  return errata;
}

// How many scenarios there are, and how many of them the set does not score.
struct Beside {
  std::size_t all = 0, later = 0;
};

std::map<std::string, Beside> by_role(const engine::ScenarioSet& set, const Data& data) {
  std::map<std::string, Beside> roles;
  for (const auto& scenario : data.scenarios) {
    Beside& role = roles[scenario.role];
    ++role.all;
    role.later += set.not_scored(scenario.id).empty() ? 0U : 1U;
  }
  return roles;
}

engine::Json json_of(const engine::ScenarioSet& set, const Data& data) {
  engine::Json roles = engine::Json::object();
  for (const auto& [role, count] : by_role(set, data)) roles[role] = {{"scored", count.all - count.later}, {"not_scored", count.later}};
  return {{"name", set.name}, {"frozen", set.frozen},    {"digest", set.digest}, {"scenarios", set.members.size()},
          {"roles", roles},   {"errata", errata_of(set)}};
}

void tell(const engine::ScenarioSet& set, const Data& data) {
  std::cout << fmt::format("{}  frozen {}, {} scenarios, digest {}\n", set.name, set.frozen, set.members.size(), set.digest);
  for (const auto& [role, count] : by_role(set, data))
    std::cout << fmt::format("  {:<8} {} scored, {} more run beside\n", role, count.all - count.later, count.later);
  for (const auto& one : set.errata)
    std::cout << fmt::format("  erratum  {} not scored since {}: {}\n", one.scenario, one.date, one.reason);
}

int freeze(const SetsOptions& options, const Data& data) {
  const std::string day = options.day.empty() ? est::iso8601(est::system_clock().now()).substr(0, 10) : options.day;
  if (!engine::is_set_name(options.freeze)) return complain("--freeze: a set's name has letters, digits, '.' and '-', 64 at most");
  if (!engine::is_day(day)) return complain("--day is no day; write YYYY-MM-DD");
  std::cout << engine::set_file(engine::freeze(options.freeze, day, data.scenarios, data.catalogue, sha256_of));
  return 0;
}

int sets(const SetsOptions& options) {
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  if (!options.freeze.empty()) return freeze(options, *data);
  engine::Json all = engine::Json::array();
  for (const auto& set : data->sets) {
    all.push_back(json_of(set, *data));
    if (!options.json) tell(set, *data);
  }
  if (options.json) print(all);
  return 0;
}

}  // namespace

void add_sets(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("sets", "list the frozen scenario sets, or print a new one");
  auto options = std::make_shared<SetsOptions>();
  add_data_options(*command, options->data, false);
  command->add_option("--freeze", options->freeze, "print the file of a new set of this name, with every scenario as it is now")
      ->type_name("NAME");
  command->add_option("--day", options->day, "the day it is frozen (default: today)")->type_name("YYYY-MM-DD");
  command->add_flag("--json", options->json, "print data instead of text");
  command->footer(
      "`estspec server --set NAME` scores a run by a set; `estspec list --set NAME` shows what counts.\nExit codes: 0, 4 usage.");
  command->callback([=, &run] { run = [=] { return sets(*options); }; });
}

}  // namespace conformance::cli
