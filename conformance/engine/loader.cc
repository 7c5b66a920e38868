#include "conformance/engine/loader.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "conformance/engine/matrix.h"
#include "conformance/engine/parameters.h"
#include "est/base/file.h"
#include "est/base/text.h"

namespace conformance::engine {

namespace {

const std::vector<std::string> scenario_keys{"id",     "title",    "level",   "section",  "requirements", "interpretations",
                                             "tags",   "needs",    "why",     "mutation", "control",      "steps",
                                             "expect", "revision", "changes", "matrix"};

const std::string change_form = "write - {revision: 2, date: YYYY-MM-DD, what: ...}";

template <class T>
std::vector<std::string> names_of(const std::vector<T>& all) {
  std::vector<std::string> names;
  for (const auto& one : all) names.push_back(one.name);
  return names;
}

bool is_word(const std::string& text, std::string_view also) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || also.find(c) != std::string_view::npos;
  });
}

bool is_scenario_id(const std::string& id) { return is_word(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-") && id.front() != '.' && id.front() != '-'; }

bool is_reserved(const std::string& name) { return name == "control" || name == "liveness" || name.starts_with("step-"); }

// `- name`, `- name: value` or the latter with one more key (`as`, `of`) beside it.
struct Call {
  std::string name;
  const Yaml* value = nullptr;
  const Yaml* extra = nullptr;
  int line = 0;
};

// What a document of scenarios shares.
struct Source {
  const std::string& file;
  const Vocabulary& vocabulary;
  const std::set<std::string>& requirement_ids;
  Problems& problems;
  std::string role;
  std::string section;
};

// Reads one scenario after matrix expansion.
class ScenarioReader {
 public:
  ScenarioReader(const Source& source, const Yaml& yaml, const std::string& id)
      : source_(source), yaml_(yaml), what_("scenario " + id), map_(yaml, what_, source.file, scenario_keys, source.problems) {
    scenario_.id = id;
    scenario_.place = {source.file, yaml.line};
    scenario_.role = source.role;
  }

  Scenario read() {
    read_words();
    read_requirements();
    read_needs();
    read_control();
    read_steps();
    read_expectations();
    return std::move(scenario_);
  }

 private:
  int line_of(std::string_view key) const {
    const Yaml* value = map_.find(key);
    return value == nullptr ? yaml_.line : value->line;
  }

  void read_words() {
    scenario_.title = map_.required_text("title");
    scenario_.section = map_.find("section") != nullptr ? map_.text("section") : source_.section;
    if (scenario_.section.empty()) map_.complain(yaml_.line, "'section' is missing here and at the top of the file; add it");
    scenario_.interpretations = map_.texts("interpretations");
    scenario_.tags = map_.texts("tags");
    scenario_.why = map_.text("why");
    scenario_.mutation = map_.text("mutation");
    const std::string level = map_.required_text("level");
    const auto known = level_by_name(level);
    if (!level.empty() && !known) map_.complain(line_of("level"), "'level' is '" + level + "'; write MUST, SHOULD or MAY");
    scenario_.level = known.value_or(Level::must);
    scenario_.revision = static_cast<int>(std::clamp<std::int64_t>(map_.number("revision").value_or(1), 0, 1000000));
    if (scenario_.revision < 1) return map_.complain(line_of("revision"), "'revision' starts at 1; write a larger number");
    read_changes();
  }

  void read_changes() {
    static const Yaml none;
    const Yaml& list = map_.find("changes") == nullptr ? none : *map_.find("changes");
    if (&list != &none && list.kind != Yaml::Kind::list) return map_.complain(list.line, "'changes' must be a list; " + change_form);
    for (const Yaml& item : list.items) {
      if (item.kind != Yaml::Kind::map) return map_.complain(item.line, "an entry of 'changes' must be a map; " + change_form);
      MapReader one(item, what_ + ": changes", source_.file, {"revision", "date", "what"}, source_.problems);
      Change change{static_cast<int>(std::clamp<std::int64_t>(one.number("revision").value_or(0), 0, 1000000)), one.required_text("date"),
                    one.required_text("what")};
      if (!change.date.empty() && !is_day(change.date)) one.complain(item.line, "'date' is no day; write YYYY-MM-DD");
      scenario_.changes.push_back(std::move(change));
    }
    check_changes();
  }

  void check_changes() {
    int expected = 1;
    for (const auto& change : scenario_.changes) {
      if (change.revision == ++expected) continue;
      return map_.complain(line_of("changes"),
                           "'changes' goes on with revision " + std::to_string(expected) + "; write one entry for each");
    }
    if (expected != scenario_.revision)
      map_.complain(line_of("revision"), "'changes' ends with revision " + std::to_string(expected) + ", 'revision' is " +
                                             std::to_string(scenario_.revision) + "; say in 'changes' what each revision changed");
  }

  void read_requirements() {
    if (map_.require("requirements") == nullptr) return;
    scenario_.requirements = map_.texts("requirements");
    if (scenario_.requirements.empty()) map_.complain(line_of("requirements"), "'requirements' is empty; cite at least one");
    for (const auto& id : scenario_.requirements) {
      if (source_.requirement_ids.empty() || source_.requirement_ids.contains(id)) continue;
      const std::vector<std::string> known(source_.requirement_ids.begin(), source_.requirement_ids.end());
      map_.complain(line_of("requirements"),
                    "unknown requirement '" + id + "'" + suggestion(id, known, "; `estspec requirements` lists them"));
    }
  }

  void read_needs() {
    auto needs = Expression::parse(map_.text("needs"));
    if (!needs) return map_.complain(line_of("needs"), "'needs' " + needs.error().message + "; correct the expression");
    std::vector<std::string> claims;
    for (const auto& claim : source_.vocabulary.claims()) claims.push_back(claim.first);
    for (const auto& word : needs->words()) {
      if (!source_.vocabulary.has_claim(word))
        map_.complain(line_of("needs"), "'needs' names the unknown claim '" + word + "'" + suggestion(word, claims));
    }
    scenario_.needs = *std::move(needs);
  }

  void read_control() {
    const Yaml* control = map_.find("control");
    if ((control == nullptr) != scenario_.mutation.empty()) {
      map_.complain(yaml_.line, "'control' and 'mutation' come together; add the missing one, or drop the other");
    }
    if (control == nullptr) return;
    auto step = read_step(*control, "");
    if (!step) return;
    step->name = "control";
    const VerbInfo* verb = source_.vocabulary.verb(step->verb);
    if (verb != nullptr && verb->success_check.empty()) {
      map_.complain(control->line, "'" + step->verb + "' cannot be a control, it has no notion of success; choose another verb");
    }
    scenario_.control = *std::move(step);
    results_.emplace_back("control");
  }

  void read_steps() {
    const Yaml* steps = non_empty_list("steps");
    if (steps == nullptr) return;
    for (std::size_t i = 0; i < steps->items.size(); ++i) {
      auto step = read_step(steps->items[i], "as");
      if (!step) continue;
      if (step->name.empty()) step->name = "step-" + std::to_string(i + 1);
      results_.push_back(step->name);
      scenario_.steps.push_back(*std::move(step));
    }
  }

  void read_expectations() {
    const Yaml* expect = non_empty_list("expect");
    if (expect == nullptr) return;
    for (const auto& item : expect->items) read_expectation(item);
  }

  const Yaml* non_empty_list(std::string_view key) {
    const Yaml* list = map_.require(key);
    if (list == nullptr) return nullptr;
    if (list->kind == Yaml::Kind::list && !list->items.empty()) return list;
    map_.complain(list->line, "'" + std::string(key) + "' must be a list with at least one entry");
    return nullptr;
  }

  // Finds the one key that is not `extra`.
  std::optional<Call> read_call(const Yaml& yaml, const std::string& extra) {
    if (yaml.kind == Yaml::Kind::scalar) return Call{yaml.text, nullptr, nullptr, yaml.line};
    Call call{.line = yaml.line};
    for (std::size_t i = 0; i < yaml.keys.size(); ++i) {
      if (!extra.empty() && yaml.keys[i].name == extra) {
        call.extra = &yaml.items[i];
      } else if (call.value != nullptr) {
        map_.complain(yaml.keys[i].line,
                      "'" + yaml.keys[i].name + "' stands beside '" + call.name + "'; begin a new entry with '-', or indent it");
        return std::nullopt;
      } else {
        call.name = yaml.keys[i].name;
        call.value = &yaml.items[i];
        call.line = yaml.keys[i].line;
      }
    }
    if (!call.name.empty()) return call;
    map_.complain(yaml.line, "expected a word such as 'cacerts' or a map such as {cacerts: {...}}");
    return std::nullopt;
  }

  // The word given by `as` or `of`, beside the call or among its parameters.
  std::string extra_word(const Call& call, const std::optional<Yaml>& inside, const std::string& extra) {
    if (call.extra != nullptr && inside) map_.complain(call.line, "'" + extra + "' is given twice; keep one");
    const Yaml* value = call.extra != nullptr ? call.extra : inside ? &*inside : nullptr;
    if (value == nullptr) return {};
    if (value->kind != Yaml::Kind::scalar || value->text.empty()) map_.complain(value->line, "'" + extra + "' must be a name");
    return value->text;
  }

  std::optional<Step> read_step(const Yaml& yaml, const std::string& extra) {
    const auto call = read_call(yaml, extra);
    if (!call) return std::nullopt;
    const VerbInfo* verb = source_.vocabulary.verb(call->name);
    if (verb == nullptr) {
      const auto known = names_of(source_.vocabulary.verbs());
      map_.complain(call->line, "unknown verb '" + call->name + "'" + suggestion(call->name, known));
      return std::nullopt;
    }
    std::optional<Yaml> inside;
    const ParameterContext context{what_ + ": " + call->name, source_.file, results_, source_.problems};
    Step step{.verb = call->name, .place = {source_.file, call->line}};
    step.parameters = read_parameters(call->value, call->line, verb->parameters, verb->shorthand, extra, inside, context);
    step.name = extra_word(*call, inside, extra);
    check_result_name(step.name, call->line);
    return step;
  }

  void check_result_name(const std::string& name, int line) {
    if (name.empty()) return;
    if (!is_word(name, "-") || is_reserved(name)) {
      map_.complain(line, "'" + name + "' cannot name a result; use small letters, digits and '-', and not control, liveness or step-N");
    } else if (std::find(results_.begin(), results_.end(), name) != results_.end()) {
      map_.complain(line, "two results are called '" + name + "'; rename one");
    }
  }

  void read_expectation(const Yaml& yaml) {
    const auto call = read_call(yaml, "of");
    if (!call) return;
    const CheckInfo* check = source_.vocabulary.check(call->name);
    if (check == nullptr) {
      const auto known = names_of(source_.vocabulary.checks());
      return map_.complain(call->line,
                           "unknown check '" + call->name + "'" + suggestion(call->name, known, "; `estspec verbs` lists them"));
    }
    std::optional<Yaml> inside;
    const ParameterContext context{what_ + ": " + call->name, source_.file, results_, source_.problems};
    Expectation expectation{.check = call->name, .place = {source_.file, call->line}};
    expectation.parameters = read_parameters(call->value, call->line, check->parameters, check->shorthand, "of", inside, context);
    expectation.text = call->name + (call->value == nullptr ? "" : ": " + to_script(*call->value));
    expectation.of = extra_word(*call, inside, "of");
    if (expectation.of.empty() && !scenario_.steps.empty()) expectation.of = scenario_.steps.back().name;
    if (!expectation.of.empty() && std::find(results_.begin(), results_.end(), expectation.of) == results_.end()) {
      map_.complain(call->line,
                    "'of' names '" + expectation.of + "', which is no result of this scenario" + suggestion(expectation.of, results_));
    }
    scenario_.expect.push_back(std::move(expectation));
  }

  const Source& source_;
  const Yaml& yaml_;
  std::string what_;
  MapReader map_;
  Scenario scenario_;
  std::vector<std::string> results_;
};

class Loader {
 public:
  Loader(const Vocabulary& vocabulary, const std::vector<std::string>& requirement_ids)
      : vocabulary_(vocabulary), requirement_ids_(requirement_ids.begin(), requirement_ids.end()) {}

  void read(const Document& document) {
    const auto yaml = parse_yaml(document, loaded_.problems);
    if (!yaml) return;
    if (yaml->kind != Yaml::Kind::map) {
      return add_problem(loaded_.problems, document.name, std::max(1, yaml->line),
                         "the file must be a map with 'role' and 'scenarios'; see scenarios/README.md");
    }
    MapReader map(*yaml, "file", document.name, {"role", "section", "scenarios"}, loaded_.problems);
    Source source{document.name, vocabulary_, requirement_ids_, loaded_.problems, map.required_text("role"), map.text("section")};
    if (!source.role.empty() && source.role != "server" && source.role != "client" && source.role != "proxy") {
      map.complain(map.find("role")->line, "'role' is '" + source.role + "'; write server, client or proxy");
    }
    const Yaml* scenarios = map.require("scenarios");
    if (scenarios == nullptr) return;
    if (scenarios->kind != Yaml::Kind::list)
      return map.complain(scenarios->line, "'scenarios' must be a list; begin each with '- id: ...'");
    for (const auto& scenario : scenarios->items) read_scenario(source, scenario);
  }

  Loaded finish() { return std::move(loaded_); }

 private:
  void complain(const Source& source, int line, const std::string& what) { add_problem(loaded_.problems, source.file, line, what); }

  void read_scenario(const Source& source, const Yaml& yaml) {
    const Yaml* id = yaml.find("id");
    if (yaml.kind != Yaml::Kind::map || id == nullptr || id->kind != Yaml::Kind::scalar) {
      return complain(source, yaml.line, "a scenario without 'id'; begin it with '- id: ...'");
    }
    if (!is_scenario_id(id->text))
      return complain(source, id->line, "'" + id->text + "' cannot be an id; use letters, digits, '.' and '-'");
    const Place place{source.file, id->line};
    const auto [first, fresh] = places_.emplace(id->text, place);
    if (!fresh)
      return complain(source, id->line, "scenario " + id->text + " exists already at " + first->second.to_string() + "; choose another id");
    // A mistake outside the matrix shows up in each expanded scenario; say it once, for the first.
    for (const auto& one : expand_matrix(yaml, "scenario " + id->text, source.file, loaded_.problems)) {
      const std::size_t before = loaded_.problems.size();
      loaded_.scenarios.push_back(ScenarioReader(source, one.scenario, id->text + one.suffix).read());
      if (loaded_.problems.size() > before) break;
    }
  }

  const Vocabulary& vocabulary_;
  std::set<std::string> requirement_ids_;
  std::map<std::string, Place> places_;
  Loaded loaded_;
};

}  // namespace

Loaded load_scenarios(const std::vector<Document>& documents, const Vocabulary& vocabulary,
                      const std::vector<std::string>& requirement_ids) {
  Loader loader(vocabulary, requirement_ids);
  for (const auto& document : documents) loader.read(document);
  return loader.finish();
}

DocumentKind kind_of(const Document& document) {
  if (document.kind) return *document.kind;
  Problems ignored;
  const auto yaml = parse_yaml(document, ignored);
  if (!yaml) return DocumentKind::scenarios;
  if (yaml->find("set") != nullptr) return DocumentKind::set;
  if (yaml->find("errata-of") != nullptr) return DocumentKind::errata;
  if (yaml->find("scenarios") != nullptr) return DocumentKind::scenarios;
  if (yaml->kind == Yaml::Kind::list) return DocumentKind::interpretations;
  return yaml->find("requirements") != nullptr ? DocumentKind::requirements : DocumentKind::scenarios;
}

est::Result<std::vector<Document>> read_folder(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::string> paths;
  if (!fs::is_directory(folder, error)) return est::Error{folder + ": this is no folder; name one that holds *.yaml files"};
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".yaml" && it->is_regular_file(error)) paths.push_back(it->path().string());
  }
  if (error) return est::Error{folder + ": cannot be read: " + error.message()};
  std::sort(paths.begin(), paths.end());
  std::vector<Document> documents;
  for (const auto& path : paths) {
    auto text = est::read_file(path);
    if (!text) return text.error();
    documents.push_back({path, *std::move(text)});
  }
  return documents;
}

}  // namespace conformance::engine
