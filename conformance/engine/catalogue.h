// The catalogue: normative sentences (requirements) and contested readings (interpretations), as data. Format:
// conformance/scenarios/README.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/expression.h"
#include "conformance/engine/scenario.h"
#include "conformance/engine/vocabulary.h"
#include "conformance/engine/yaml.h"

namespace conformance::engine {

// How one can find out whether a target keeps a requirement.
enum class Testable {
  wire,     // from outside, with whatever configuration the target has
  config,   // from outside, once the target is configured as `setting` says
  driven,   // only while the target is made to act, as clients are
  inspect,  // not from outside at all; `untested` says why
};
[[nodiscard]] std::string_view to_string(Testable testable) noexcept;

struct Requirement {
  std::string id;       // "R7030-4.1.3-1"
  std::string rfc;      // "7030"
  std::string section;  // "4.1.3"
  std::string role;     // "server", "client", "proxy"
  std::string level;    // "MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"
  std::string text;     // in our own words
  std::vector<std::string> interpretations;
  std::string untested = {};                 // why no scenario cites it; empty when one must
  std::vector<std::string> updated_by = {};  // what changed or replaced the sentence: "RFC 8951 3", "RFC 8996"
  Testable testable = Testable::wire;
  std::string setting = {};  // the known configuration or profile entry that is needed; only with Testable::config
  Expression needs = {};     // over the claims of the ICS: to which targets it applies at all
  Place place;
};

struct Interpretation {
  std::string id;  // "INT-01"
  std::string question;
  std::string texts;    // what the RFCs say
  std::string verdict;  // what the suite decides
  Place place;
};

struct Catalogue {
  std::vector<Requirement> requirements;
  std::vector<Interpretation> interpretations;

  [[nodiscard]] const Requirement* requirement(std::string_view id) const;
  [[nodiscard]] const Interpretation* interpretation(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> requirement_ids() const;
};

// Documents of both kinds, told apart by kind_of() in loader.h; a document of scenarios is ignored. Every problem is reported.
[[nodiscard]] Catalogue load_catalogue(const std::vector<Document>& documents, Problems& problems);

// Whether scenarios and catalogue fit together: citations exist, every requirement of a role that has scenarios is cited or says why not,
// no scenario is stricter than all of what it cites, and `needs` of such roles names claims of the vocabulary.
[[nodiscard]] Problems lint(const std::vector<Scenario>& scenarios, const Catalogue& catalogue, const Vocabulary& vocabulary);

}  // namespace conformance::engine
