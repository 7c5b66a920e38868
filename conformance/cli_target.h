// What `estspec server` and `estspec proxy` are told about the target: flags, a profile, both.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conformance/cli_command.h"
#include "conformance/cli_run.h"
#include "conformance/target/profile.h"

namespace conformance::cli {

struct TargetOptions {
  RunFlags run;
  target::Flags flags;
  std::optional<std::size_t> max_certificates;
  std::optional<double> requests_per_second;
};

void add_target_options(CLI::App& command, TargetOptions& options);

// `role`: server or proxy, which the profile must be for.
[[nodiscard]] est::Result<target::Profile> target_profile(const TargetOptions& options, std::string_view role);

// How to run this again, without secrets.
[[nodiscard]] std::string target_command(std::string_view begin, const TargetOptions& options);

}  // namespace conformance::cli
