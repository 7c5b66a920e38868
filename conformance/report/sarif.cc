#include <algorithm>

#include "conformance/engine/json.h"
#include "conformance/report/exchange_forms.h"
#include "est/base/text.h"

namespace conformance::report {
namespace {

using engine::Json;
using engine::ScenarioResult;
using engine::Verdict;

Json message(const std::string& text) { return Json{{"text", engine::to_utf8(est::printable(text, 4000))}}; }

bool is_result(const ScenarioResult& result) {
  return result.verdict == Verdict::fail || result.verdict == Verdict::warn || result.verdict == Verdict::inconclusive;
}

Json rule(const ScenarioResult& result, const std::vector<engine::Scenario>& scenarios) {
  Json one{{"id", engine::to_utf8(result.id)}, {"shortDescription", message(result.title)}};
  const auto found = std::find_if(scenarios.begin(), scenarios.end(), [&](const auto& scenario) { return scenario.id == result.id; });
  if (found != scenarios.end() && !found->why.empty()) one["fullDescription"] = message(found->why);
  Json tags = Json::array();
  for (const auto& id : result.requirements) tags.push_back(engine::to_utf8(id));
  one["properties"] = {{"tags", std::move(tags)}, {"level", std::string(to_string(result.level))}};
  return one;
}

Json sarif_result(const ScenarioResult& result) {
  const bool open = result.verdict == Verdict::inconclusive;
  Json one{{"ruleId", engine::to_utf8(result.id)},
           {"kind", open ? "open" : "fail"},
           {"level", open ? "none" : (result.verdict == Verdict::fail ? "error" : "warning")},
           {"message", message(result.cause + (result.cure.empty() ? "" : " To conclude: " + result.cure))},
           {"partialFingerprints", {{"scenario/v1", engine::to_utf8(result.id)}}}};
  const std::string where = result.evidence.empty() ? "results.json" : result.evidence;
  one["locations"] =
      Json::array({{{"physicalLocation", {{"artifactLocation", {{"uri", engine::to_utf8(where)}}}, {"region", {{"startLine", 1}}}}}}});
  if (!result.not_scored.empty()) {
    Json beside{{"kind", "external"}, {"justification", engine::to_utf8("not scored: " + result.not_scored)}};
    one["suppressions"] = Json::array({std::move(beside)});
  } else if (result.deviation) {
    Json known{{"kind", "external"}, {"justification", engine::to_utf8(result.deviation->reason)}};
    one["suppressions"] = Json::array({std::move(known)});
  }
  return one;
}

Json notification(const ScenarioResult& result) { return Json{{"level", "error"}, {"message", message(result.id + ": " + result.cause)}}; }

}  // namespace

std::string sarif(const Results& results, const std::vector<engine::Scenario>& scenarios) {
  Json rules = Json::array();
  Json found = Json::array();
  Json faults = Json::array();
  for (const auto& result : results.scenarios) {
    if (result.verdict == Verdict::error) faults.push_back(notification(result));
    if (!is_result(result)) continue;
    rules.push_back(rule(result, scenarios));
    found.push_back(sarif_result(result));
  }
  Json run{{"tool", {{"driver", {{"name", "estspec"}, {"version", engine::to_utf8(results.suite_version)}, {"rules", std::move(rules)}}}}},
           {"results", std::move(found)}};
  run["invocations"] = Json::array({{{"executionSuccessful", faults.empty()},
                                     {"startTimeUtc", est::iso8601(results.started)},
                                     {"toolExecutionNotifications", std::move(faults)}}});
  Json whole{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}};
  whole["runs"] = Json::array({std::move(run)});
  return engine::print_json(whole) + "\n";
}

}  // namespace conformance::report
