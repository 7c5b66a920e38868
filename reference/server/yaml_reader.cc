#include "server/yaml_reader.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "est/base/text.h"
#include "est/base/yaml_text.h"

namespace server {
namespace {

constexpr std::size_t longest_complaint = 400;

int line_of(const YAML::Node& node) { return node.Mark().is_null() ? 0 : node.Mark().line + 1; }

std::string in_quotes(std::string_view text) { return "\"" + est::printable(text, 60) + "\""; }

std::string below(const std::string& parent, const std::string& key) { return parent.empty() ? key : parent + "." + key; }

}  // namespace

void YamlSource::fail(int line, std::string_view problem, std::string_view cure) {
  if (error_) return;
  const std::string place = path_ + ":" + (line > 0 ? std::to_string(line) + ":" : "") + " ";
  error_ = est::Error{place + est::printable(problem, longest_complaint) + "; " + std::string(cure)};
}

std::string YamlSource::resolve(const std::string& path) const {
  if (path.empty()) return path;
  return (std::filesystem::path(path_).parent_path() / path).lexically_normal().string();
}

YamlValue::YamlValue(const YAML::Node& node, YamlSource& source, std::string what)
    : node_(node), source_(&source), what_(std::move(what)) {}

int YamlValue::line() const { return line_of(node_); }

void YamlValue::fail(std::string_view problem, std::string_view cure) const { source_->fail(line(), problem, cure); }

std::string YamlValue::text() const {
  if (node_.IsScalar() && !node_.Scalar().empty()) return node_.Scalar();
  fail(what_ + " is not a text", "give one value, not a list, a mapping or nothing");
  return {};
}

bool YamlValue::boolean() const {
  if (node_.IsScalar() && (node_.Scalar() == "true" || node_.Scalar() == "false")) return node_.Scalar() == "true";
  fail(what_ + " is neither true nor false", "write true or false");
  return false;
}

std::int64_t YamlValue::number(std::int64_t least, std::int64_t most) const {
  const std::optional<std::uint64_t> value = node_.IsScalar() ? est::parse_decimal(node_.Scalar()) : std::nullopt;
  if (value && *value >= static_cast<std::uint64_t>(least) && *value <= static_cast<std::uint64_t>(most))
    return static_cast<std::int64_t>(*value);
  fail(what_ + " is not a whole number from " + std::to_string(least) + " to " + std::to_string(most), "write digits only");
  return least;
}

std::vector<YamlValue> YamlValue::list() const {
  std::vector<YamlValue> values;
  if (!node_.IsSequence()) {
    fail(what_ + " is not a list", "write it as [a, b] or with one \"- \" line each");
    return values;
  }
  for (const YAML::Node& each : node_) values.emplace_back(each, *source_, what_ + "[" + std::to_string(values.size()) + "]");
  return values;
}

YamlMap YamlValue::map() const {
  if (!node_.IsMap()) fail((what_.empty() ? "the document" : what_) + " is not a mapping", "write \"key: value\" lines");
  return {node_.IsMap() ? node_ : YAML::Node(YAML::NodeType::Map), *source_, what_, line()};
}

YamlMap::YamlMap(const YAML::Node& node, YamlSource& source, const std::string& what, int line)
    : source_(&source), what_(what), line_(line) {
  for (const auto& pair : node) {
    const int at = line_of(pair.first);
    if (!pair.first.IsScalar()) {
      source.fail(at, "a key" + (what.empty() ? "" : " of " + what) + " is not a text", "write \"key: value\"");
      continue;
    }
    const std::string& key = pair.first.Scalar();
    const bool again = std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.key == key; });
    if (again) source.fail(at, below(what, key) + " is there twice", "remove one of the two");
    entries_.push_back({key, at, pair.second});
  }
}

std::optional<YamlValue> YamlMap::get(const std::string& key) {
  known_.insert(key);
  for (const Entry& entry : entries_)
    if (entry.key == key) return YamlValue(entry.value, *source_, below(what_, key));
  return std::nullopt;
}

std::optional<YamlValue> YamlMap::require(const std::string& key) {
  std::optional<YamlValue> value = get(key);
  if (!value) source_->fail(line_, below(what_, key) + " is missing", "add a line \"" + key + ": ...\"");
  return value;
}

std::string YamlMap::text(const std::string& key, std::string fallback) {
  const std::optional<YamlValue> value = get(key);
  return value ? value->text() : std::move(fallback);
}

bool YamlMap::boolean(const std::string& key, bool fallback) {
  const std::optional<YamlValue> value = get(key);
  return value ? value->boolean() : fallback;
}

std::int64_t YamlMap::number(const std::string& key, std::int64_t least, std::int64_t most, std::int64_t fallback) {
  const std::optional<YamlValue> value = get(key);
  return value ? value->number(least, most) : fallback;
}

std::string YamlMap::path(const std::string& key) { return source_->resolve(text(key, {})); }

std::vector<YamlValue> YamlMap::list(const std::string& key) {
  const std::optional<YamlValue> value = get(key);
  return value ? value->list() : std::vector<YamlValue>{};
}

std::vector<std::string> YamlMap::paths(const std::string& key) {
  std::vector<std::string> result;
  for (const YamlValue& value : list(key)) result.push_back(source_->resolve(value.text()));
  return result;
}

std::vector<std::pair<std::string, YamlValue>> YamlMap::entries() {
  std::vector<std::pair<std::string, YamlValue>> result;
  for (const Entry& entry : entries_) {
    known_.insert(entry.key);
    result.emplace_back(entry.key, YamlValue(entry.value, *source_, below(what_, entry.key)));
  }
  return result;
}

void YamlMap::finish() {
  for (const Entry& entry : entries_) {
    if (known_.count(entry.key) != 0) continue;
    const std::vector<std::string> known(known_.begin(), known_.end());
    source_->fail(entry.line, "unknown key " + in_quotes(below(what_, entry.key)), "known here: " + est::join(known, ", "));
  }
}

namespace {

class DocumentCounter final : public YAML::EventHandler {
 public:
  [[nodiscard]] std::size_t count() const { return count_; }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override { ++count_; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/, const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}

 private:
  std::size_t count_ = 0;
};

// Up to two. The library finds a document without end at a comma outside brackets, one after another, so they must not all be asked for.
std::size_t count_documents(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentCounter counter;
  while (counter.count() < 2 && parser.HandleNextDocument(counter)) continue;
  return counter.count();
}

}  // namespace

std::optional<YamlMap> read_yaml(std::string_view text, YamlSource& source) {
  if (const auto problem = est::problem_of_yaml_text(text)) {
    source.fail(problem->line, problem->what, problem->cure);
    return std::nullopt;
  }
  try {
    const std::string whole(text);
    if (const std::size_t documents = count_documents(whole); documents != 1) {
      source.fail(0, std::string("the file holds ") + (documents == 0 ? "no YAML document" : "several YAML documents"),
                  "write exactly one");
      return std::nullopt;
    }
    return YamlValue(YAML::Load(whole), source, {}).map();
  } catch (const YAML::Exception& problem) {
    source.fail(problem.mark.is_null() ? 0 : problem.mark.line + 1, "this is no YAML: " + est::printable(problem.msg),
                "check indentation and quotes");
    return std::nullopt;
  }
}

}  // namespace server
