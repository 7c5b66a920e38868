// estspec proxy: the suite is both ends, the clients in front of a proxy and the server behind it.
#include <chrono>
#include <iostream>
#include <thread>

#include "conformance/cli_command.h"
#include "conformance/cli_preflight.h"
#include "conformance/cli_run.h"
#include "conformance/cli_target.h"
#include "conformance/steps/proxy_driver.h"
#include "conformance/steps/scenario_traits.h"

namespace conformance::cli {

namespace {

struct ProxyOptions {
  TargetOptions target;
  bool prepare = false;
  int wait_seconds = 15;
};

int prepare_files(const ProxyOptions& options) {
  const std::string& folder = options.target.flags.upstream_files;
  if (folder.empty()) return complain("--prepare makes what a proxy is to be configured with; say where, with --upstream-files DIR");
  const auto made = peer::make_upstream_files(folder, est::system_clock().now());
  if (!made) return complain(made.error().message);
  const peer::UpstreamFiles files = peer::upstream_files_in(folder);
  std::cout << "configure the proxy with these, and with the address of --upstream-listen as its EST server:\n"
            << "  whom it believes upstream     " << files.trust_anchor << "\n"
            << "  its certificate and key       " << files.certificate << ", " << files.key << "  (id-kp-cmcRA)\n"
            << "  or its user and password      " << files.user << ", " << files.password << "\n"
            << "  CA certificates to give out   " << files.chain << "  (or the upstream's /cacerts)\n"
            << "  CRLs of these CAs             " << files.crls << "\n";
  return ExitCode::conformant;
}

class ProxyRun {
 public:
  ProxyRun(const ProxyOptions& options, Run& run, target::Profile profile, std::shared_ptr<steps::ProxyUpstream> upstream)
      : options_(options),
        run_(run),
        profile_(std::move(profile)),
        budget_(std::make_shared<steps::CertificateBudget>(profile_.limits.max_certificates)),
        driver_(steps::make_proxy_driver(profile_, run_.data().vocabulary, std::move(upstream), budget_)) {}

  int run() {
    engine::RunOptions& options = run_.options();
    options.claims = profile_.claims;
    options.judge = {options_.target.run.strict, profile_.public_json()};
    if (const int code = look_first(); code != 0) return code;
    options.jobs = 1;
    options.shared = &shared_;
    options.may_share_control = steps::control_may_be_shared;
    run_.execute(*driver_, target_command("estspec proxy", options_.target));
    run_.results().certificates = budget_->list();
    run_.results().target["access"]["secrets"] = profile_.secret_digests();
    return run_.finish(profile_.deviations);
  }

 private:
  // A proxy may have been waiting for its upstream, or be started just now. 0 to go on.
  int look_first() {
    const std::string url = "https://" + profile_.url.endpoint.to_string();
    const auto deadline = est::Deadline::after(std::chrono::seconds(options_.wait_seconds));
    engine::RunOptions& options = run_.options();
    Preflight seen;
    do {
      seen = look(*driver_, run_.data().vocabulary, options.judge, url);
      if (seen.error.empty() && seen.liveness_works) break;
      std::this_thread::sleep_for(est::Milliseconds(500));
    } while (!deadline.passed());
    if (seen.error.empty() && profile_.claims.contains("simpleenroll") && !run_.has_selection())
      seen.error = refused_credentials(*driver_, run_.data().vocabulary, options.judge, url);
    if (!seen.note.empty()) run_.note(seen.note);
    if (!seen.error.empty()) return run_.give_up(seen.error, seen.fault);
    options.liveness = seen.liveness;
    options.liveness_works = seen.liveness_works;
    return 0;
  }

  const ProxyOptions& options_;
  Run& run_;
  target::Profile profile_;
  std::shared_ptr<steps::CertificateBudget> budget_;
  std::unique_ptr<engine::Driver> driver_;
  engine::SharedControls shared_;
};

int run_proxy(const ProxyOptions& options) {
  if (options.prepare) return prepare_files(options);
  auto profile = target_profile(options.target, "proxy");
  if (!profile) return complain(profile.error().message);
  if (const std::string why = not_certifiable(options.target.run, profile->unanswered()); !why.empty()) return complain(why);
  auto secrets = peer::load_upstream_files(profile->upstream->files, est::system_clock().now(), profile->upstream->name);
  if (!secrets) return complain(secrets.error().message);
  steps::describe_upstream(*secrets, *profile);
  auto upstream = steps::ProxyUpstream::start(*profile, *std::move(secrets));
  if (!upstream) return complain("--upstream-listen: " + upstream.error().message);
  auto run = Run::prepare(options.target.run, "proxy");
  if (!run) return ExitCode::usage;
  return ProxyRun(options, *run, *std::move(profile), *std::move(upstream)).run();
}

}  // namespace

void add_proxy(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("proxy", "test an EST proxy, as a registration authority is: from both sides");
  auto options = std::make_shared<ProxyOptions>();
  add_target_options(*command, options->target);
  target::Flags& flags = options->target.flags;
  command->add_option("--upstream-listen", flags.upstream_listen, "HOST:PORT where the suite waits for the proxy, as its EST server");
  command->add_option("--upstream-name", flags.upstream_name, "DNS name the proxy calls that by (default localhost)");
  command->add_option("--upstream-files", flags.upstream_files, "folder of what the proxy was configured with; see --prepare")
      ->type_name("DIR");
  command->add_flag("--prepare", options->prepare,
                    "make that folder, with CA, certificate and password for the proxy's configuration, and do nothing else");
  command->add_option("--wait", options->wait_seconds, "seconds the proxy may take to answer at first")
      ->capture_default_str()
      ->check(CLI::Range(0, 600));
  add_run_flags(*command, options->target.run);
  command->footer(
      "The proxy is configured once, with the files of --prepare, and runs before the suite does or comes up beside it. Scenarios run one "
      "after\n"
      "another, since there is one upstream.\n"
      "Exit codes: 0 conformant, 1 at least one FAIL, 2 no FAIL but INCONCLUSIVE, 3 neither but a known deviation is stale, 4 usage,\n"
      "configuration or nothing tested, 5 fault of the suite.");
  command->callback([=, &run] { run = [=] { return run_proxy(*options); }; });
}

}  // namespace conformance::cli
