// Typed access to a step's parameters. The loader has checked names and types already; a value of another shape counts as absent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/engine/evidence.h"
#include "est/base/bytes.h"

namespace conformance::steps {

class Parameters {
 public:
  // `json` must outlive this object.
  explicit Parameters(const engine::Json& json) : json_(&json) {}

  [[nodiscard]] bool has(const char* name) const { return find(name) != nullptr; }
  [[nodiscard]] std::optional<std::string> maybe_text(const char* name) const;  // numbers and booleans as YAML spells them
  [[nodiscard]] std::string text(const char* name, std::string_view otherwise = {}) const;
  [[nodiscard]] bool flag(const char* name, bool otherwise) const;
  [[nodiscard]] std::int64_t number(const char* name, std::int64_t otherwise) const;
  // A single text counts as a list of one; nothing when absent.
  [[nodiscard]] std::optional<std::vector<std::string>> texts(const char* name) const;
  [[nodiscard]] const engine::Json* map(const char* name) const;

 private:
  [[nodiscard]] const engine::Json* find(const char* name) const;
  const engine::Json* json_;
};

// Pairs of hexadecimal digits; blanks and line ends between them are skipped.
[[nodiscard]] std::optional<est::Bytes> octets_of_hex(std::string_view text);

}  // namespace conformance::steps
