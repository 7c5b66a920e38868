#include "conformance/selftest/matrix.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace conformance::selftest {

using engine::Scenario;
using engine::ScenarioResult;
using engine::Verdict;

namespace {

bool is_kill(Verdict verdict) { return verdict == Verdict::fail || verdict == Verdict::warn; }

bool has_tag(const Scenario& scenario, std::string_view tag) {
  return std::find(scenario.tags.begin(), scenario.tags.end(), tag) != scenario.tags.end();
}

bool holds(const std::vector<std::string>& list, std::string_view id) { return std::find(list.begin(), list.end(), id) != list.end(); }

// "EST-SE-*" or a whole id.
bool matches(const std::vector<std::string>& patterns, std::string_view id) {
  return std::any_of(patterns.begin(), patterns.end(), [id](std::string_view pattern) {
    if (pattern.ends_with('*')) return id.starts_with(pattern.substr(0, pattern.size() - 1));
    return id == pattern;
  });
}

bool promises_hostile(const Promised& fault, const std::vector<Scenario>& all) {
  return std::any_of(all.begin(), all.end(),
                     [&](const Scenario& scenario) { return has_tag(scenario, "hostile") && holds(fault.kills, scenario.id); });
}

// Slow scenarios (tag `slow`: they wait) run only where they are promised to fail. The many hostile ones (tag `hostile`) run under the
// faults that are about hostile input: what they look at otherwise, a sound certificate and a plain refusal, other scenarios look at too.
std::vector<Scenario> worth_running(const std::vector<Scenario>& all, const Promised& fault, bool promised_only) {
  std::vector<Scenario> chosen;
  const bool hostile = promises_hostile(fault, all);
  for (const Scenario& scenario : all) {
    const bool promised = holds(fault.kills, scenario.id);
    const bool left_out = promised_only || fault.fatal || has_tag(scenario, "slow") || (has_tag(scenario, "hostile") && !hostile);
    if (promised || !left_out) chosen.push_back(scenario);
  }
  return chosen;
}

bool is_one_of(const std::vector<Scenario>& scenarios, std::string_view id) {
  return std::any_of(scenarios.begin(), scenarios.end(), [id](const Scenario& scenario) { return scenario.id == id; });
}

bool promises_any(const Promised& fault, const std::vector<Scenario>& scenarios) {
  return std::any_of(fault.kills.begin(), fault.kills.end(), [&](const std::string& id) { return is_one_of(scenarios, id); });
}

using Told = std::map<std::string, ScenarioResult, std::less<>>;  // by scenario, of those that were run

bool is_unexplained(const Promised& fault, const ScenarioResult& result) {
  return result.verdict == Verdict::fail && !holds(fault.kills, result.id) && !matches(fault.also, result.id);
}

bool is_in_doubt(const Promised& fault, const ScenarioResult& result) {
  return is_unexplained(fault, result) || (holds(fault.kills, result.id) && !is_kill(result.verdict));
}

// A busy machine can hide what depends on time, and a scenario can suffer from what another left behind: what is not as promised is looked
// at again, by itself, against a peer that has seen nothing yet.
constexpr int further_looks = 2;

void look_again(const Role& role, std::size_t number, const std::vector<Scenario>& scenarios, Told& told, std::vector<std::string>& again) {
  const Promised& fault = role.faults[number];
  std::vector<Scenario> doubtful;
  for (const Scenario& scenario : scenarios)
    if (const auto found = told.find(scenario.id); found != told.end() && is_in_doubt(fault, found->second)) doubtful.push_back(scenario);
  if (doubtful.empty()) return;
  const auto results = role.run(number, doubtful, 1);
  if (!results) return;
  for (const ScenarioResult& result : *results) {
    if (is_in_doubt(fault, result)) continue;
    told.insert_or_assign(result.id, result);
    again.push_back(result.id);
  }
}

// As a real run does: what did not pass beside others is run by itself, and that verdict counts.
void look_at_baseline_again(const Role& role, const std::vector<Scenario>& scenarios, std::vector<ScenarioResult>& baseline) {
  for (ScenarioResult& result : baseline) {
    if (result.verdict == Verdict::pass) continue;
    const auto scenario = std::find_if(scenarios.begin(), scenarios.end(), [&](const Scenario& each) { return each.id == result.id; });
    if (scenario == scenarios.end()) continue;
    if (auto alone = role.run(std::nullopt, {*scenario}, 1); alone && !alone->empty()) result = alone->front();
  }
}

FaultRow row_of(const Promised& fault, const Told& told, const MatrixOptions& options) {
  FaultRow row{.id = fault.id, .sentence = fault.sentence};
  for (const auto& [id, result] : told) {
    if (is_kill(result.verdict)) row.killed.emplace(id, result.verdict);
    if (is_unexplained(fault, result)) row.unexplained.push_back(id);
  }
  for (const std::string& id : fault.kills) {
    const auto found = told.find(id);
    if (row.killed.contains(id) || (options.selected && found == told.end())) continue;
    if (found == told.end()) {
      row.survived.push_back(id + " (there is no such scenario)");
      continue;
    }
    const std::string& cause = found->second.cause;
    row.survived.push_back(id + " (" + std::string(engine::to_string(found->second.verdict)) + (cause.empty() ? "" : ": " + cause) + ")");
  }
  return row;
}

FaultRow run_fault(const Role& role, std::size_t number, const std::vector<Scenario>& scenarios, const MatrixOptions& options) {
  const Promised& fault = role.faults[number];
  const auto results = role.run(number, worth_running(scenarios, fault, options.promised_only), 1);
  if (!results) return {.id = fault.id, .sentence = fault.sentence, .trouble = results.error().message};
  Told told;
  for (const ScenarioResult& result : *results) told.emplace(result.id, result);
  std::vector<std::string> again;
  for (int look = 0; look < further_looks; ++look) look_again(role, number, scenarios, told, again);
  FaultRow row = row_of(fault, told, options);
  row.again = std::move(again);
  row.promised = !options.selected || promises_any(fault, scenarios);
  return row;
}

std::vector<std::string> never_killed(const std::vector<Scenario>& scenarios, const std::vector<FaultRow>& rows) {
  std::vector<std::string> ids;
  for (const Scenario& scenario : scenarios) {
    const bool killed = std::any_of(rows.begin(), rows.end(), [&](const FaultRow& row) { return row.killed.contains(scenario.id); });
    if (!killed) ids.push_back(scenario.id);
  }
  return ids;
}

bool is_chosen(const Promised& fault, const MatrixOptions& options) {
  return options.only_faults.empty() || matches(options.only_faults, fault.id);
}

// Their numbers in the role's list.
std::vector<std::size_t> faults_to_run(const Role& role, const std::vector<Scenario>& scenarios, const MatrixOptions& options) {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < role.faults.size(); ++i) {
    const bool idle = options.selected && options.promised_only && !promises_any(role.faults[i], scenarios);
    if (is_chosen(role.faults[i], options) && !idle) numbers.push_back(i);
  }
  return numbers;
}

