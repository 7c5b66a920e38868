// Strict reading of one YAML mapping: every key is asked for by name, the rest are errors, and every problem has file and line.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/result.h"

namespace conformance::target {

// Keeps the first problem of a file, worded "file:line: problem; cure".
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}
  void add(const YAML::Mark& mark, std::string_view problem, std::string_view cure);
  // What is not there; told only when nothing else is wrong, since the cause is often a misspelt key.
  void add_absence(const YAML::Mark& mark, std::string_view problem, std::string_view cure);
  [[nodiscard]] bool any() const noexcept { return !first().empty(); }
  [[nodiscard]] const std::string& first() const noexcept { return first_.empty() ? absence_ : first_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

 private:
  [[nodiscard]] std::string line(const YAML::Mark& mark, std::string_view problem, std::string_view cure) const;

  std::string file_;
  std::string first_;
  std::string absence_;
};

class YamlMap {
 public:
  // `where` is the dotted path for messages, empty at the top. Adds a problem when `node` is no mapping or has a key twice.
  YamlMap(const YAML::Node& node, std::string where, Problems& problems);

  // Each marks the key as known and adds a problem when the value has the wrong shape. Absent keys give nothing.
  [[nodiscard]] std::optional<YAML::Node> node(std::string_view key);
  [[nodiscard]] std::optional<std::string> text(std::string_view key);
  [[nodiscard]] std::string required_text(std::string_view key, std::string_view cure);
  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view key, std::int64_t least, std::int64_t most);
  [[nodiscard]] std::optional<double> number(std::string_view key, double least, double most);
  // A list of texts; a single text counts as a list of one.
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);

  // Keys in order, for mappings whose keys are names chosen by the user.
  [[nodiscard]] std::vector<std::string> keys() const;
  [[nodiscard]] std::string path(std::string_view key) const { return where_.empty() ? std::string(key) : where_ + "." + std::string(key); }
  // The line of a key's value, or of the mapping when it is absent.
  [[nodiscard]] YAML::Mark mark(std::string_view key) const;
  void problem(std::string_view key, std::string_view problem, std::string_view cure) { problems_.add(mark(key), problem, cure); }
  void absence(std::string_view key, std::string_view problem, std::string_view cure) { problems_.add_absence(mark(key), problem, cure); }
  [[nodiscard]] Problems& problems() noexcept { return problems_; }
  // A problem for every key that was never asked for.
  void finish();

 private:
  std::string where_;
  Problems& problems_;
  YAML::Node node_;
  std::vector<std::pair<std::string, YAML::Node>> entries_;
  std::vector<YAML::Mark> key_marks_;
  std::set<std::string, std::less<>> asked_;
};

// Has `read` look at the document; the error is what it, or YAML, has against the file.
[[nodiscard]] est::Status read_document(const std::string& text, Problems& problems, const std::function<void(const YAML::Node&)>& read);

}  // namespace conformance::target
