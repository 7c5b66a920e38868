// estspec diff: what changed between two finished runs, for re-certification.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/report/compare.h"
#include "conformance/report/folder.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

struct DiffOptions {
  std::string before, after;
  bool json = false;
};

void tell_changes(const std::vector<std::string>& conditions, const std::vector<report::Change>& changes, std::size_t scenarios) {
  for (const auto& sentence : conditions) std::cout << est::printable(sentence, 1000) << "\n";
  for (const auto& change : changes) {
    std::cout << fmt::format("{:<8} {}  {}\n", to_string(change.kind), est::printable(change.scenario, 200),
                             est::printable(change.title, 200));
    if (!change.before.empty()) std::cout << "         before  " << est::printable(change.before, 1000) << "\n";
    if (!change.after.empty()) std::cout << "         now     " << est::printable(change.after, 1000) << "\n";
  }
  const auto count = [&](report::Change::Kind kind) {
    return std::count_if(changes.begin(), changes.end(), [&](const report::Change& one) { return one.kind == kind; });
  };
  using Kind = report::Change::Kind;
  std::cout << fmt::format("{} scenarios now; {} worse, {} better, {} changed, {} new, {} gone\n", scenarios, count(Kind::worse),
                           count(Kind::better), count(Kind::other), count(Kind::appeared), count(Kind::gone));
}

engine::Json changes_json(const std::vector<std::string>& conditions, const std::vector<report::Change>& changes) {
  engine::Json list = engine::Json::array();
  for (const auto& change : changes)
    list.push_back({{"kind", std::string(to_string(change.kind))},
                    {"scenario", change.scenario},
                    {"title", change.title},
                    {"before", change.before},
                    {"now", change.after}});
  return {{"conditions", conditions}, {"changes", list}};
}

int diff(const DiffOptions& options) {
  const auto before = report::read_results(options.before);
  if (!before) return complain(before.error().message);
  const auto after = report::read_results(options.after);
  if (!after) return complain(after.error().message);
  const auto conditions = report::other_conditions(*before, *after);
  const auto changes = report::compare(*before, *after);
  if (options.json) print(changes_json(conditions, changes));
  if (!options.json) tell_changes(conditions, changes, after->scenarios.size());
  const bool worse =
      std::any_of(changes.begin(), changes.end(), [](const report::Change& one) { return one.kind == report::Change::Kind::worse; });
  return worse ? ExitCode::nonconformant : ExitCode::conformant;
}

}  // namespace

void add_diff(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("diff", "what changed between two finished runs");
  auto options = std::make_shared<DiffOptions>();
  command->add_option("BEFORE", options->before, "results folder of the earlier run")->required();
  command->add_option("AFTER", options->after, "results folder of the later run")->required();
  command->add_flag("--json", options->json, "print data instead of text");
  command->footer("Exit codes: 0 nothing is worse than before, 1 something is, 4 a folder cannot be read.");
  command->callback([=, &run] { run = [=] { return diff(*options); }; });
}

}  // namespace conformance::cli
