// What est-client does, from flags to files, words and an exit code.
#pragma once

#include <iosfwd>

#include "client/flags.h"

namespace client {

inline constexpr int internal_error = 7;

// Performs the operation. `out`: the result (with --json one object, also on failure); `err`: problems, warnings and notes, one a line.
// Returns the exit code: 0 or exit_code() of the problem.
[[nodiscard]] int perform(const Flags& flags, std::ostream& out, std::ostream& err);

// The exit codes, for --help.
[[nodiscard]] const char* exit_code_help() noexcept;

}  // namespace client
