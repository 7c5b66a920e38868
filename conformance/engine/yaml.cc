#include "conformance/engine/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <sstream>

#include "est/base/text.h"
#include "est/base/yaml_text.h"

namespace conformance::engine {

namespace {

constexpr std::size_t most_nodes = 200000;
constexpr std::size_t deepest_nesting = 24;
constexpr std::size_t most_suggested = 30;

// Builds the tree from the parser's events: unlike YAML::Node this sees keys given twice, and aliases before they multiply.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, Problems& problems) : file_(file), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    no_anchor(mark, anchor);
    place({.kind = Yaml::Kind::null, .line = line(mark)});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    complain(mark, "aliases (*name) are not part of the format; write the value out");
    place({.line = line(mark)});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    no_anchor(mark, anchor);
    if (!tag.empty() && tag != "?" && tag != "!") complain(mark, "tags (" + tag + ") are not part of the format; leave it out");
    place({.kind = Yaml::Kind::scalar, .text = value, .plain = tag != "!", .line = line(mark)});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, anchor, Yaml::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, anchor, Yaml::Kind::map);
  }
  void OnMapEnd() override { close(); }

  Yaml take() { return std::move(root_); }

 private:
  static int line(const YAML::Mark& mark) { return mark.line + 1; }

  void complain(const YAML::Mark& mark, const std::string& what) { add_problem(problems_, file_, line(mark), what); }

  void no_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) complain(mark, "anchors (&name) are not part of the format; leave it out");
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Yaml::Kind kind) {
    no_anchor(mark, anchor);
    if (open_.size() >= deepest_nesting) throw YAML::ParserException(mark, "nested too deep");
    open_.push_back({.kind = kind, .line = line(mark)});
  }

  void close() {
    Yaml done = std::move(open_.back());
    open_.pop_back();
    place(std::move(done));
  }

  void place(Yaml node) {
    if (++nodes_ > most_nodes) throw YAML::ParserException(YAML::Mark::null_mark(), "too many values");
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Yaml& into = open_.back(); into.kind == Yaml::Kind::map && into.keys.size() == into.items.size()) {
      place_key(into, node);
    } else {
      into.items.push_back(std::move(node));
    }
  }

  void place_key(Yaml& into, const Yaml& node) {
    if (node.kind != Yaml::Kind::scalar) {
      add_problem(problems_, file_, node.line, "a key must be a word; put braces that are meant as text in quotes");
    } else if (into.find(node.text) != nullptr) {
      add_problem(problems_, file_, node.line, "'" + node.text + "' is given twice; keep one");
    }
    into.keys.push_back({node.text, node.line});
  }

  const std::string& file_;
  Problems& problems_;
  std::vector<Yaml> open_;
  Yaml root_;
  std::size_t nodes_ = 0;
};

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool leading_zero(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] != '.';
}

Json scalar_to_json(const Yaml& yaml) {
  if (!yaml.plain) return yaml.text;
  if (yaml.text == "true" || yaml.text == "false") return yaml.text == "true";
  if (yaml.text.find_first_not_of("-.0123456789") != std::string::npos || leading_zero(yaml.text)) return yaml.text;
  if (const auto number = whole<std::int64_t>(yaml.text)) return *number;
  if (yaml.text.ends_with('.') || yaml.text.starts_with('.')) return yaml.text;
  if (const auto number = whole<double>(yaml.text)) return *number;
  return yaml.text;
}

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const Yaml* Yaml::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size() && i < items.size(); ++i) {
    if (keys[i].name == key) return &items[i];
  }
  return nullptr;
}

void add_problem(Problems& problems, const std::string& file, int line, const std::string& what) {
  problems.push_back(file + ":" + std::to_string(line) + ": " + what);
}

std::optional<Yaml> parse_yaml(const Document& document, Problems& problems) {
  const std::size_t before = problems.size();
  if (!is_utf8(document.text)) {
    add_problem(problems, document.name, 1, "the file is not UTF-8; convert it");
    return std::nullopt;
  }
  if (const auto problem = est::problem_of_yaml_text(document.text)) {
    add_problem(problems, document.name, problem->line, std::string(problem->what) + "; " + std::string(problem->cure));
    return std::nullopt;
  }
  TreeBuilder builder(document.name, problems);
  try {
    std::istringstream stream(document.text);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder rest(document.name, problems);
    if (problems.size() == before && parser.HandleNextDocument(rest)) {
      add_problem(problems, document.name, rest.take().line, "a second document begins; keep one per file");
    }
  } catch (const YAML::Exception& exception) {
    add_problem(problems, document.name, exception.mark.line + 1,
                "this is not YAML as used here: " + est::printable(exception.msg) + "; see the line before, too");
  } catch (const std::exception& exception) {
    add_problem(problems, document.name, 1, std::string("the YAML cannot be read: ") + exception.what());
  }
  if (problems.size() != before) return std::nullopt;
  return builder.take();
}

