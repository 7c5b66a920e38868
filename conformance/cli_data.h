// Everything a subcommand knows before it acts: vocabulary, catalogue and scenarios, from inside the program and from the user's folders.
#pragma once

#include <string>
#include <vector>

#include "conformance/engine/catalogue.h"
#include "conformance/engine/loader.h"
#include "conformance/engine/vocabulary.h"

namespace conformance::cli {

struct DataOptions {
  std::vector<std::string> folders;  // --scenarios DIR
  bool built_in = true;
  std::string select;  // --select EXPR
};

struct Data {
  engine::Vocabulary vocabulary;
  engine::Catalogue catalogue;
  std::vector<engine::Scenario> scenarios;  // all, or those selected
  std::string scenario_set;                 // "built-in", "built-in + DIR" ...
  std::string digest;                       // SHA-256 over names and texts of all documents, lower-case hexadecimal
};

[[nodiscard]] engine::Vocabulary make_vocabulary();

// All problems of all documents, or the data. `problems` are lines "file:line: what; cure".
[[nodiscard]] std::optional<Data> load_data(const DataOptions& options, std::vector<std::string>& problems);

// The folders' documents with the ones inside the program; a file that is word for word one of ours is taken once.
[[nodiscard]] std::vector<engine::Document> gather(const DataOptions& options, std::vector<std::string>& problems);

}  // namespace conformance::cli
