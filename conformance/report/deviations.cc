#include <fmt/format.h>
#include <algorithm>

#include "conformance/report/results.h"

namespace conformance::report {

namespace {

using engine::Deviation;
using engine::ScenarioResult;

bool covers(const Deviation& deviation, const std::string& id) {
  return id == deviation.scenario ||
         (id.size() > deviation.scenario.size() && id.starts_with(deviation.scenario) && id[deviation.scenario.size()] == '/');
}

// Empty when the entry describes what was seen.
std::string judge_entry(const Deviation& deviation, const std::vector<ScenarioResult*>& results, bool everything) {
  const std::string wanted(to_string(deviation.verdict));
  std::vector<std::string> other;
  for (const ScenarioResult* result : results) {
    if (result->verdict == deviation.verdict) return {};
    other.push_back(std::string(to_string(result->verdict)));
  }
  if (results.empty()) return everything ? "there is no such scenario in this run; correct the id or remove the entry" : "";
  std::sort(other.begin(), other.end());
  other.erase(std::unique(other.begin(), other.end()), other.end());
  if (other == std::vector<std::string>{"PASS"}) return "the scenario passes, though " + wanted + " is listed; remove the entry";
  if (other == std::vector<std::string>{"NOT APPLICABLE"})
    return "the scenario does not apply to this target; remove the entry, or claim the ability";
  return "listed as " + wanted + ", but it came to " + fmt::format("{}", fmt::join(other, " and ")) + "; look at it again";
}

std::string csv_field(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + "\"";
}

}  // namespace

void apply_deviations(Results& results, const std::vector<Deviation>& deviations, const std::string& today, bool everything) {
  for (const Deviation& deviation : deviations) {
    std::vector<ScenarioResult*> covered;
    for (auto& result : results.scenarios) {
      if (covers(deviation, result.id)) covered.push_back(&result);
    }
    std::string problem = judge_entry(deviation, covered, everything);
    // Dates of this form sort as text.
    const bool expired = deviation.expires < today;
    if (expired) problem = "it expired on " + deviation.expires + "; mend the target, or decide anew (" + deviation.owner + ")";
    if (!problem.empty()) results.stale.push_back({deviation.scenario, problem + " [" + deviation.place.to_string() + "]"});
    for (ScenarioResult* result : covered) {
      if (!expired && result->verdict == deviation.verdict) result->deviation = {deviation.reason, deviation.owner, deviation.expires};
    }
  }
}

std::string certificates_csv(const Results& results) {
  std::string text = "serial,issuer,subject,not_after,scenario,step\r\n";
  for (const auto& one : results.certificates) {
    const std::vector<std::string> fields{csv_field(one.serial),       csv_field(one.issuer),   csv_field(one.subject),
                                          est::iso8601(one.not_after), csv_field(one.scenario), csv_field(one.step)};
    text += fmt::format("{}\r\n", fmt::join(fields, ","));
  }
  return text;
}

}  // namespace conformance::report
