#include <fmt/format.h>

#include "conformance/engine/json.h"
#include "conformance/report/exchange_forms.h"
#include "est/base/text.h"

namespace conformance::report {
namespace {

using engine::ScenarioResult;
using engine::Verdict;

// A '#' would begin a directive.
std::string tap_words(std::string_view text) {
  std::string safe;
  for (const char c : est::printable(text, 500)) {
    if (c == '#' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe;
}

// JSON strings are YAML.
std::string yaml_string(const std::string& text) {
  return engine::print_json(engine::Json(engine::to_utf8(est::printable(text, 2000))), -1);
}

std::string directive(const ScenarioResult& result) {
  if (result.verdict == Verdict::not_applicable) return " # SKIP " + tap_words(result.cause);
  if (!result.not_scored.empty())
    return " # TO"
           "DO not scored: " +
           tap_words(result.not_scored);
  if (result.deviation)
    return " # TO"
           "DO known until " +
           tap_words(result.deviation->expires) + ": " + tap_words(result.deviation->reason);
  return {};
}

std::string diagnostics(const ScenarioResult& result) {
  std::string text =
      fmt::format("  ---\n  verdict: {}\n  message: {}\n", yaml_string(std::string(to_string(result.verdict))), yaml_string(result.cause));
  for (const auto& check : result.checks) {
    if (check.verdict == Verdict::pass) continue;
    text += fmt::format("  expected: {}\n  observed: {}\n", yaml_string(check.expected), yaml_string(check.observed));
    break;
  }
  if (!result.requirements.empty()) text += "  requirements: " + yaml_string(est::join(result.requirements, ", ")) + "\n";
  if (!result.evidence.empty()) text += "  evidence: " + yaml_string(result.evidence) + "\n";
  return text + "  ...\n";
}

}  // namespace

std::string tap(const Results& results) {
  std::string text = fmt::format("TAP version 14\n1..{}\n", results.scenarios.size());
  std::size_t number = 0;
  for (const auto& result : results.scenarios) {
    const bool good = result.verdict == Verdict::pass || result.verdict == Verdict::warn || result.verdict == Verdict::not_applicable;
    text +=
        fmt::format("{}ok {} - {} {}{}\n", good ? "" : "not ", ++number, tap_words(result.id), tap_words(result.title), directive(result));
    if (result.verdict != Verdict::pass && result.verdict != Verdict::not_applicable) text += diagnostics(result);
  }
  return text;
}

}  // namespace conformance::report
