// What only an operator can do at the target: a command from the profile, or a question on the terminal.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "conformance/steps/outcome.h"
#include "conformance/target/profile.h"
#include "est/base/clock.h"
#include "est/base/result.h"

namespace conformance::steps {

// Placeholder name -> value; a name without value is known but not available.
using Placeholders = std::map<std::string, std::optional<std::string>, std::less<>>;

// One word for the shell, whatever it contains.
[[nodiscard]] std::string shell_quoted(std::string_view text);
// Replaces {name} by its quoted value. Cannot when a known placeholder has no value; other braces stay as they are.
[[nodiscard]] Maybe<std::string> filled_in(std::string_view command, const Placeholders& values);

struct CommandResult {
  int exit_code = 0;  // 128 + signal when killed
  bool timed_out = false;
  std::string output;  // standard output and error, at most 16 KiB
};
// Runs `command` by /bin/sh in its own process group; the group is killed when the time is over. Returns as soon as the shell ends, even
// when something it left in the background still holds the output open. Threads: safe.
[[nodiscard]] est::Result<CommandResult> run_command(const std::string& command, est::Milliseconds within);

// What a person answers. On the terminal `yes` is Enter alone, and everything that is no other word.
enum class Said { nothing, yes, no, cannot };
[[nodiscard]] bool has_terminal();
// Waits for a line; `nothing` when none came in time.
[[nodiscard]] Said typed_within(est::Milliseconds within);

// Asks on the terminal and waits for Enter; cannot when there is no terminal, the operator says no or the time is over.
[[nodiscard]] engine::StepOutcome ask_operator(const std::string& request, est::Milliseconds within);

}  // namespace conformance::steps
