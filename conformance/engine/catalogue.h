// The catalogue: normative sentences (requirements) and contested readings (interpretations), as data. Format:
// conformance/scenarios/README.md.
#pragma once

#include <string>
#include <vector>

#include "conformance/engine/scenario.h"
#include "conformance/engine/yaml.h"

namespace conformance::engine {

struct Requirement {
  std::string id;       // "R7030-4.1.3-1"
  std::string rfc;      // "7030"
  std::string section;  // "4.1.3"
  std::string role;     // "server", "client", "proxy"
  std::string level;    // "MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"
  std::string text;     // in our own words
  std::vector<std::string> interpretations;
  std::string untested;  // why no scenario cites it; empty when one must
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
// and no scenario is stricter than all of what it cites.
[[nodiscard]] Problems lint(const std::vector<Scenario>& scenarios, const Catalogue& catalogue);

}  // namespace conformance::engine