std::vector<FaultRow> run_faults(const Role& role, const std::vector<std::size_t>& numbers, const std::vector<Scenario>& scenarios,
                                 const MatrixOptions& options) {
  std::vector<FaultRow> rows(numbers.size());
  std::atomic<std::size_t> next{0};
  std::mutex reporting;
  const auto work = [&] {
    for (std::size_t i = next++; i < numbers.size(); i = next++) {
      rows[i] = run_fault(role, numbers[i], scenarios, options);
      const std::lock_guard lock(reporting);
      if (options.finished) options.finished(rows[i]);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1U, options.threads); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return rows;
}

std::string list(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : ", ") + id;
  return text;
}

bool is_clean(const FaultRow& row) {
  return row.trouble.empty() && row.survived.empty() && row.unexplained.empty() && (!row.killed.empty() || !row.promised);
}

std::string row_text(const FaultRow& row) {
  std::string text = (is_clean(row) ? "ok   " : "BAD  ") + row.id + "  " + row.sentence + "\n     killed:";
  for (const auto& [id, verdict] : row.killed) text += " " + id + (verdict == Verdict::warn ? "(warn)" : "");
  if (row.killed.empty()) text += " nothing";
  text += "\n";
  if (!row.trouble.empty()) text += "     could not run: " + row.trouble + "\n";
  if (!row.again.empty()) text += "     as promised only when looked at again: " + list(row.again) + "\n";
  if (!row.survived.empty()) text += "     promised to fail but did not: " + list(row.survived) + "\n";
  if (!row.unexplained.empty()) text += "     failed without explanation: " + list(row.unexplained) + "\n";
  return text;
}

}  // namespace

