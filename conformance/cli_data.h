// Everything a subcommand knows before it acts: vocabulary, catalogue and scenarios, from inside the program and from the user's folders.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/catalogue.h"
#include "conformance/engine/loader.h"
#include "conformance/engine/scenario_set.h"
#include "conformance/engine/vocabulary.h"

namespace conformance::cli {

struct DataOptions {
  std::vector<std::string> folders;  // --scenarios DIR
  bool built_in = true;
  std::string select;  // --select EXPR
  std::string set;     // --set NAME
};

struct Data {
  engine::Vocabulary vocabulary;
  engine::Catalogue catalogue;
  std::vector<engine::Scenario> scenarios;  // all, or those selected
  std::string scenario_set;                 // "built-in", "built-in + DIR" ...
  std::vector<engine::ScenarioSet> sets;    // all frozen ones
  std::optional<engine::ScenarioSet> set;   // the one that was asked for; its scenarios are as they were frozen
  std::string digest;                       // SHA-256 over names and texts of all documents, lower-case hexadecimal
};

[[nodiscard]] engine::Vocabulary make_vocabulary();

// Lower-case hexadecimal.
[[nodiscard]] std::string sha256_of(std::string_view text);

// All problems of all documents, or the data. `problems` are lines "file:line: what; cure".
[[nodiscard]] std::optional<Data> load_data(const DataOptions& options, std::vector<std::string>& problems);

// The folders' documents with the ones inside the program; a file that is word for word one of ours is taken once.
[[nodiscard]] std::vector<engine::Document> gather(const DataOptions& options, std::vector<std::string>& problems);

}  // namespace conformance::cli
