#include "conformance/engine/scenario_set.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "conformance/engine/json.h"
#include "conformance/engine/loader.h"
#include "est/base/text.h"

namespace conformance::engine {

namespace {

// "EST-SE-001" for "EST-SE-001/ec-p256".
std::string_view without_values(std::string_view id) { return id.substr(0, id.find('/')); }

bool is_digest(std::string_view text) { return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

class SetLoader {
 public:
  explicit SetLoader(Problems& problems) : problems_(problems) {}

  void read_set(const Document& document) {
    const auto yaml = parse_yaml(document, problems_);
    if (!yaml) return;
    MapReader map(*yaml, "set", document.name, {"set", "frozen", "digest", "scenarios"}, problems_);
    ScenarioSet set{.name = map.required_text("set"), .frozen = map.required_text("frozen"), .digest = map.required_text("digest")};
    set.place = {document.name, yaml->line};
    if (!set.name.empty() && !is_set_name(set.name))
      map.complain(map.find("set")->line, "'set' is no name; use letters, digits, '.' and '-'");
    if (!set.frozen.empty() && !is_day(set.frozen)) map.complain(map.find("frozen")->line, "'frozen' is no day; write YYYY-MM-DD");
    if (!set.digest.empty() && !is_digest(set.digest))
      map.complain(map.find("digest")->line, "'digest' is no SHA-256; write the file with `estspec sets --freeze`");
    read_members(map, document.name, set);
    if (known(set.name) != nullptr) map.complain(set.place.line, "the set " + set.name + " exists already; choose another name");
    sets_.push_back(std::move(set));
  }

  void read_errata(const Document& document) {
    const auto yaml = parse_yaml(document, problems_);
    if (!yaml) return;
    MapReader map(*yaml, "errata", document.name, {"errata-of", "errata"}, problems_);
    ScenarioSet* set = known(map.required_text("errata-of"));
    if (set == nullptr) return map.complain(yaml->line, "'errata-of' names no set; name one of `estspec sets`");
    const Yaml* list = map.require("errata");
    if (list == nullptr) return;
    if (list->kind != Yaml::Kind::list) return map.complain(list->line, "'errata' must be a list; write [] if there are none");
    for (const auto& item : list->items) read_erratum(item, document.name, *set);
  }

  std::vector<ScenarioSet> finish() { return std::move(sets_); }

 private:
  ScenarioSet* known(std::string_view name) {
    const auto found = std::find_if(sets_.begin(), sets_.end(), [&](const ScenarioSet& set) { return set.name == name; });
    return found == sets_.end() ? nullptr : &*found;
  }

  void read_members(MapReader& map, const std::string& file, ScenarioSet& set) {
    const Yaml* list = map.require("scenarios");
    if (list == nullptr) return;
    if (list->kind != Yaml::Kind::list || list->items.empty()) return map.complain(list->line, "'scenarios' must be a list, and not empty");
    for (const auto& item : list->items) {
      auto member = member_of(item.text);
      if (!member) return map.complain(item.line, "an entry is not ID REVISION LEVEL DIGEST; write the file with `estspec sets --freeze`");
      member->place = {file, item.line};
      set.members.push_back(*std::move(member));
    }
  }

  static std::optional<SetMember> member_of(const std::string& line) {
    const auto words = est::split(line, ' ');
    if (words.size() != 4 || words[0].empty() || !level_by_name(words[2]) || !is_digest(words[3])) return std::nullopt;
    SetMember member{.id = std::string(words[0]), .level = std::string(words[2]), .digest = std::string(words[3])};
    const auto [end, error] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), member.revision);
    if (error != std::errc() || end != words[1].data() + words[1].size() || member.revision < 1) return std::nullopt;
    return member;
  }

  void read_erratum(const Yaml& item, const std::string& file, ScenarioSet& set) {
    if (item.kind != Yaml::Kind::map)
      return add_problem(problems_, file, item.line, "an erratum must be a map; write - {scenario: ..., date: ..., reason: ...}");
    MapReader map(item, "erratum", file, {"scenario", "date", "reason"}, problems_);
    Erratum erratum{map.required_text("scenario"), map.required_text("date"), map.required_text("reason"), {file, item.line}};
    const bool member = std::any_of(set.members.begin(), set.members.end(), [&](const SetMember& one) {
      return one.id == erratum.scenario || without_values(one.id) == erratum.scenario;
    });
    if (!erratum.scenario.empty() && !member)
      map.complain(item.line, "'" + erratum.scenario + "' is not in " + set.name + "; errata can only take scenarios of the set out");
    if (!erratum.date.empty() && (!is_day(erratum.date) || erratum.date < set.frozen))
      map.complain(item.line, "'date' is no day since the set was frozen (" + set.frozen + "); write YYYY-MM-DD");
    if (set.erratum(erratum.scenario) != nullptr) map.complain(item.line, "a second erratum for " + erratum.scenario + "; keep one");
    set.errata.push_back(std::move(erratum));
  }

  Problems& problems_;
  std::vector<ScenarioSet> sets_;
};

Json json_of(const Step& step) { return Json::array({step.verb, step.parameters, step.name}); }

// What of a member is not as it was.
class SetLint {
 public:
  SetLint(const ScenarioSet& set, const Catalogue& catalogue, const DigestOf& digest_of)
      : set_(set), catalogue_(catalogue), digest_of_(digest_of) {}

