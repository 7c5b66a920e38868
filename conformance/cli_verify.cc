// estspec verify: every verdict derived again from the stored evidence, without a target.
#include "conformance/cli_verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "conformance/cli_command.h"
#include "conformance/engine/judge.h"
#include "conformance/report/folder.h"
#include "conformance/report/manifest.h"
#include "est/base/text.h"

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
est::Result<engine::Evidence> evidence_of(const std::string& folder, const report::Results& results, const engine::Scenario& scenario,
                                          const ScenarioResult& stored) {
  const auto claims = claims_of(results);
  const std::string missing = scenario.needs.deciding_word([&](std::string_view word) { return claims.contains(word); });
  if (missing.empty()) return report::read_evidence(folder, stored);
  engine::Evidence evidence;
  evidence.scenario = scenario.id;
  evidence.unclaimed = missing;
  return evidence;
}

// Empty if the same comes out again.
std::string difference_between(const ScenarioResult& stored, const ScenarioResult& again) {
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

// What counts is for the set to say. A later erratum may have taken more out of the score; nothing puts a scenario back.
std::string score_difference(const report::Results& results, const Data& data, const ScenarioResult& stored) {
  if (stored.not_scored.empty()) return {};
  if (!results.set) return "stored as not scored, though no set was named";
  const auto set =
      std::find_if(data.sets.begin(), data.sets.end(), [&](const engine::ScenarioSet& one) { return one.name == results.set->name; });
  if (set == data.sets.end() || set->digest != results.set->digest)
    return "the set " + results.set->name + " is not known here, or is another";
  return set->not_scored(stored.id).empty() ? "stored as not scored, though " + set->name + " scores it" : std::string();
}

std::string verify_one(const std::string& folder, const report::Results& results, const Data& data, const ScenarioResult& stored) {
  const auto scenario =
      std::find_if(data.scenarios.begin(), data.scenarios.end(), [&](const engine::Scenario& one) { return one.id == stored.id; });
  if (scenario == data.scenarios.end()) return "this scenario is not known here; give its folder with --scenarios";
  const auto evidence = evidence_of(folder, results, *scenario, stored);
  if (!evidence) return evidence.error().message;
  if (evidence->scenario != stored.id) return "the evidence belongs to '" + evidence->scenario + "'";
  if (std::string score = score_difference(results, data, stored); !score.empty()) return score;
  return difference_between(stored, engine::judge(*scenario, *evidence, data.vocabulary, {results.strict, results.target}));
}

engine::Json to_json(const std::vector<Difference>& differences) {
  engine::Json list = engine::Json::array();
  for (const auto& one : differences) list.push_back({{"id", one.where}, {"difference", one.sentence}});
  return list;
}

int verify(const VerifyOptions& options) {
  const auto results = report::read_results(options.folder);
  if (!results) return complain(results.error().message);
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  if (results->scenarios.empty()) return complain(options.folder + ": it holds no scenario results");
  const bool same_set = results->digest == data->digest;
  if (!same_set) std::cerr << "estspec: note: the results come from another set of scenarios; differences may be due to that\n";
  const auto found = differences(options.folder, *results, *data);
  if (options.json) {
    print({{"scenarios", results->scenarios.size()}, {"same_scenario_set", same_set}, {"differences", to_json(found)}});
  } else {
    for (const auto& one : found) std::cout << est::printable(one.where + ": " + one.sentence, 2000) << "\n";
    std::cout << fmt::format("{} verdicts derived again, {} differences\n", results->scenarios.size(), found.size());
  }
  return found.empty() ? 0 : ExitCode::nonconformant;
}

}  // namespace

std::vector<Difference> differences(const std::string& folder, const report::Results& results, const Data& data) {
  std::vector<Difference> found;
  const auto content = report::read_folder(folder);
  if (!content) return {{"files", content.error().message}};
  for (auto& problem : report::manifest_problems(*content)) found.push_back({"files", std::move(problem)});
  for (const auto& stored : results.scenarios)
    if (std::string one = verify_one(folder, results, data, stored); !one.empty()) found.push_back({stored.id, std::move(one)});
  return found;
}

void add_verify(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("verify", "derive every verdict again from stored evidence, offline, and find changed files");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("DIR", options->folder, "results folder of a run")->required();
  add_data_options(*command, options->data, false);
  command->add_flag("--json", options->json, "print data instead of text");
  command->footer("Exit codes: 0 all the same, 1 differences, 4 the folder cannot be read.");
  command->callback([=, &run] { run = [=] { return verify(*options); }; });
}

}  // namespace conformance::cli
