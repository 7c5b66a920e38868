// What every reader of YAML looks at before yaml-cpp does: characters that no document may hold.
#pragma once

#include <optional>
#include <string_view>

namespace est {

struct YamlTextProblem {
  int line = 1;
  std::string_view what;
  std::string_view cure;
};

// YAML 1.2 5.1: no control characters but TAB, LF and CR. yaml-cpp takes some for the end of the text and leaves others out, at its whim.
[[nodiscard]] std::optional<YamlTextProblem> problem_of_yaml_text(std::string_view text);

}  // namespace est
