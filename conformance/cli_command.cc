#include "conformance/cli_command.h"

#include <iostream>

#include "conformance/engine/json.h"

namespace conformance::cli {

void add_data_options(CLI::App& command, DataOptions& options, bool selecting) {
  command.add_option("--scenarios", options.folders, "folder with scenarios of your own (*.yaml), repeatable")->type_name("DIR");
  command.add_flag(
      "--no-built-in{false}", [&options](std::int64_t) { options.built_in = false; },
      "leave out the scenarios and requirements inside the program");
  if (!selecting) return;
  command
      .add_option(
          "--select", options.select,
          "ids (EST-SE-014, EST-SE-*), section:4.2.1, rfc:7030, level:must, tag:pop, requirement:ID, interpretation:INT-nn, claim:NAME; "
          "combined with and, or, not, parentheses")
      ->type_name("EXPR");
}

void add_set_option(CLI::App& command, DataOptions& options) {
  command
      .add_option("--set", options.set,
                  "frozen scenario set to score by (`estspec sets`): what is not in it is run and shown, and does not count")
      ->type_name("NAME");
}

int complain(const std::vector<std::string>& problems) {
  for (const auto& problem : problems) std::cerr << "estspec: " << problem << "\n";
  return ExitCode::usage;
}

int complain(const std::string& problem) { return complain(std::vector<std::string>{problem}); }

std::optional<Data> load_or_complain(const DataOptions& options) {
  std::vector<std::string> problems;
  auto data = load_data(options, problems);
  if (!data) complain(problems);
  return data;
}

void print(const engine::Json& json) { std::cout << engine::print_json(json) << "\n"; }

}  // namespace conformance::cli
