#include "conformance/target/yaml_map.h"

#include <algorithm>
#include <charconv>

#include "conformance/target/names.h"
#include "est/base/text.h"
#include "est/base/yaml_text.h"

namespace conformance::target {

void Problems::add(const YAML::Mark& mark, std::string_view problem, std::string_view cure) {
  if (first_.empty()) first_ = line(mark, problem, cure);
}

void Problems::add_absence(const YAML::Mark& mark, std::string_view problem, std::string_view cure) {
  if (absence_.empty()) absence_ = line(mark, problem, cure);
}

std::string Problems::line(const YAML::Mark& mark, std::string_view problem, std::string_view cure) const {
  return file_ + ":" + std::to_string(mark.line < 0 ? 1 : mark.line + 1) + ": " + std::string(problem) + "; " + std::string(cure);
}

YamlMap::YamlMap(const YAML::Node& node, std::string where, Problems& problems)
    : where_(std::move(where)), problems_(problems), node_(node) {
  const std::string what = where_.empty() ? "the file" : "'" + where_ + "'";
  if (!node_.IsMap()) {
    problems_.add(node_.Mark(), what + " must be a mapping", "write 'key: value' lines");
    return;
  }
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar()) {
      problems_.add(entry.first.Mark(), what + " has a key that is no word", "use plain words as keys");
      continue;
    }
    const std::string key = entry.first.Scalar();
    if (std::any_of(entries_.begin(), entries_.end(), [&](const auto& other) { return other.first == key; })) {
      problems_.add(entry.first.Mark(), "'" + est::printable(path(key)) + "' is given twice", "remove one of them");
    }
    entries_.emplace_back(key, entry.second);
    key_marks_.push_back(entry.first.Mark());
  }
}

std::optional<YAML::Node> YamlMap::node(std::string_view key) {
  asked_.emplace(key);
  for (const auto& [name, value] : entries_) {
    if (name == key) return value;
  }
  return std::nullopt;
}

YAML::Mark YamlMap::mark(std::string_view key) const {
  for (const auto& [name, value] : entries_) {
    if (name == key) return value.Mark();
  }
  return node_.Mark();
}

std::optional<std::string> YamlMap::text(std::string_view key) {
  const auto value = node(key);
  if (!value) return std::nullopt;
  if (!value->IsScalar()) {
    problem(key, "'" + path(key) + "' must be a text", "write one value after the colon");
    return std::nullopt;
  }
  return value->Scalar();
}

std::string YamlMap::required_text(std::string_view key, std::string_view cure) {
  const auto value = text(key);
  if (!value || value->empty()) absence(key, "'" + path(key) + "' is missing", cure);
  return value.value_or("");
}

std::optional<std::int64_t> YamlMap::whole(std::string_view key, std::int64_t least, std::int64_t most) {
  const auto value = text(key);
  if (!value) return std::nullopt;
  std::int64_t result = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), result);
  if (error != std::errc{} || end != value->data() + value->size() || result < least || result > most) {
    problem(key, "'" + path(key) + "' is '" + est::printable(*value, 40) + "'",
            "write a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return result;
}

std::optional<double> YamlMap::number(std::string_view key, double least, double most) {
  const auto value = text(key);
  if (!value) return std::nullopt;
  double result = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), result, std::chars_format::fixed);
  // Written so that a NaN is refused as well.
  if (error != std::errc{} || end != value->data() + value->size() || !(result >= least && result <= most)) {
    problem(key, "'" + path(key) + "' is '" + est::printable(*value, 40) + "'",
            "write a number from " + std::to_string(static_cast<std::int64_t>(least)) + " to " +
                std::to_string(static_cast<std::int64_t>(most)));
    return std::nullopt;
  }
  return result;
}

std::vector<std::string> YamlMap::texts(std::string_view key) {
  const auto value = node(key);
  if (!value) return {};
  if (value->IsScalar()) return {value->Scalar()};
  std::vector<std::string> result;
  if (!value->IsSequence()) {
    problem(key, "'" + path(key) + "' must be a list", "write [one, two] or '- one' lines");
    return result;
  }
  for (const auto& item : *value) {
    if (item.IsScalar()) {
      result.push_back(item.Scalar());
    } else {
      problems_.add(item.Mark(), "'" + path(key) + "' has an entry that is no text", "write plain texts in the list");
    }
  }
  return result;
}

std::vector<std::string> YamlMap::keys() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : entries_) names.push_back(name);
  return names;
}

void YamlMap::finish() {
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::string& key = entries_[i].first;
    if (asked_.contains(key)) continue;
    const auto near = near_names(key, known);
    problems_.add(key_marks_[i], "unknown key '" + est::printable(path(key), 80) + "'",
                  near.empty() ? "known here: " + est::join(known, ", ") : "did you mean " + est::join(near, " or ") + "?");
  }
}

est::Status read_document(const std::string& text, Problems& problems, const std::function<void(const YAML::Node&)>& read) {
  YAML::Mark place;
  if (const auto problem = est::problem_of_yaml_text(text)) {
    place.line = problem->line - 1;
    problems.add(place, problem->what, problem->cure);
  } else {
    try {
      read(YAML::Load(text));
    } catch (const YAML::Exception& exception) {
      problems.add(exception.mark, "not YAML: " + est::printable(exception.msg), "see conformance/target/README.md for the format");
    }
  }
  return problems.any() ? est::Status(est::Error{problems.first()}) : est::Status();
}

}  // namespace conformance::target
