#include "conformance/report/markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "est/base/text.h"

namespace conformance::report {
namespace {

using engine::ScenarioResult;
using engine::Verdict;

// Every character that could begin markup, as itself; on one line.
std::string plain(std::string_view text) {
  constexpr std::string_view special = "\\`*_[]<>#|~&@";
  std::string safe;
  for (const char c : est::printable(text, 500)) {
    if (special.find(c) != std::string_view::npos)
      safe += fmt::format("&#{};", static_cast<int>(static_cast<unsigned char>(c)));
    else
      safe += c;
  }
  return safe;
}

std::string field(const engine::Json& target, const char* key) {
  const auto found = target.is_object() ? target.find(key) : target.end();
  return target.is_object() && found != target.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string counts(const std::map<Verdict, std::size_t>& totals) {
  std::string head = "|", rule = "|", line = "|";
  for (const auto& [verdict, count] : totals) {
    if (count == 0) continue;
    head += fmt::format(" {} |", to_string(verdict));
    rule += " ---: |";
    line += fmt::format(" {} |", count);
  }
  return head + "\n" + rule + "\n" + line + "\n";
}

std::string finding(const ScenarioResult& result) {
  const std::string score = result.not_scored.empty() ? "" : " (not scored)";
  const std::string known = result.deviation ? fmt::format(" (known until {})", plain(result.deviation->expires)) : std::string();
  return fmt::format("| {}{}{} | {} | {} | {} |\n", to_string(result.verdict), known, score, plain(result.id), plain(result.title),
                     plain(result.cause));
}

}  // namespace

std::string markdown_summary(const Results& results, std::size_t most_findings) {
  const std::string name = field(results.target, "name");
  std::string text =
      fmt::format("## {}: {}\n\n{} scenarios in {:.1f} s, estspec {}\n\n{}", plain(name.empty() ? "EST" : name), plain(conclusion(results)),
                  results.scenarios.size(), results.seconds, plain(results.suite_version), counts(results.totals()));
  if (results.set)
    text +=
        fmt::format("\nScored by {} (digest {}):\n\n{}", plain(results.set->name), plain(results.set->digest), counts(results.scored()));
  std::vector<const ScenarioResult*> found;
  for (const auto& result : results.scenarios)
    if (result.verdict != Verdict::pass && result.verdict != Verdict::not_applicable) found.push_back(&result);
  std::stable_sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->verdict > b->verdict; });
  if (!found.empty()) text += "\n| verdict | scenario | what a conformant product does | what was seen |\n| --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < std::min(found.size(), most_findings); ++i) text += finding(*found[i]);
  if (found.size() > most_findings) text += fmt::format("\n{} more are in the report.\n", found.size() - most_findings);
  return text;
}

}  // namespace conformance::report
