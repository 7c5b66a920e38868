// Strict reading of YAML: one document, no anchors, aliases or tags, no key given twice, bounded size and depth, every node with its line.
// What cannot be read becomes a problem "file:line: what is wrong; cure" instead of an exception.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/json.h"

namespace conformance::engine {

enum class DocumentKind { scenarios, requirements, interpretations, set, errata };

struct Document {
  std::string name;  // file name as shown in messages
  std::string text;
  std::optional<DocumentKind> kind = {};  // kind_of(), from whoever has asked already
};

struct Yaml {
  enum class Kind { null, scalar, list, map };
  struct Key {
    std::string name;
    int line = 0;
  };
  Kind kind = Kind::null;
  std::string text;   // of a scalar, as written
  bool plain = true;  // a scalar without quotes: only those are typed
  int line = 0;       // from 1
  std::vector<Key> keys;
  std::vector<Yaml> items;  // of a list; of a map the values, in the order of `keys`

  [[nodiscard]] const Yaml* find(std::string_view key) const;
};

using Problems = std::vector<std::string>;

void add_problem(Problems& problems, const std::string& file, int line, const std::string& what);

// Nothing after a problem. An empty document is a null.
[[nodiscard]] std::optional<Yaml> parse_yaml(const Document& document, Problems& problems);

// Unquoted `true`, `false`, whole and decimal numbers are typed, all else is text.
[[nodiscard]] Json to_json(const Yaml& yaml);

// The value in YAML's flow style, on one line: "{any-of: [4xx, 5xx]}".
[[nodiscard]] std::string to_script(const Yaml& yaml);

// "; did you mean 'x'?" when a known word is close to `word`, else "; known: a, b, c", or `otherwise` where that would be too long.
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& known,
                                     const std::string& otherwise = "; look for it in the documentation");

// YYYY-MM-DD, and a day that exists.
[[nodiscard]] bool is_day(std::string_view text);

// Reads the keys of one map. Unknown keys are reported at once; values of the wrong kind and missing required ones when asked for.
class MapReader {
 public:
  // `what` names the map in messages: "scenario EST-SE-014". `map` must be a map and outlive the reader.
  MapReader(const Yaml& map, std::string what, std::string file, const std::vector<std::string>& known, Problems& problems);

  [[nodiscard]] const Yaml* find(std::string_view key) const { return map_.find(key); }
  [[nodiscard]] const Yaml* require(std::string_view key);
  [[nodiscard]] std::string text(std::string_view key);           // empty if absent
  [[nodiscard]] std::string required_text(std::string_view key);  // never empty, unless a problem was reported
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view key);
  void complain(int line, const std::string& what) const { add_problem(problems_, file_, line, what_ + ": " + what); }

 private:
  const Yaml& map_;
  std::string what_;
  std::string file_;
  Problems& problems_;
};

}  // namespace conformance::engine
