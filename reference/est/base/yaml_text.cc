#include "est/base/yaml_text.h"

#include <algorithm>

namespace est {

std::optional<YamlTextProblem> problem_of_yaml_text(std::string_view text) {
  const auto forbidden = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f; };
  const auto* const found = std::find_if(text.begin(), text.end(), forbidden);
  if (found == text.end()) return std::nullopt;
  return YamlTextProblem{.line = 1 + static_cast<int>(std::count(text.begin(), found, '\n')),
                         .what = "a control character, which YAML does not allow",
                         .cure = "in double quotes write it as \\xNN"};
}

}  // namespace est
