#include "conformance/report/compare.h"

#include <algorithm>
#include <map>

namespace conformance::report {
namespace {

using engine::ScenarioResult;
using engine::Verdict;

std::string told(const ScenarioResult& result) {
  return std::string(to_string(result.verdict)) + (result.not_scored.empty() ? "" : " (not scored)") +
         (result.cause.empty() ? "" : ": " + result.cause);
}

Change::Kind kind_of_change(Verdict before, Verdict after) {
  if (before == after || before == Verdict::not_applicable || after == Verdict::not_applicable) return Change::Kind::other;
  return after > before ? Change::Kind::worse : Change::Kind::better;
}

std::map<std::string, const ScenarioResult*, std::less<>> by_id(const Results& results) {
  std::map<std::string, const ScenarioResult*, std::less<>> all;
  for (const auto& result : results.scenarios) all.emplace(result.id, &result);
  return all;
}

void note(std::vector<std::string>& sentences, std::string_view what, const std::string& before, const std::string& after) {
  if (before != after)
    sentences.push_back(std::string(what) + ": " + (before.empty() ? "none" : before) + " before, " + (after.empty() ? "none" : after) +
                        " now");
}

std::string scored_by(const Results& results, std::string ScoredBy::*part) { return results.set ? (*results.set).*part : std::string(); }

std::string of_target(const Results& results, const char* key) {
  const auto found = results.target.is_object() ? results.target.find(key) : results.target.end();
  if (!results.target.is_object() || found == results.target.end()) return {};
  return found->is_string() ? found->get<std::string>() : engine::Json(*found).dump();
}

}  // namespace

std::string_view to_string(Change::Kind kind) noexcept {
  switch (kind) {
    case Change::Kind::worse:
      return "worse";
    case Change::Kind::better:
      return "better";
    case Change::Kind::appeared:
      return "new";
    case Change::Kind::gone:
      return "gone";
    case Change::Kind::other:
      return "changed";
  }
  return "";
}

std::vector<Change> compare(const Results& before, const Results& after) {
  std::vector<Change> changes;
  const auto earlier = by_id(before);
  const auto later = by_id(after);
  for (const auto& now : after.scenarios) {
    const auto then = earlier.find(now.id);
    if (then == earlier.end()) {
      changes.push_back({Change::Kind::appeared, now.id, now.title, "", told(now)});
    } else if (told(*then->second) != told(now)) {
      changes.push_back({kind_of_change(then->second->verdict, now.verdict), now.id, now.title, told(*then->second), told(now)});
    }
  }
  for (const auto& then : before.scenarios)
    if (!later.contains(then.id)) changes.push_back({Change::Kind::gone, then.id, then.title, told(then), ""});
  return changes;
}

std::vector<std::string> other_conditions(const Results& before, const Results& after) {
  std::vector<std::string> sentences;
  for (const char* key : {"name", "vendor", "version", "role"}) note(sentences, key, of_target(before, key), of_target(after, key));
  note(sentences, "claims", of_target(before, "claims"), of_target(after, "claims"));
  note(sentences, "estspec", before.suite_version, after.suite_version);
  note(sentences, "scenarios", before.scenario_set, after.scenario_set);
  if (before.scenario_set == after.scenario_set) note(sentences, "digest of the scenarios", before.digest, after.digest);
  const std::string set_before = scored_by(before, &ScoredBy::name), set_after = scored_by(after, &ScoredBy::name);
  note(sentences, "scored by", set_before, set_after);
  if (set_before == set_after)
    note(sentences, "digest of " + set_after, scored_by(before, &ScoredBy::digest), scored_by(after, &ScoredBy::digest));
  if (before.certify != after.certify)
    sentences.emplace_back(after.certify ? "for certification now, and not before" : "for certification before, and not now");
  if (before.strict != after.strict) sentences.emplace_back(after.strict ? "--strict now, and not before" : "--strict before, and not now");
  return sentences;
}

}  // namespace conformance::report
