// What est-client does, from flags to files, words and an exit code.
#pragma once

#include <iosfwd>

#include "client/flags.h"
#include "client/settings.h"

namespace client {

inline constexpr int usage_error = 4;
inline constexpr int internal_error = 7;

// Performs the operation. `out`: the result (with --json one object, also on failure); `err`: problems, warnings and notes, one a line.
// Returns the exit code: 0 or exit_code() of the problem.
[[nodiscard]] int perform(const Flags& flags, std::ostream& out, std::ostream& err);

// The same with what settle() made of the flags, changed perhaps by a program that builds on this one.
[[nodiscard]] int perform(const Flags& flags, Settings settings, std::ostream& out, std::ostream& err);

// The exit codes, for --help.
[[nodiscard]] const char* exit_code_help() noexcept;

}  // namespace client