  Problems look(const std::vector<Scenario>& scenarios) {
    if (digest_of_(members_text(set_)) != set_.digest)
      complain(set_.place, "the file was changed since " + set_.frozen + ": its digest is another; restore it, and use errata");
    std::map<std::string_view, const Scenario*> by_id;
    for (const auto& scenario : scenarios) by_id.emplace(scenario.id, &scenario);
    for (const auto& member : set_.members) {
      const auto found = by_id.find(member.id);
      if (found == by_id.end())
        gone(member);
      else
        compare(member, *found->second);
    }
    return std::move(problems_);
  }

 private:
  void complain(const Place& place, const std::string& what) { add_problem(problems_, place.file, place.line, set_.name + ": " + what); }

  void gone(const SetMember& member) {
    if (set_.erratum(member.id) == nullptr)
      complain(member.place, member.id + " is gone; restore it, or take it out of the score by an erratum");
  }

  void compare(const SetMember& member, const Scenario& scenario) {
    if (digest_of_(frozen_text(scenario, catalogue_)) == member.digest) return;
    if (scenario.revision <= member.revision)
      return complain(scenario.place,
                      member.id + " was changed since it was frozen; restore it, or raise 'revision' and say why in 'changes'");
    if (set_.erratum(member.id) == nullptr)
      complain(scenario.place, member.id + " has revision " + std::to_string(scenario.revision) + ", the set has " +
                                   std::to_string(member.revision) + "; take it out of the score by an erratum");
  }

  const ScenarioSet& set_;
  const Catalogue& catalogue_;
  const DigestOf& digest_of_;
  Problems problems_;
};

}  // namespace

const SetMember* ScenarioSet::member(std::string_view id) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const SetMember& one) { return one.id == id; });
  return found == members.end() ? nullptr : &*found;
}

const Erratum* ScenarioSet::erratum(std::string_view id) const {
  const auto found = std::find_if(errata.begin(), errata.end(),
                                  [&](const Erratum& one) { return one.scenario == id || one.scenario == without_values(id); });
  return found == errata.end() ? nullptr : &*found;
}

std::string ScenarioSet::not_scored(std::string_view id) const {
  if (member(id) == nullptr) return "not part of " + name;
  const Erratum* found = erratum(id);
  return found == nullptr ? std::string() : "erratum of " + found->date + ": " + found->reason;
}

std::vector<ScenarioSet> load_sets(const std::vector<Document>& documents, Problems& problems) {
  SetLoader loader(problems);
  for (const auto& document : documents)
    if (kind_of(document) == DocumentKind::set) loader.read_set(document);
  for (const auto& document : documents)
    if (kind_of(document) == DocumentKind::errata) loader.read_errata(document);
  return loader.finish();
}

std::string frozen_text(const Scenario& scenario, const Catalogue& catalogue) {
  Json requirements = Json::array(), steps = Json::array(), expect = Json::array();
  for (const auto& id : scenario.requirements) {
    const Requirement* requirement = catalogue.requirement(id);
    requirements.push_back(Json::array({id, requirement == nullptr ? "" : requirement->level}));
  }
  for (const auto& step : scenario.steps) steps.push_back(json_of(step));
  for (const auto& one : scenario.expect) expect.push_back(Json::array({one.check, one.parameters, one.of}));
  const Json text = Json::array({scenario.id, scenario.revision, scenario.role, scenario.section, to_string(scenario.level), scenario.title,
                                 std::move(requirements), scenario.interpretations, scenario.needs.text(), scenario.mutation,
                                 scenario.control ? json_of(*scenario.control) : Json(), std::move(steps), std::move(expect)});
  return print_json(text, -1);
}

std::string members_text(const ScenarioSet& set) {
  std::string text = set.name + " " + set.frozen + "\n";
  for (const auto& member : set.members)
    text += member.id + " " + std::to_string(member.revision) + " " + member.level + " " + member.digest + "\n";
  return text;
}

ScenarioSet freeze(const std::string& name, const std::string& day, const std::vector<Scenario>& scenarios, const Catalogue& catalogue,
                   const DigestOf& digest_of) {
  ScenarioSet set{.name = name, .frozen = day};
  for (const auto& scenario : scenarios) {
    set.members.push_back({.id = scenario.id,
                           .revision = scenario.revision,
                           .level = std::string(to_string(scenario.level)),
                           .digest = digest_of(frozen_text(scenario, catalogue))});
  }
  set.digest = digest_of(members_text(set));
  return set;
}

std::string set_file(const ScenarioSet& set) {
  std::string text =
      "# Written by `estspec sets --freeze`; never changed by hand. Each line: id, revision, level, SHA-256 of what decides verdicts.\n";
  text += "set: " + set.name + "\nfrozen: " + set.frozen + "\ndigest: " + set.digest + "\nscenarios:\n";
  for (const auto& member : set.members)
    text += "  - " + member.id + " " + std::to_string(member.revision) + " " + member.level + " " + member.digest + "\n";
  return text;
}

Problems lint(const ScenarioSet& set, const std::vector<Scenario>& scenarios, const Catalogue& catalogue, const DigestOf& digest_of) {
  return SetLint(set, catalogue, digest_of).look(scenarios);
}

bool is_set_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

}  // namespace conformance::engine
