// Reads scenario scripts (YAML), strictly. See conformance/scenarios/README.md for the format.
#pragma once

#include <string>
#include <vector>

#include "conformance/engine/scenario.h"
#include "conformance/engine/vocabulary.h"
#include "conformance/engine/yaml.h"
#include "est/base/result.h"

namespace conformance::engine {

// Every problem found, each "file:line: what is wrong; cure". An empty list of problems means `scenarios` is complete.
struct Loaded {
  std::vector<Scenario> scenarios;
  std::vector<std::string> problems;
};

// `requirement_ids`: what scenarios may cite; empty means anything goes (for tests of the loader itself).
// Expands `matrix:`; ids of expanded scenarios get "/value" appended.
[[nodiscard]] Loaded load_scenarios(const std::vector<Document>& documents, const Vocabulary& vocabulary,
                                    const std::vector<std::string>& requirement_ids);

// All *.yaml below a folder, sorted by path.
[[nodiscard]] est::Result<std::vector<Document>> read_folder(const std::string& folder);

// Documents of one folder hold scenarios (key `scenarios`), requirements (key `requirements`), interpretations (a list), a frozen set (key
// `set`) or its errata (key `errata-of`). Tells which without judging the content; an unreadable document counts as scenarios, whose loader
// then says what is wrong.
[[nodiscard]] DocumentKind kind_of(const Document& document);

// --select: words are id globs ("EST-SE-*"), "section:4.2.1", "level:must", "tag:pop", combined with and/or/not.
[[nodiscard]] est::Result<std::vector<Scenario>> select(const std::vector<Scenario>& scenarios, const std::string& expression);

}  // namespace conformance::engine
