// What this project's own readers make of a vector: they have to come to the published result, and are one more parser to score.
//
// Types whose readers give no findings say one word when they refuse: "proof", "digest", "credentials", "retry-after".
#pragma once

#include <optional>
#include <string_view>

#include "conformance/vectors/vector.h"
#include "est/base/finding.h"

namespace conformance::vectors {

struct Reading {
  bool accepted = false;
  est::Findings findings;             // of every severity
  std::optional<est::Bytes> decoded;  // base64 only
};

// Nothing for a type nobody here knows. Threads: any.
[[nodiscard]] std::optional<Reading> read_with_ours(const Vector& vector);

}  // namespace conformance::vectors
