#include "conformance/engine/catalogue.h"

#include <algorithm>
#include <map>
#include <set>

#include "conformance/engine/loader.h"

namespace conformance::engine {

namespace {

template <class T>
const T* by_id(const std::vector<T>& all, std::string_view id) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const T& one) { return one.id == id; });
  return found == all.end() ? nullptr : &*found;
}

template <class T>
std::vector<std::string> ids_of(const std::vector<T>& all) {
  std::vector<std::string> ids;
  for (const auto& one : all) ids.push_back(one.id);
  return ids;
}

class CatalogueLoader {
 public:
  explicit CatalogueLoader(Problems& problems) : problems_(problems) {}

  void read_requirements(const Document& document) {
    const auto yaml = parse_yaml(document, problems_);
    if (!yaml) return;
    MapReader map(*yaml, "file", document.name, {"rfc", "requirements"}, problems_);
    const std::string rfc = map.required_text("rfc");
    const Yaml* list = entries(map.require("requirements"), document.name);
    if (list == nullptr) return;
    for (const auto& item : list->items) read_requirement(item, rfc, document.name);
  }

  void read_interpretations(const Document& document) {
    const auto yaml = parse_yaml(document, problems_);
    const Yaml* list = yaml ? entries(&*yaml, document.name) : nullptr;
    if (list == nullptr) return;
    for (const auto& item : list->items) read_interpretation(item, document.name);
  }

  Catalogue finish() { return std::move(catalogue_); }

 private:
  const Yaml* entries(const Yaml* list, const std::string& file) {
    if (list == nullptr) return nullptr;
    const bool maps = std::all_of(list->items.begin(), list->items.end(), [](const Yaml& item) { return item.kind == Yaml::Kind::map; });
    if (list->kind == Yaml::Kind::list && maps) return list;
    add_problem(problems_, file, list->line, "this must be a list of maps; write - {id: ..., ...}");
    return nullptr;
  }

  static std::string name_of(const Yaml& item, const std::string& kind) {
    const Yaml* id = item.find("id");
    return id == nullptr ? kind : kind + " " + id->text;
  }

  // Complains when the id exists already.
  void check_id(const MapReader& map, const std::string& id, const Place& place) {
    const auto [first, fresh] = places_.emplace(id, place);
    if (!fresh && !id.empty()) map.complain(place.line, "the id exists already at " + first->second.to_string() + "; choose another");
  }

  void read_requirement(const Yaml& item, const std::string& rfc, const std::string& file) {
    static const std::vector<std::string> keys{"id",       "section",    "role",     "level",   "text", "interpretations",
                                               "untested", "updated-by", "testable", "setting", "needs"};
    static const std::vector<std::string> levels{"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"};
    static const std::vector<std::string> roles{"server", "client", "proxy"};
    MapReader map(item, name_of(item, "requirement"), file, keys, problems_);
    Requirement requirement;
    requirement.id = map.required_text("id");
    requirement.rfc = rfc;
    requirement.section = map.required_text("section");
    requirement.role = one_of(map, item, "role", roles);
    requirement.level = one_of(map, item, "level", levels);
    requirement.text = map.required_text("text");
    requirement.interpretations = map.texts("interpretations");
    requirement.untested = map.text("untested");
    requirement.updated_by = map.texts("updated-by");
    requirement.place = {file, item.line};
    read_testability(map, item, requirement);
    read_needs(map, item, requirement);
    check_id(map, requirement.id, requirement.place);
    catalogue_.requirements.push_back(std::move(requirement));
  }

  static void read_testability(MapReader& map, const Yaml& item, Requirement& requirement) {
    static const std::vector<std::pair<std::string, Testable>> words{
        {"wire", Testable::wire}, {"config", Testable::config}, {"driven", Testable::driven}, {"inspect", Testable::inspect}};
    const std::string word = map.find("testable") == nullptr ? "wire" : map.text("testable");
    const auto found = std::find_if(words.begin(), words.end(), [&](const auto& one) { return one.first == word; });
    if (found == words.end()) return map.complain(item.line, "'testable' is '" + word + "'; known: wire, config, driven, inspect");
    requirement.testable = found->second;
    requirement.setting = map.text("setting");
    const bool config = requirement.testable == Testable::config;
    if (config && requirement.setting.empty()) map.complain(item.line, "'testable' is config; say in 'setting' what has to be configured");
    if (!config && !requirement.setting.empty())
      map.complain(item.line, "'setting' belongs to 'testable: config' only; drop one of the two");
    if (requirement.testable == Testable::inspect && requirement.untested.empty())
      map.complain(item.line, "'testable' is inspect; say in 'untested' why it can only be inspected");
  }

  static void read_needs(MapReader& map, const Yaml& item, Requirement& requirement) {
    auto needs = Expression::parse(map.text("needs"));
    if (!needs) return map.complain(item.line, "'needs' " + needs.error().message + "; correct the expression");
    requirement.needs = *std::move(needs);
  }

  static std::string one_of(MapReader& map, const Yaml& item, const std::string& key, const std::vector<std::string>& choices) {
    std::string word = map.required_text(key);
    if (!word.empty() && std::find(choices.begin(), choices.end(), word) == choices.end()) {
      map.complain(item.line, "'" + key + "' is '" + word + "'" + suggestion(word, choices));
    }
    return word;
  }

