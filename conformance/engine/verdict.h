// Verdicts (ISO/IEC 9646, plus WARN) and what they are made of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conformance::engine {

// In the order of getting worse; a scenario's verdict only moves right.
enum class Verdict { not_applicable, pass, warn, inconclusive, fail, error };

[[nodiscard]] std::string_view to_string(Verdict verdict) noexcept;  // "PASS", "NOT APPLICABLE" ...
[[nodiscard]] std::string_view to_key(Verdict verdict) noexcept;     // "pass", "not_applicable" ...: the totals of results.json
[[nodiscard]] std::optional<Verdict> verdict_by_key(std::string_view key);
[[nodiscard]] Verdict worse(Verdict a, Verdict b) noexcept;

enum class Level { must, should, may };
[[nodiscard]] std::string_view to_string(Level level) noexcept;  // "MUST"
[[nodiscard]] std::optional<Level> level_by_name(std::string_view name);

// What one check found on one exchange.
struct CheckResult {
  std::string check;                // as scripted, e.g. "status: {any-of: [4xx]}"
  std::string exchange;             // name
  Verdict verdict = Verdict::pass;  // pass, warn, inconclusive or fail
  std::string observed;             // one sentence: what the target did
  std::string expected;             // all permitted outcomes
  std::string interpretation;       // "INT-19" when the reading is contested
  std::string layer;                // "TCP", "TLS", "HTTP", "CMS", "policy": the layer that answered
};

// The owner of the target knows of this and says why, until a day.
struct KnownDeviation {
  std::string reason, owner, expires;
};

struct ScenarioResult {
  std::string id, title, role, section;
  Level level = Level::must;
  std::vector<std::string> requirements;
  Verdict verdict = Verdict::pass;
  std::string cause;    // one sentence; empty for PASS
  std::string cure;     // for INCONCLUSIVE: what would make it conclusive
  std::string control;  // "passed", "failed: ...", or empty when the scenario has none
  std::vector<CheckResult> checks;
  std::vector<std::string> events;  // what was observed, in order, one line each; empty for PASS and NOT APPLICABLE
  std::string evidence;             // path relative to the results folder
  std::string reproduce;            // the decisive request without the suite, as a shell command; empty where none exists
  double seconds = 0;
  std::optional<KnownDeviation> deviation;  // the verdict stands, but does not fail the run
  std::string not_scored;                   // why it counts for nothing in a run against a frozen set; empty when it counts
};

}  // namespace conformance::engine
