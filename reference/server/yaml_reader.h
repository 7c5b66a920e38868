// Strict reading of one YAML document: every key must be known, every value of its type and in its range. Reading goes on after
// a mistake with fallback values, so that a parser reads straight down and looks at problem() once; the first mistake is kept.
// Errors are one line: "file:line: what is wrong; cure".
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "est/base/result.h"

namespace server {

// The file being read and the first problem found in it. Must outlive the Values made from it.
class YamlSource {
 public:
  explicit YamlSource(std::string path) : path_(std::move(path)) {}

  void fail(int line, std::string_view problem, std::string_view cure);  // line 0: the file as a whole
  [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
  [[nodiscard]] const est::Error& error() const { return *error_; }  // precondition: failed()
  // A path as written in the file, relative to the file's folder.
  [[nodiscard]] std::string resolve(const std::string& path) const;

 private:
  std::string path_;
  std::optional<est::Error> error_;
};

class YamlMap;

class YamlValue {
 public:
  YamlValue(const YAML::Node& node, YamlSource& source, std::string what);

  [[nodiscard]] int line() const;
  [[nodiscard]] bool is_text() const { return node_.IsScalar(); }
  [[nodiscard]] bool is_map() const { return node_.IsMap(); }
  void fail(std::string_view problem, std::string_view cure) const;

  // Each fails with a sentence naming `what` and returns an empty value when the node is of another kind.
  [[nodiscard]] std::string text() const;  // not empty
  [[nodiscard]] bool boolean() const;      // true or false
  [[nodiscard]] std::int64_t number(std::int64_t least, std::int64_t most) const;
  [[nodiscard]] std::vector<YamlValue> list() const;
  [[nodiscard]] YamlMap map() const;

 private:
  YAML::Node node_;
  YamlSource* source_;
  std::string what_;  // "labels.manual.retry-after"; empty for the document
};

// A mapping whose keys are ticked off as they are read.
class YamlMap {
 public:
  YamlMap(const YAML::Node& node, YamlSource& source, const std::string& what, int line);

  // Nothing when the key is absent; the key counts as known from now on.
  [[nodiscard]] std::optional<YamlValue> get(const std::string& key);
  [[nodiscard]] std::optional<YamlValue> require(const std::string& key);
  [[nodiscard]] std::string text(const std::string& key, std::string fallback);
  [[nodiscard]] bool boolean(const std::string& key, bool fallback);
  [[nodiscard]] std::int64_t number(const std::string& key, std::int64_t least, std::int64_t most, std::int64_t fallback);
  [[nodiscard]] std::string path(const std::string& key);  // resolved; empty when absent
  [[nodiscard]] std::vector<YamlValue> list(const std::string& key);
  [[nodiscard]] std::vector<std::string> paths(const std::string& key);

  // One of named values; fails listing them all.
  template <class T, std::size_t N>
  [[nodiscard]] T choice(const std::string& key, const std::array<std::pair<std::string_view, T>, N>& table, T fallback) {
    const std::optional<YamlValue> value = get(key);
    if (!value) return fallback;
    const std::string chosen = value->text();
    std::string known;
    for (const auto& [name, meaning] : table) {
      if (chosen == name) return meaning;
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    value->fail("\"" + chosen + "\" is not a value of " + key, "use one of " + known);
    return fallback;
  }

  // Every key with its value, in order, all counted as known: for mappings whose keys are the user's.
  [[nodiscard]] std::vector<std::pair<std::string, YamlValue>> entries();

  // Fails for the first key nobody asked for.
  void finish();

 private:
  struct Entry {
    std::string key;
    int line;
    YAML::Node value;
  };
  std::vector<Entry> entries_;
  std::set<std::string, std::less<>> known_;
  YamlSource* source_;
  std::string what_;
  int line_;
};

// Parses `text`; the document must be one mapping. Syntax errors go to `source`.
[[nodiscard]] std::optional<YamlMap> read_yaml(std::string_view text, YamlSource& source);

}  // namespace server