Json to_json(const Yaml& yaml) {
  switch (yaml.kind) {
    case Yaml::Kind::null:
      return nullptr;
    case Yaml::Kind::scalar:
      return scalar_to_json(yaml);
    case Yaml::Kind::list:
      break;
    case Yaml::Kind::map: {
      Json object = Json::object();
      for (std::size_t i = 0; i < yaml.keys.size(); ++i) object[yaml.keys[i].name] = to_json(yaml.items[i]);
      return object;
    }
  }
  Json list = Json::array();
  for (const auto& item : yaml.items) list.push_back(to_json(item));
  return list;
}

namespace {

// What was plain in the script's block style may hold characters that end a plain scalar in flow style.
std::string flow_scalar(const std::string& text, bool plain) {
  const bool controls = std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  const bool breaks = controls || text.find_first_of(",?[]{}\"'") != std::string::npos || text.find(": ") != std::string::npos ||
                      text.ends_with(':') || text.starts_with(':') || text.starts_with(' ') || text.ends_with(' ');
  if (plain && !text.empty() && !breaks) return text;
  return print_json(Json(text), -1);
}

}  // namespace

std::string to_script(const Yaml& yaml) {
  const bool map = yaml.kind == Yaml::Kind::map;
  if (yaml.kind == Yaml::Kind::null) return "~";
  if (yaml.kind == Yaml::Kind::scalar) return flow_scalar(yaml.text, yaml.plain);
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < yaml.items.size(); ++i)
    parts.push_back((map ? flow_scalar(yaml.keys[i].name, true) + ": " : "") + to_script(yaml.items[i]));
  return (map ? "{" : "[") + est::join(parts, ", ") + (map ? "}" : "]");
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known, const std::string& otherwise) {
  const std::string* best = nullptr;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3);
  for (const auto& one : known) {
    const std::size_t away = word.size() > 64 ? 64 : distance(word, one);
    if (away > least || (best != nullptr && away == least)) continue;
    best = &one;
    least = away;
  }
  if (best != nullptr) return "; did you mean '" + *best + "'?";
  if (known.size() > most_suggested) return otherwise;
  return known.empty() ? "; none is known" : "; known: " + est::join(known, ", ");
}

bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  std::array<int, 3> numbers{};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7) continue;
    if (text[i] < '0' || text[i] > '9') return false;
    int& number = numbers[i < 4 ? 0 : i < 7 ? 1 : 2];
    number = number * 10 + (text[i] - '0');
  }
  using std::chrono::day, std::chrono::month, std::chrono::year, std::chrono::year_month_day;
  return year_month_day(year(numbers[0]), month(static_cast<unsigned>(numbers[1])), day(static_cast<unsigned>(numbers[2]))).ok();
}

MapReader::MapReader(const Yaml& map, std::string what, std::string file, const std::vector<std::string>& known, Problems& problems)
    : map_(map), what_(std::move(what)), file_(std::move(file)), problems_(problems) {
  for (const auto& key : map_.keys) {
    if (std::find(known.begin(), known.end(), key.name) == known.end())
      complain(key.line, "unknown key '" + key.name + "'" + suggestion(key.name, known));
  }
}

const Yaml* MapReader::require(std::string_view key) {
  const Yaml* value = find(key);
  if (value == nullptr) complain(map_.line, "'" + std::string(key) + "' is missing; add it");
  return value;
}

std::string MapReader::text(std::string_view key) {
  const Yaml* value = find(key);
  if (value == nullptr) return {};
  if (value->kind == Yaml::Kind::scalar && !est::trim(value->text).empty()) return std::string(est::trim(value->text));
  complain(value->line, "'" + std::string(key) + "' must be text; quote it if it looks like something else");
  return {};
}

std::string MapReader::required_text(std::string_view key) { return require(key) == nullptr ? std::string() : text(key); }

std::vector<std::string> MapReader::texts(std::string_view key) {
  std::vector<std::string> result;
  const Yaml* value = find(key);
  if (value == nullptr) return result;
  if (value->kind != Yaml::Kind::list) {
    complain(value->line, "'" + std::string(key) + "' must be a list; write [a, b]");
    return result;
  }
  for (const auto& item : value->items) {
    if (item.kind == Yaml::Kind::scalar) {
      result.push_back(item.text);
    } else {
      complain(item.line, "'" + std::string(key) + "' must hold words only; take the rest out");
    }
  }
  return result;
}

std::optional<std::int64_t> MapReader::number(std::string_view key) {
  const Yaml* value = find(key);
  if (value == nullptr) return std::nullopt;
  const Json json = to_json(*value);
  if (json.is_number_integer()) return json.get<std::int64_t>();
  complain(value->line, "'" + std::string(key) + "' must be a whole number; write it in digits");
  return std::nullopt;
}

}  // namespace conformance::engine
