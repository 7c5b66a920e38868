// estspec verify: every verdict derived again from the stored evidence, without a target.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "conformance/cli_command.h"
#include "conformance/engine/judge.h"
#include "conformance/report/folder.h"

namespace conformance::cli {

namespace {

using engine::ScenarioResult;

struct VerifyOptions {
  DataOptions data;
  std::string folder;
  bool json = false;
};

std::set<std::string, std::less<>> claims_of(const report::Results& results) {
  std::set<std::string, std::less<>> claims;
  if (!results.target.is_object()) return claims;
  const auto found = results.target.find("claims");
  if (found == results.target.end() || !found->is_array()) return claims;
  for (const auto& claim : *found) {
    if (claim.is_string()) claims.insert(claim.get<std::string>());
  }
  return claims;
}

// Nothing is stored for what did not apply: then the claims in results.json decide.
est::Result<engine::Evidence> evidence_of(const VerifyOptions& options, const report::Results& results, const engine::Scenario& scenario,
                                          const ScenarioResult& stored) {
  const auto claims = claims_of(results);
  const std::string missing = scenario.needs.deciding_word([&](std::string_view word) { return claims.contains(word); });
  if (missing.empty()) return report::read_evidence(options.folder, stored);
  engine::Evidence evidence;
  evidence.scenario = scenario.id;
  evidence.unclaimed = missing;
  return evidence;
}

// Empty if the same comes out again.
std::string difference(const ScenarioResult& stored, const ScenarioResult& again) {
  if (stored.verdict != again.verdict) {
    return fmt::format("stored {}, derived {}{}", to_string(stored.verdict), to_string(again.verdict),
                       again.cause.empty() ? "" : ": " + again.cause);
  }
  const bool same_checks =
      std::equal(stored.checks.begin(), stored.checks.end(), again.checks.begin(), again.checks.end(), [](const auto& a, const auto& b) {
        return a.check == b.check && a.exchange == b.exchange && a.verdict == b.verdict && a.observed == b.observed;
      });
  if (!same_checks) return "same verdict, other check results";
  return stored.cause == again.cause ? "" : "same verdict, other cause: " + again.cause;
}

std::string verify_one(const VerifyOptions& options, const report::Results& results, const Data& data, const ScenarioResult& stored) {
  const auto scenario =
      std::find_if(data.scenarios.begin(), data.scenarios.end(), [&](const engine::Scenario& one) { return one.id == stored.id; });
  if (scenario == data.scenarios.end()) return "this scenario is not known here; give its folder with --scenarios";
  const auto evidence = evidence_of(options, results, *scenario, stored);
  if (!evidence) return evidence.error().message;
  if (evidence->scenario != stored.id) return "the evidence belongs to '" + evidence->scenario + "'";
  return difference(stored, engine::judge(*scenario, *evidence, data.vocabulary, {results.strict, results.target}));
}

int verify(const VerifyOptions& options) {
  const auto results = report::read_results(options.folder);
  if (!results) return complain(results.error().message);
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  if (results->scenarios.empty()) return complain(options.folder + ": it holds no scenario results");
  const bool same_set = results->digest == data->digest;
  if (!same_set) std::cerr << "estspec: note: the results come from another set of scenarios; differences may be due to that\n";
  engine::Json differences = engine::Json::array();
  for (const auto& stored : results->scenarios) {
    const std::string found = verify_one(options, *results, *data, stored);
    if (found.empty()) continue;
    differences.push_back({{"id", stored.id}, {"difference", found}});
    if (!options.json) std::cout << stored.id << ": " << found << "\n";
  }
  if (options.json) print({{"scenarios", results->scenarios.size()}, {"same_scenario_set", same_set}, {"differences", differences}});
  if (!options.json) std::cout << fmt::format("{} verdicts derived again, {} differences\n", results->scenarios.size(), differences.size());
  return differences.empty() ? 0 : ExitCode::nonconformant;
}

}  // namespace

void add_verify(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("verify", "derive every verdict again from stored evidence, offline");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("DIR", options->folder, "results folder of a run")->required();
  add_data_options(*command, options->data, false);
  command->add_flag("--json", options->json, "print data instead of text");
  command->footer("Exit codes: 0 all the same, 1 differences, 4 the folder cannot be read.");
  command->callback([=, &run] { run = [=] { return verify(*options); }; });
}

}  // namespace conformance::cli
