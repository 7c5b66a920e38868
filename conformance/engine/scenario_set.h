// Frozen scenario sets: which scenarios, as they stood on one day, a result by that set rests on. What was written later is run beside them
// and not scored; errata may take scenarios out of the score and nothing else. Format: conformance/scenarios/README.md.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/catalogue.h"
#include "conformance/engine/scenario.h"
#include "conformance/engine/yaml.h"

namespace conformance::engine {

// One scenario after matrix expansion, as it was when the set was frozen.
struct SetMember {
  std::string id;
  int revision = 1;
  std::string level;   // "MUST"
  std::string digest;  // of frozen_text(), lower-case hexadecimal
  Place place;
};

// Takes a scenario out of the score of a set.
struct Erratum {
  std::string scenario;  // an id; without its matrix values it stands for all of them
  std::string date;      // YYYY-MM-DD
  std::string reason;
  Place place;
};

struct ScenarioSet {
  std::string name;    // "EST-2026.1"
  std::string frozen;  // YYYY-MM-DD
  std::string digest;  // of members_text(), as the file says
  std::vector<SetMember> members;
  std::vector<Erratum> errata;
  Place place;

  [[nodiscard]] const SetMember* member(std::string_view id) const;
  [[nodiscard]] const Erratum* erratum(std::string_view id) const;
  // Why a scenario counts for nothing in a run against this set; empty when it counts.
  [[nodiscard]] std::string not_scored(std::string_view id) const;
};

// Letters, digits, '.' and '-', 64 at most.
[[nodiscard]] bool is_set_name(std::string_view name);

// SHA-256 in lower-case hexadecimal; the engine itself has no cryptography.
using DigestOf = std::function<std::string(std::string_view text)>;

// Documents of other kinds are ignored. Every problem is reported, among them errata of unknown sets and of scenarios not in the set.
[[nodiscard]] std::vector<ScenarioSet> load_sets(const std::vector<Document>& documents, Problems& problems);

// All of a scenario that decides verdicts, with the levels of the requirements it cites, in one stable form. Tags and `why` are not part
// of it: they may be mended.
[[nodiscard]] std::string frozen_text(const Scenario& scenario, const Catalogue& catalogue);
// What the digest of a set is taken over: its name, the day, and a line for each member.
[[nodiscard]] std::string members_text(const ScenarioSet& set);

// A set of these scenarios, and the file that says so.
[[nodiscard]] ScenarioSet freeze(const std::string& name, const std::string& day, const std::vector<Scenario>& scenarios,
                                 const Catalogue& catalogue, const DigestOf& digest_of);
[[nodiscard]] std::string set_file(const ScenarioSet& set);

// Whether the scenarios are still those of the set: none gone, none changed without a higher revision, and none changed or gone that an
// erratum does not take out of the score.
[[nodiscard]] Problems lint(const ScenarioSet& set, const std::vector<Scenario>& scenarios, const Catalogue& catalogue,
                            const DigestOf& digest_of);

}  // namespace conformance::engine
