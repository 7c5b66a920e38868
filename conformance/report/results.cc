#include "conformance/report/results.h"

#include <ctime>

#include "conformance/engine/json.h"

namespace conformance::report {

namespace {

using engine::CheckResult;
using engine::Json;
using engine::JsonReader;
using engine::ScenarioResult;
using engine::to_utf8;
using engine::Verdict;

constexpr std::size_t most_entries = 100000;

Json json_of(const CheckResult& check) {
  return Json{{"check", to_utf8(check.check)},       {"exchange", to_utf8(check.exchange)},
              {"verdict", to_key(check.verdict)},    {"observed", to_utf8(check.observed)},
              {"expected", to_utf8(check.expected)}, {"interpretation", to_utf8(check.interpretation)},
              {"layer", to_utf8(check.layer)}};
}

Json json_of(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const auto& text : texts) list.push_back(to_utf8(text));
  return list;
}

Json json_of(const engine::KnownDeviation& known) {
  return Json{{"reason", to_utf8(known.reason)}, {"owner", to_utf8(known.owner)}, {"expires", to_utf8(known.expires)}};
}

Json json_of(const StaleDeviation& stale) { return Json{{"scenario", to_utf8(stale.scenario)}, {"problem", to_utf8(stale.problem)}}; }

Json json_of(const ReviewFinding& one) {
  return Json{{"claim", to_utf8(one.claim)}, {"claimed", one.claimed}, {"seen", to_utf8(one.seen)}};
}

Json json_of(const engine::ObtainedCertificate& one) {
  return Json{{"serial", to_utf8(one.serial)},   {"issuer", to_utf8(one.issuer)},
              {"subject", to_utf8(one.subject)}, {"not_after", est::iso8601(one.not_after)},
              {"not_after_unix", one.not_after}, {"scenario", to_utf8(one.scenario)},
              {"step", to_utf8(one.step)}};
}

Json whole_json_of(const ScenarioResult& result) {
  Json checks = Json::array();
  for (const auto& check : result.checks) checks.push_back(json_of(check));
  return Json{{"id", to_utf8(result.id)},
              {"title", to_utf8(result.title)},
              {"level", to_string(result.level)},
              {"role", to_utf8(result.role)},
              {"section", to_utf8(result.section)},
              {"requirements", json_of(result.requirements)},
              {"verdict", to_key(result.verdict)},
              {"cause", to_utf8(result.cause)},
              {"cure", to_utf8(result.cure)},
              {"control", to_utf8(result.control)},
              {"checks", std::move(checks)},
              {"events", json_of(result.events)},
              {"evidence", to_utf8(result.evidence)},
              {"reproduce", to_utf8(result.reproduce)},
              {"seconds", result.seconds}};
}

Json json_of(const ScenarioResult& result) {
  Json json = whole_json_of(result);
  if (result.deviation) json["deviation"] = json_of(*result.deviation);
  if (!result.not_scored.empty()) json["not_scored"] = to_utf8(result.not_scored);
  return json;
}

template <class T>
Json list_of(const std::vector<T>& items) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(json_of(item));
  return list;
}

Verdict read_verdict(JsonReader& reader) {
  const auto verdict = engine::verdict_by_key(reader.text("verdict"));
  if (!verdict) reader.complain("verdict", "is no verdict");
  return verdict.value_or(Verdict::error);
}

std::string read(const Json& json, CheckResult& check) {
  JsonReader reader(json, "check");
  check.check = reader.text("check");
  check.exchange = reader.text("exchange");
  check.verdict = read_verdict(reader);
  check.observed = reader.text("observed");
  check.expected = reader.text("expected");
  check.interpretation = reader.text("interpretation");
  check.layer = reader.text("layer");
  return reader.problem();
}

template <class T>
void read_list(JsonReader& reader, const char* key, std::vector<T>& into);

engine::KnownDeviation read_known(const Json& json) {
  JsonReader reader(json, "deviation");
  return {reader.text("reason"), reader.text("owner"), reader.text("expires")};
}

ScoredBy read_set(const Json& json) {
  JsonReader reader(json, "set");
  return {reader.text("name"), reader.text("digest")};
}

std::string read(const Json& json, ScenarioResult& result) {
  JsonReader reader(json, "scenario");
  result.id = reader.text("id");
  result.title = reader.text("title");
  const auto level = engine::level_by_name(reader.text("level"));
  if (!level) reader.complain("level", "is no level");
  result.level = level.value_or(engine::Level::must);
  result.role = reader.text("role");
  result.section = reader.text("section");
  result.requirements = reader.texts("requirements");
  result.verdict = read_verdict(reader);
  result.cause = reader.text("cause");
  result.cure = reader.text("cure");
  result.control = reader.text("control");
  read_list(reader, "checks", result.checks);
  result.events = reader.texts("events");
  result.evidence = reader.text("evidence");
  result.reproduce = reader.text("reproduce");
  result.seconds = reader.real("seconds");
  if (json.is_object() && json.contains("deviation")) {
    if (const Json* known = reader.object("deviation")) result.deviation = read_known(*known);
  }
  if (json.is_object() && json.contains("not_scored")) result.not_scored = reader.text("not_scored");
  return reader.problem();
}

std::string read(const Json& json, StaleDeviation& stale) {
  JsonReader reader(json, "stale");
  stale.scenario = reader.text("scenario");
  stale.problem = reader.text("problem");
  return reader.problem();
}

std::string read(const Json& json, ReviewFinding& one) {
  JsonReader reader(json, "review");
  one.claim = reader.text("claim");
  one.claimed = reader.boolean("claimed");
  one.seen = reader.text("seen");
  return reader.problem();
}

