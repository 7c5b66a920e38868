// estspec server: how a server is looked at and run against.
#include <fmt/format.h>

#include <algorithm>

#include "conformance/cli_command.h"
#include "conformance/cli_look.h"
#include "conformance/cli_preflight.h"
#include "conformance/cli_run.h"
#include "conformance/cli_secret.h"
#include "conformance/engine/witness.h"
#include "conformance/steps/scenario_traits.h"
#include "conformance/steps/server_driver.h"
#include "conformance/target/profile.h"

namespace conformance::cli {

namespace {

struct ServerOptions {
  RunFlags run;
  target::Flags flags;
  std::optional<std::size_t> max_certificates;
  std::optional<double> requests_per_second;
};

est::Result<target::Profile> overridden(est::Result<target::Profile> profile, const ServerOptions& options) {
  if (!profile) return profile;
  if (options.max_certificates) profile->limits.max_certificates = *options.max_certificates;
  if (options.requests_per_second) profile->limits.requests_per_second = *options.requests_per_second;
  if (const auto applied = apply_baseline(options.run, profile->deviations); !applied) return applied.error();
  return profile;
}

est::Result<target::Profile> profile_of(const ServerOptions& options) {
  target::Flags flags = options.flags;
  auto password = resolve_secret(flags.password, "--password");
  if (!password) return password.error();
  flags.password = *std::move(password);
  const std::string& path = options.run.profile;
  if (path.empty()) return overridden(target::apply_flags(std::nullopt, flags), options);
  auto profile = target::load_profile(path);
  if (!profile) return profile.error();
  if (profile->role != "server") return est::Error{path + ": the profile is for the role " + profile->role + "; give one for a server"};
  return overridden(target::apply_flags(*std::move(profile), flags), options);
}

std::string server_command(const ServerOptions& options) {
  const target::Flags& flags = options.flags;
  CommandLine command("estspec server");
  command.add("--profile", options.run.profile);
  command.add("--url", flags.url);
  command.add("--trust-anchor", flags.trust_anchor);
  command.add("--user", flags.user);
  command.add("--password", is_reference(flags.password) || flags.password.empty() ? flags.password : "env:EST_PASSWORD");
  command.add("--client-cert", flags.client_certificate);
  command.add("--client-key", flags.client_key);
  command.add("--label", flags.label);
  if (options.max_certificates) command.add("--max-certificates", std::to_string(*options.max_certificates));
  if (options.requests_per_second) command.add("--requests-per-second", fmt::format("{}", *options.requests_per_second));
  command.add(options.run);
  return command.text();
}

class ServerRun {
 public:
  ServerRun(const ServerOptions& options, Run& run, target::Profile profile)
      : options_(options),
        run_(run),
        profile_(std::move(profile)),
        budget_(std::make_shared<steps::CertificateBudget>(profile_.limits.max_certificates)),
        driver_(steps::make_server_driver(profile_, run_.data().vocabulary, budget_)) {}

  int run() {
    run_.options().claims = profile_.claims;
    run_.options().judge = {options_.run.strict, profile_.public_json()};
    if (const int code = preflight(); code != 0) return code;
    run_.execute(*driver_, server_command(options_));
    run_.results().certificates = budget_->list();
    return run_.finish(profile_.deviations);
  }

 private:
  // 0 to go on.
  int preflight() {
    const std::string url = profile_.url.scheme + "://" + profile_.url.endpoint.to_string();
    engine::RunOptions& options = run_.options();
    Preflight seen = look(*driver_, run_.data().vocabulary, options.judge, url);
    if (seen.error.empty() && profile_.claims.contains("simpleenroll") && !run_.has_selection())
      seen.error = refused_credentials(*driver_, run_.data().vocabulary, options.judge, url);
    if (!seen.note.empty()) run_.note(seen.note);
    if (!seen.error.empty()) return run_.give_up(seen.error, seen.fault);
    options.liveness = seen.liveness;
    options.liveness_works = seen.liveness_works;
    if (seen.certificate_demanded) demand_certificate();
    review_claims();
    choose_jobs();
    return 0;
  }

