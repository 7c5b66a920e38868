// estspec server: how a server is looked at and run against.
#include <algorithm>

#include "conformance/cli_command.h"
#include "conformance/cli_look.h"
#include "conformance/cli_preflight.h"
#include "conformance/cli_run.h"
#include "conformance/cli_target.h"
#include "conformance/engine/witness.h"
#include "conformance/steps/scenario_traits.h"
#include "conformance/steps/server_driver.h"
#include "conformance/target/profile.h"

namespace conformance::cli {

namespace {

class ServerRun {
 public:
  ServerRun(const TargetOptions& options, Run& run, target::Profile profile)
      : options_(options),
        run_(run),
        profile_(std::move(profile)),
        budget_(std::make_shared<steps::CertificateBudget>(profile_.limits.max_certificates)),
        driver_(steps::make_server_driver(profile_, run_.data().vocabulary, budget_)) {}

  int run() {
    run_.options().claims = profile_.claims;
    run_.options().judge = {options_.run.strict, profile_.public_json()};
    if (const int code = preflight(); code != 0) return code;
    run_.execute(*driver_, target_command("estspec server", options_));
    run_.results().certificates = budget_->list();
    run_.results().target["access"]["secrets"] = profile_.secret_digests();
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

  const TargetOptions& options_;
  Run& run_;
  target::Profile profile_;
  std::shared_ptr<steps::CertificateBudget> budget_;
  std::unique_ptr<engine::Driver> driver_;
  engine::SharedControls shared_;
};

int run_server(const TargetOptions& options) {
  const auto profile = target_profile(options, "server");
  if (!profile) return complain(profile.error().message);
  if (const std::string why = not_certifiable(options.run, profile->unanswered()); !why.empty()) return complain(why);
  auto run = Run::prepare(options.run, "server");
  if (!run) return ExitCode::usage;
  return ServerRun(options, *run, *profile).run();
}

}  // namespace

void add_server(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("server", "test an EST server");
  auto options = std::make_shared<TargetOptions>();
  add_target_options(*command, *options);
  command
      ->add_option(
          "--jobs", options->run.jobs,
          "scenarios at a time (default 4, profile: limits.jobs); 1 is strictly one after another. What does not pass beside others "
          "is run again alone")
      ->type_name("N")
      ->check(CLI::Range(1, target::most_jobs));
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
