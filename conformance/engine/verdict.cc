#include "conformance/engine/verdict.h"

#include <algorithm>
#include <array>

namespace conformance::engine {

namespace {

struct Words {
  Verdict verdict;
  std::string_view text;
  std::string_view key;
};

constexpr std::array<Words, 6> all_words{{
    {Verdict::not_applicable, "NOT APPLICABLE", "not_applicable"},
    {Verdict::pass, "PASS", "pass"},
    {Verdict::warn, "WARN", "warn"},
    {Verdict::inconclusive, "INCONCLUSIVE", "inconclusive"},
    {Verdict::fail, "FAIL", "fail"},
    {Verdict::error, "ERROR", "error"},
}};

}  // namespace

std::string_view to_string(Verdict verdict) noexcept { return all_words.at(static_cast<std::size_t>(verdict)).text; }

std::string_view to_key(Verdict verdict) noexcept { return all_words.at(static_cast<std::size_t>(verdict)).key; }

std::optional<Verdict> verdict_by_key(std::string_view key) {
  const auto* found = std::find_if(all_words.begin(), all_words.end(), [&](const Words& words) { return words.key == key; });
  if (found == all_words.end()) return std::nullopt;
  return found->verdict;
}

Verdict worse(Verdict a, Verdict b) noexcept { return std::max(a, b); }

std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::must:
      return "MUST";
    case Level::should:
      return "SHOULD";
    case Level::may:
      return "MAY";
  }
  return "MUST";
}

std::optional<Level> level_by_name(std::string_view name) {
  for (const Level level : {Level::must, Level::should, Level::may}) {
    if (to_string(level) == name) return level;
  }
  return std::nullopt;
}

}  // namespace conformance::engine
