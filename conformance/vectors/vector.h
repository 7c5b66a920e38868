// The published test vectors (vectors/README.md) as values. Reading them checks what a user who edits them gets wrong, and that they are
// what the index says.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/yaml.h"
#include "est/base/bytes.h"

namespace conformance::vectors {

// Wycheproof's words: acceptable inputs may be accepted or rejected.
enum class Expected { valid, acceptable, invalid };
[[nodiscard]] std::string_view to_string(Expected expected) noexcept;

struct Vector {
  std::string id;    // never reused
  std::string type;  // "pkcs10", "certs_only" ...: the file's
  Expected expected = Expected::invalid;
  std::string comment, clause;
  std::vector<std::string> findings;  // at least these are what our decoders have to say
  est::Bytes input;
  std::map<std::string, std::string> context;  // what a reader has to know beside the input; the keys are the type's
  std::optional<est::Bytes> decoded;           // base64: what comes out
};

// Documents are the index (a name that ends in "index.json") and the files it lists. All problems, "file: what; cure", or the vectors in
// the order of the index. Other documents are ignored.
[[nodiscard]] std::optional<std::vector<Vector>> read_vectors(const std::vector<engine::Document>& documents,
                                                              std::vector<std::string>& problems);
// The documents of a folder: its *.json, by name.
[[nodiscard]] std::vector<engine::Document> read_vector_folder(const std::string& folder, std::vector<std::string>& problems);

}  // namespace conformance::vectors