  void read_interpretation(const Yaml& item, const std::string& file) {
    MapReader map(item, name_of(item, "interpretation"), file, {"id", "question", "texts", "verdict"}, problems_);
    Interpretation interpretation{map.required_text("id"),
                                  map.required_text("question"),
                                  map.required_text("texts"),
                                  map.required_text("verdict"),
                                  {file, item.line}};
    check_id(map, interpretation.id, interpretation.place);
    catalogue_.interpretations.push_back(std::move(interpretation));
  }

  Problems& problems_;
  Catalogue catalogue_;
  std::map<std::string, Place> places_;
};

class Lint {
 public:
  Lint(const std::vector<Scenario>& scenarios, const Catalogue& catalogue, const Vocabulary& vocabulary)
      : scenarios_(scenarios), catalogue_(catalogue), vocabulary_(vocabulary) {}

  Problems look() {
    for (const auto& requirement : catalogue_.requirements)
      check_interpretations(requirement.id, requirement.interpretations, requirement.place);
    std::string last_id;
    for (const auto& scenario : scenarios_) {
      const std::string id = scenario.id.substr(0, scenario.id.find('/'));
      roles_.insert(scenario.role);
      if (id != last_id) check_scenario(scenario, id);
      last_id = id;
    }
    for (const auto& requirement : catalogue_.requirements) {
      if (!roles_.contains(requirement.role)) continue;  // "role not yet tested", see coverage.h
      check_cited(requirement);
      check_needs(requirement);
    }
    return std::move(problems_);
  }

 private:
  void complain(const Place& place, const std::string& what) { add_problem(problems_, place.file, place.line, what); }

  void check_interpretations(const std::string& id, const std::vector<std::string>& cited, const Place& place) {
    for (const auto& interpretation : cited) {
      if (catalogue_.interpretation(interpretation) != nullptr) continue;
      complain(place, id + ": unknown interpretation '" + interpretation + "'" +
                          suggestion(interpretation, ids_of(catalogue_.interpretations), "; see conformance/interpretations"));
    }
  }

  void check_scenario(const Scenario& scenario, const std::string& id) {
    check_interpretations(id, scenario.interpretations, scenario.place);
    bool all_softer = true;
    for (const auto& cited : scenario.requirements) {
      const Requirement* requirement = catalogue_.requirement(cited);
      if (requirement == nullptr) {
        complain(scenario.place, id + ": unknown requirement '" + cited + "'; `estspec requirements` lists them");
        return;
      }
      cited_.insert(cited);
      all_softer = all_softer && !requirement->level.starts_with("MUST");
      if (requirement->role != scenario.role) {
        complain(scenario.place,
                 id + ": " + cited + " is about the " + requirement->role + ", the scenario about the " + scenario.role + "; cite another");
      }
    }
    if (scenario.level == Level::must && all_softer) {
      complain(scenario.place, id + ": the level is MUST, yet no requirement cited is one; lower it, or cite what demands it");
    }
  }

  void check_cited(const Requirement& requirement) {
    const bool cited = cited_.contains(requirement.id);
    if (!cited && requirement.untested.empty()) {
      complain(requirement.place, requirement.id + ": no scenario cites it; write one, or say why not in 'untested'");
    } else if (cited && !requirement.untested.empty()) {
      complain(requirement.place, requirement.id + ": it says 'untested', yet a scenario cites it; drop one of the two");
    }
  }

  void check_needs(const Requirement& requirement) {
    for (const auto& word : requirement.needs.words()) {
      if (vocabulary_.has_claim(word)) continue;
      std::vector<std::string> claims;
      for (const auto& [name, meaning] : vocabulary_.claims()) claims.push_back(name);
      complain(requirement.place, requirement.id + ": 'needs' names the unknown claim '" + word + "'" +
                                      suggestion(word, claims, "; `estspec verbs` lists them"));
    }
  }

  const std::vector<Scenario>& scenarios_;
  const Catalogue& catalogue_;
  const Vocabulary& vocabulary_;
  Problems problems_;
  std::set<std::string> roles_;
  std::set<std::string> cited_;
};

}  // namespace

std::string_view to_string(Testable testable) noexcept {
  switch (testable) {
    case Testable::wire:
      return "wire";
    case Testable::config:
      return "config";
    case Testable::driven:
      return "driven";
    case Testable::inspect:
      return "inspect";
  }
  return "";
}

const Requirement* Catalogue::requirement(std::string_view id) const { return by_id(requirements, id); }

const Interpretation* Catalogue::interpretation(std::string_view id) const { return by_id(interpretations, id); }

std::vector<std::string> Catalogue::requirement_ids() const { return ids_of(requirements); }

Catalogue load_catalogue(const std::vector<Document>& documents, Problems& problems) {
  CatalogueLoader loader(problems);
  for (const auto& document : documents) {
    const DocumentKind kind = kind_of(document);
    if (kind == DocumentKind::requirements) loader.read_requirements(document);
    if (kind == DocumentKind::interpretations) loader.read_interpretations(document);
  }
  return loader.finish();
}

Problems lint(const std::vector<Scenario>& scenarios, const Catalogue& catalogue, const Vocabulary& vocabulary) {
  return Lint(scenarios, catalogue, vocabulary).look();
}

}  // namespace conformance::engine