std::string read(const Json& json, engine::ObtainedCertificate& one) {
  JsonReader reader(json, "certificate");
  one.serial = reader.text("serial");
  one.issuer = reader.text("issuer");
  one.subject = reader.text("subject");
  one.not_after = reader.integer("not_after_unix", INT64_MIN);
  one.scenario = reader.text("scenario");
  one.step = reader.text("step");
  return reader.problem();
}

template <class T>
void read_list(JsonReader& reader, const char* key, std::vector<T>& into) {
  const Json* list = reader.list(key);
  if (list == nullptr) return;
  if (list->size() > most_entries) return reader.complain(key, "has too many entries");
  for (const Json& json : *list) {
    const std::string problem = read(json, into.emplace_back());
    if (!problem.empty()) return reader.complain(key, ": " + problem);
  }
}

std::map<Verdict, std::size_t> totals_of(const std::vector<ScenarioResult>& scenarios, bool (*counts)(const ScenarioResult&)) {
  std::map<Verdict, std::size_t> totals;
  for (const Verdict verdict :
       {Verdict::not_applicable, Verdict::pass, Verdict::warn, Verdict::inconclusive, Verdict::fail, Verdict::error}) {
    totals[verdict] = 0;
  }
  for (const auto& scenario : scenarios) totals[scenario.verdict] += counts(scenario) ? 1U : 0U;
  return totals;
}

Json json_of(const std::map<Verdict, std::size_t>& totals) {
  Json json = Json::object();
  for (const auto& [verdict, count] : totals) json[std::string(to_key(verdict))] = count;
  return json;
}

Json set_of(const Results& results) {
  std::size_t scored = 0;
  for (const auto& [verdict, count] : results.scored()) scored += count;
  return Json{{"name", to_utf8(results.set->name)},
              {"digest", to_utf8(results.set->digest)},
              {"totals", json_of(results.scored())},
              {"not_scored", results.scenarios.size() - scored}};
}

}  // namespace

std::map<Verdict, std::size_t> Results::totals() const {
  return totals_of(scenarios, [](const ScenarioResult&) { return true; });
}

std::map<Verdict, std::size_t> Results::scored() const {
  return totals_of(scenarios, [](const ScenarioResult& result) { return result.not_scored.empty(); });
}

std::string sentence_of(const ReviewFinding& finding) {
  return "'" + finding.claim + "' is " + (finding.claimed ? "claimed, but was not seen: " : "not claimed, but seems to be there: ") +
         finding.seen;
}

int exit_code(const Results& results) {
  const auto totals = results.scored();
  std::map<Verdict, std::size_t> known;
  for (const auto& scenario : results.scenarios) known[scenario.verdict] += scenario.deviation && scenario.not_scored.empty() ? 1U : 0U;
  if (totals.at(Verdict::fail) > known[Verdict::fail]) return 1;
  if (totals.at(Verdict::error) > 0) return 5;
  if (!results.stale.empty()) return 3;
  if (totals.at(Verdict::inconclusive) > known[Verdict::inconclusive]) return 2;
  return totals.at(Verdict::pass) + totals.at(Verdict::warn) > 0 ? 0 : 4;
}

Json to_json(const Results& results) {
  Json json{{"format", results.format},
            {"suite",
             {{"name", "estspec"},
              {"version", to_utf8(results.suite_version)},
              {"scenario_set", to_utf8(results.scenario_set)},
              {"digest", to_utf8(results.digest)}}},
            {"target", results.target},
            {"strict", results.strict},
            {"started", est::iso8601(results.started)},
            {"started_unix", results.started},
            {"seconds", results.seconds},
            {"command", to_utf8(results.command)},
            {"exit_code", exit_code(results)},
            {"totals", json_of(results.totals())},
            {"scenarios", list_of(results.scenarios)},
            {"certify", results.certify},
            {"stale", list_of(results.stale)},
            {"review", list_of(results.review)},
            {"certificates", list_of(results.certificates)}};
  if (results.set) json["set"] = set_of(results);
  return json;
}

est::Result<Results> results_from_json(const Json& json) {
  JsonReader reader(json, "results");
  Results results;
  if (reader.integer("format") != 1) reader.complain("format", "is not 1, the only one this version reads");
  if (const Json* suite = reader.object("suite")) {
    JsonReader inner(*suite, "suite");
    results.suite_version = inner.text("version");
    results.scenario_set = inner.text("scenario_set");
    results.digest = inner.text("digest");
    if (!inner.problem().empty()) reader.complain("suite", ": " + inner.problem());
  }
  if (const Json* target = reader.object("target")) results.target = *target;
  results.strict = reader.boolean("strict");
  results.started = reader.integer("started_unix", INT64_MIN);
  results.seconds = reader.real("seconds");
  results.command = reader.text("command");
  read_list(reader, "scenarios", results.scenarios);
  // Results of an earlier version have none of these.
  if (json.is_object() && json.contains("set")) {
    if (const Json* set = reader.object("set")) results.set = read_set(*set);
  }
  if (json.is_object() && json.contains("certify")) results.certify = reader.boolean("certify");
  if (json.is_object() && json.contains("stale")) read_list(reader, "stale", results.stale);
  if (json.is_object() && json.contains("review")) read_list(reader, "review", results.review);
  if (json.is_object() && json.contains("certificates")) read_list(reader, "certificates", results.certificates);
  if (!reader.problem().empty()) return est::Error{reader.problem()};
  return results;
}

}  // namespace conformance::report
