#include "conformance/cli_target.h"

#include <fmt/format.h>

#include "conformance/cli_secret.h"

namespace conformance::cli {
namespace {

est::Result<target::Profile> with_limits(est::Result<target::Profile> profile, const TargetOptions& options) {
  if (!profile) return profile;
  if (options.max_certificates) profile->limits.max_certificates = *options.max_certificates;
  if (options.requests_per_second) profile->limits.requests_per_second = *options.requests_per_second;
  if (const auto applied = apply_baseline(options.run, profile->deviations); !applied) return applied.error();
  return profile;
}

est::Result<target::Profile> with_flags(std::optional<target::Profile> profile, const target::Flags& flags, std::string_view role) {
  return role == "proxy" ? target::apply_proxy_flags(std::move(profile), flags) : target::apply_flags(std::move(profile), flags);
}

}  // namespace

void add_target_options(CLI::App& command, TargetOptions& options) {
  target::Flags& flags = options.flags;
  command.add_option("--url", flags.url, "https://HOST:PORT of the target, without a path");
  command.add_option("--trust-anchor", flags.trust_anchor, "PEM file with the CA of the target's own certificate");
  command.add_option("--user", flags.user, "user name for HTTP authentication");
  command.add_option("--password", flags.password,
                     "its password: better env:NAME (environment variable) or file:PATH than the word itself, which others can see");
  command.add_option("--client-cert", flags.client_certificate, "PEM file with a client certificate and its chain");
  command.add_option("--client-key", flags.client_key, "PEM file with its key");
  command.add_option("--label", flags.label, "CA label to use where a scenario does not name one");
  command.add_option("--profile", options.run.profile, "target profile (YAML): claims, access, limits; flags override it");
  command
      .add_option("--max-certificates", options.max_certificates,
                  "most certificates the run may obtain, 0 for no limit; overrides limits.certificates. All are listed in certificates.csv")
      ->type_name("N");
  command.add_option("--requests-per-second", options.requests_per_second, "pace of the run; overrides limits.requests-per-second")
      ->type_name("R")
      ->check(CLI::NonNegativeNumber);
}

est::Result<target::Profile> target_profile(const TargetOptions& options, std::string_view role) {
  target::Flags flags = options.flags;
  auto password = resolve_secret(flags.password, "--password");
  if (!password) return password.error();
  flags.password = *std::move(password);
  const std::string& path = options.run.profile;
  if (path.empty()) return with_limits(with_flags(std::nullopt, flags, role), options);
  auto profile = target::load_profile(path);
  if (!profile) return profile.error();
  if (profile->role != role)
    return est::Error{path + ": the profile is for the role " + profile->role + "; give one for a " + std::string(role)};
  return with_limits(with_flags(*std::move(profile), flags, role), options);
}

std::string target_command(std::string_view begin, const TargetOptions& options) {
  const target::Flags& flags = options.flags;
  CommandLine command(begin);
  command.add("--profile", options.run.profile);
  command.add("--url", flags.url);
  command.add("--trust-anchor", flags.trust_anchor);
  command.add("--user", flags.user);
  command.add("--password", is_reference(flags.password) || flags.password.empty() ? flags.password : "env:EST_PASSWORD");
  command.add("--client-cert", flags.client_certificate);
  command.add("--client-key", flags.client_key);
  command.add("--label", flags.label);
  command.add("--upstream-listen", flags.upstream_listen);
  command.add("--upstream-name", flags.upstream_name);
  command.add("--upstream-files", flags.upstream_files);
  if (options.max_certificates) command.add("--max-certificates", std::to_string(*options.max_certificates));
  if (options.requests_per_second) command.add("--requests-per-second", fmt::format("{}", *options.requests_per_second));
  command.add(options.run);
  return command.text();
}

}  // namespace conformance::cli
