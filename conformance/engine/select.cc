// --select, as declared in loader.h.
#include <algorithm>

#include "conformance/engine/loader.h"
#include "est/base/text.h"

namespace conformance::engine {

namespace {

// '*' any run, '?' any one character. Linear in practice: one place to go back to.
bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool has(const std::vector<std::string>& all, std::string_view one) { return std::find(all.begin(), all.end(), one) != all.end(); }

// "4.2" holds in "RFC 7030 4.2" and "RFC 7030 4.2.1", not in "RFC 7030 4.21".
bool in_section(std::string_view section, std::string_view wanted) {
  const std::string_view number = section.substr(std::min(section.size(), section.rfind(' ') + 1));
  return section == wanted || number == wanted || (number.starts_with(wanted) && number.substr(wanted.size()).starts_with('.'));
}

bool has_id(const Scenario& scenario, std::string_view word) {
  const std::string_view id = scenario.id;
  return matches_glob(word, id) || matches_glob(word, id.substr(0, id.find('/')));
}

struct Kind {
  std::string_view prefix;
  bool (*holds)(const Scenario&, std::string_view);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"section:", [](const Scenario& s, std::string_view v) { return in_section(s.section, v); }},
      {"rfc:", [](const Scenario& s, std::string_view v) { return s.section.starts_with("RFC " + std::string(v) + " "); }},
      {"level:", [](const Scenario& s, std::string_view v) { return est::iequals(to_string(s.level), v); }},
      {"tag:", [](const Scenario& s, std::string_view v) { return has(s.tags, v); }},
      {"requirement:", [](const Scenario& s, std::string_view v) { return has(s.requirements, v); }},
      {"interpretation:", [](const Scenario& s, std::string_view v) { return has(s.interpretations, v); }},
      {"role:", [](const Scenario& s, std::string_view v) { return s.role == v; }},
      {"claim:", [](const Scenario& s, std::string_view v) { return has(s.needs.words(), v); }},
  };
  return all;
}

bool holds(const Scenario& scenario, std::string_view word) {
  for (const auto& kind : kinds()) {
    if (word.starts_with(kind.prefix)) return kind.holds(scenario, word.substr(kind.prefix.size()));
  }
  return has_id(scenario, word);
}

// A word that selects nothing is most likely misspelt: better said than a smaller run.
est::Status check_words(const Expression& expression, const std::vector<Scenario>& scenarios) {
  for (const auto& word : expression.words()) {
    if (std::any_of(scenarios.begin(), scenarios.end(), [&](const Scenario& scenario) { return holds(scenario, word); })) continue;
    std::vector<std::string> ids;
    for (const auto& scenario : scenarios) ids.push_back(scenario.id.substr(0, scenario.id.find('/')));
    const std::string cure =
        word.find(':') == std::string::npos && word.find('*') == std::string::npos
            ? suggestion(word, ids, "; `estspec list` shows the ids")
            : "; use an id or a pattern like EST-SE-*, or section:, rfc:, level:, tag:, requirement:, interpretation:, claim:";
    return est::Error{"--select: '" + word + "' selects no scenario" + cure};
  }
  return {};
}

}  // namespace

est::Result<std::vector<Scenario>> select(const std::vector<Scenario>& scenarios, const std::string& expression) {
  const auto parsed = Expression::parse(expression);
  if (!parsed) return est::Error{"--select: " + parsed.error().message};
  const auto status = check_words(*parsed, scenarios);
  if (!status) return status.error();
  std::vector<Scenario> selected;
  for (const auto& scenario : scenarios) {
    if (parsed->evaluate([&](std::string_view word) { return holds(scenario, word); })) selected.push_back(scenario);
  }
  return selected;
}

}  // namespace conformance::engine
