// Words a server script may use, each with its meaning: read by the reader, printed for people.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace conformance::peer {

struct Word {
  std::string name, meaning;
};
using Words = std::vector<Word>;

[[nodiscard]] inline bool knows(const Words& words, std::string_view name) {
  return std::any_of(words.begin(), words.end(), [&](const Word& word) { return word.name == name; });
}

[[nodiscard]] inline std::vector<std::string> names_of(const Words& words) {
  std::vector<std::string> names;
  for (const Word& word : words) names.push_back(word.name);
  return names;
}

}  // namespace conformance::peer
