#include "conformance/engine/matrix.h"

#include <algorithm>

namespace conformance::engine {

namespace {

constexpr std::size_t most_cases = 256;

// Values become part of ids and of folder names.
bool fit_for_an_id(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

// Returns whether anything was replaced.
bool substitute(Yaml& node, const std::string& name, const Yaml& value) {
  const std::string placeholder = "{" + name + "}";
  bool replaced = false;
  if (node.kind == Yaml::Kind::scalar && node.text == placeholder) {
    const int line = node.line;
    node = value;
    node.line = line;
    return true;
  }
  if (node.kind == Yaml::Kind::scalar) {
    for (std::size_t at = node.text.find(placeholder); at != std::string::npos; at = node.text.find(placeholder, at + value.text.size())) {
      node.text.replace(at, placeholder.size(), value.text);
      replaced = true;
    }
  }
  for (auto& item : node.items) replaced = substitute(item, name, value) || replaced;
  return replaced;
}

void erase(Yaml& map, const std::string& key) {
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    if (map.keys[i].name != key) continue;
    map.keys.erase(map.keys.begin() + static_cast<std::ptrdiff_t>(i));
    map.items.erase(map.items.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

std::string problem_with(const Yaml& matrix) {
  std::size_t cases = 1;
  if (matrix.kind != Yaml::Kind::map || matrix.items.empty()) return "'matrix' must be a map of lists; write {key: [a, b]}";
  for (const auto& list : matrix.items) {
    if (list.kind != Yaml::Kind::list || list.items.empty()) return "every key of 'matrix' needs a list of values; write {key: [a, b]}";
    for (const auto& value : list.items) {
      if (value.kind != Yaml::Kind::scalar || !fit_for_an_id(value.text))
        return "'matrix' values may have letters, digits, '.' and '-' only";
    }
    cases *= list.items.size();
    if (cases > most_cases) return "'matrix' makes more than " + std::to_string(most_cases) + " scenarios; shorten it";
  }
  return {};
}

}  // namespace

std::vector<MatrixCase> expand_matrix(const Yaml& scenario, const std::string& what, const std::string& file, Problems& problems) {
  const Yaml* matrix = scenario.find("matrix");
  std::vector<MatrixCase> cases{{"", scenario}};
  if (matrix == nullptr) return cases;
  const std::string problem = problem_with(*matrix);
  if (!problem.empty()) {
    add_problem(problems, file, matrix->line, what + ": " + problem);
    return {};
  }
  erase(cases.front().scenario, "matrix");
  for (std::size_t i = 0; i < matrix->keys.size(); ++i) {
    const auto& key = matrix->keys[i];
    bool used = false;
    std::vector<MatrixCase> next;
    for (const auto& one : cases) {
      for (const auto& value : matrix->items[i].items) {
        next.push_back({one.suffix + "/" + value.text, one.scenario});
        used = substitute(next.back().scenario, key.name, value) || used;
      }
    }
    if (!used)
      add_problem(problems, file, key.line, what + ": the scenario never uses \"{" + key.name + "}\"; use it or take it out of 'matrix'");
    cases = std::move(next);
  }
  return cases;
}

}  // namespace conformance::engine
