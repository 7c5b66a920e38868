// Whole-file reading and atomic writing. Errors name the path.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "est/base/bytes.h"
#include "est/base/result.h"

namespace est {

inline constexpr std::size_t default_file_limit = 16U << 20U;

[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit = default_file_limit);
// Writes beside the target, syncs, renames: a reader sees the old or the new content, never half. `mode` as in chmod.
[[nodiscard]] Status write_file(const std::string& path, std::string_view content, unsigned mode = 0644);

}  // namespace est