std::vector<std::string> Matrix::unclean() const {
  std::vector<std::string> ids;
  for (const ScenarioResult& result : baseline) {
    if (result.verdict != Verdict::pass)
      ids.push_back(result.id + " " + std::string(engine::to_string(result.verdict)) + ": " + result.cause);
  }
  return ids;
}

bool Matrix::green() const {
  return trouble.empty() && !baseline.empty() && unclean().empty() && unkilled.empty() &&
         std::all_of(faults.begin(), faults.end(), is_clean);
}

bool any_fault_chosen(const Role& role, const MatrixOptions& options) {
  return std::any_of(role.faults.begin(), role.faults.end(), [&](const Promised& fault) { return is_chosen(fault, options); });
}

Matrix run_matrix(const Role& role, const std::vector<Scenario>& scenarios, const MatrixOptions& options) {
  Matrix matrix;
  auto baseline = role.run(std::nullopt, scenarios, std::max(4U, options.threads));
  if (!baseline) {
    matrix.trouble = baseline.error().message;
    return matrix;
  }
  matrix.baseline = *std::move(baseline);
  look_at_baseline_again(role, scenarios, matrix.baseline);
  matrix.faults = run_faults(role, faults_to_run(role, scenarios, options), scenarios, options);
  matrix.complete = options.only_faults.empty();
  if (matrix.complete) matrix.unkilled = never_killed(scenarios, matrix.faults);
  return matrix;
}

std::string to_text(const Matrix& matrix) {
  std::string text;
  for (const FaultRow& row : matrix.faults) text += row_text(row);
  for (const std::string& problem : matrix.unclean()) text += "the reference does not pass " + problem + "\n";
  if (!matrix.unkilled.empty()) text += "no fault makes these fail: " + list(matrix.unkilled) + "\n";
  if (!matrix.trouble.empty()) text += "the reference could not be started: " + matrix.trouble + "\n";
  const auto clean = std::count_if(matrix.faults.begin(), matrix.faults.end(), is_clean);
  text += std::to_string(matrix.baseline.size()) + " scenarios, " + std::to_string(matrix.baseline.size() - matrix.unclean().size()) +
          " pass on the reference" +
          (matrix.complete ? ", " + std::to_string(matrix.baseline.size() - matrix.unkilled.size()) + " killed" : "") + "; " +
          std::to_string(matrix.faults.size()) + " faults, " + std::to_string(clean) + " caught as promised: " +
          (!matrix.green()   ? "THE MATRIX HAS HOLES"
           : matrix.complete ? "the matrix is full"
                             : "as far as run, no holes") +
          "\n";
  return text;
}

engine::Json to_json(const Matrix& matrix) {
  engine::Json json = {
      {"green", matrix.green()}, {"unclean", matrix.unclean()}, {"unkilled", matrix.unkilled}, {"trouble", matrix.trouble}};
  json["faults"] = engine::Json::array();
  for (const FaultRow& row : matrix.faults) {
    engine::Json killed = engine::Json::object();
    for (const auto& [id, verdict] : row.killed) killed[id] = engine::to_key(verdict);
    json["faults"].push_back({{"id", row.id},
                              {"sentence", row.sentence},
                              {"killed", killed},
                              {"survived", row.survived},
                              {"unexplained", row.unexplained},
                              {"again", row.again},
                              {"trouble", row.trouble}});
  }
  return json;
}

}  // namespace conformance::selftest