  // INT-14: otherwise every scenario in which somebody comes without a certificate would fail for this one reason.
  void demand_certificate() {
    if (!profile_.claims.insert("client-certificate-demanded").second) return;
    driver_ = steps::make_server_driver(profile_, run_.data().vocabulary, budget_);
    run_.options().claims = profile_.claims;
    run_.options().judge.target = profile_.public_json();
    run_.note(
        "the target lets nobody in without a client certificate; it is tested as if client-certificate-demanded were claimed (INT-14)");
  }

  // A rerun of single scenarios needs none.
  void review_claims() {
    if (!run_.options().liveness_works || run_.has_selection()) return;
    run_.results().review = review(profile_, look_around(*driver_, run_.options(), true));
  }

  void choose_jobs() {
    engine::RunOptions& options = run_.options();
    options.jobs = static_cast<unsigned>(options_.run.jobs > 0 ? options_.run.jobs : profile_.limits.jobs);
    options.alone = steps::acts_on_whole_target;
    options.shared = &shared_;
    options.may_share_control = steps::control_may_be_shared;
    const auto& scenarios = run_.data().scenarios;
    const bool hostile = std::any_of(scenarios.begin(), scenarios.end(), engine::wants_witness);
    if ((options.jobs <= 1 && !hostile) || !options.liveness_works) return;
    options.witnesses = bears_company(*driver_, run_.data().vocabulary, options);
    if (options.witnesses || options.jobs <= 1) return;
    options.jobs = 1;
    run_.note("the target serves one connection at a time, so scenarios run one after another");
  }

  const ServerOptions& options_;
  Run& run_;
  target::Profile profile_;
  std::shared_ptr<steps::CertificateBudget> budget_;
  std::unique_ptr<engine::Driver> driver_;
  engine::SharedControls shared_;
};

int run_server(const ServerOptions& options) {
  const auto profile = profile_of(options);
  if (!profile) return complain(profile.error().message);
  if (const std::string why = not_certifiable(options.run, profile->unanswered()); !why.empty()) return complain(why);
  auto run = Run::prepare(options.run, "server");
  if (!run) return ExitCode::usage;
  return ServerRun(options, *run, *profile).run();
}

void add_target_options(CLI::App& command, ServerOptions& options) {
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
}

}  // namespace

void add_server(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("server", "test an EST server");
  auto options = std::make_shared<ServerOptions>();
  add_target_options(*command, *options);
  command
      ->add_option(
          "--jobs", options->run.jobs,
          "scenarios at a time (default 4, profile: limits.jobs); 1 is strictly one after another. What does not pass beside others "
          "is run again alone")
      ->type_name("N")
      ->check(CLI::Range(1, target::most_jobs));
  command
      ->add_option(
          "--max-certificates", options->max_certificates,
          "most certificates the run may obtain, 0 for no limit; overrides limits.certificates. All are listed in certificates.csv")
      ->type_name("N");
  command->add_option("--requests-per-second", options->requests_per_second, "pace of the run; overrides limits.requests-per-second")
      ->type_name("R")
      ->check(CLI::NonNegativeNumber);
  add_run_flags(*command, options->run);
  command->footer(
      "Before the run the target is probed once. If it cannot be reached, does not speak TLS or shows a certificate that the trust anchor "
      "does not\n"
      "cover, that is a configuration error: one message, exit code 4, no results.\n"
      "Exit codes: 0 conformant, 1 at least one FAIL, 2 no FAIL but INCONCLUSIVE, 3 neither but a known deviation is stale, 4 usage,\n"
      "configuration or nothing tested, 5 fault of the suite.");
  command->callback([=, &run] { run = [=] { return run_server(*options); }; });
}

}  // namespace conformance::cli
