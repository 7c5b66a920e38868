// The data files inside the program; defined in a source made by ci/cmake/Embed.cmake.
#pragma once

#include <span>
#include <string_view>

namespace conformance {

struct EmbeddedFile {
  std::string_view name;  // relative to conformance/ or vectors/, with forward slashes
  std::string_view text;
};

[[nodiscard]] std::span<const EmbeddedFile> embedded_files();    // scenarios, requirements, interpretations, frozen sets
[[nodiscard]] std::span<const EmbeddedFile> embedded_vectors();  // the test vectors, their index and schema

}  // namespace conformance
