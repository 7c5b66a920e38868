// estspec server: the run itself.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/cli_look.h"
#include "conformance/cli_preflight.h"
#include "conformance/cli_progress.h"
#include "conformance/cli_run.h"
#include "conformance/cli_secret.h"
#include "conformance/engine/runner.h"
#include "conformance/engine/witness.h"
#include "conformance/report/folder.h"
#include "conformance/steps/scenario_traits.h"
#include "conformance/steps/server_driver.h"
#include "conformance/target/deviations.h"
#include "conformance/target/profile.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

struct ServerOptions {
  target::Flags flags;
  std::string profile;
  DataOptions data;
  std::string baseline;
  bool strict = false;
  bool certify = false;
  std::optional<std::size_t> max_certificates;
  std::optional<double> requests_per_second;
  bool json = false;
  int jobs = 0;  // 0: as the profile says
  std::string out = "estspec-results";
};

est::Result<target::Profile> overridden(est::Result<target::Profile> profile, const ServerOptions& options) {
  if (profile && options.max_certificates) profile->limits.max_certificates = *options.max_certificates;
  if (profile && options.requests_per_second) profile->limits.requests_per_second = *options.requests_per_second;
  if (!profile || options.baseline.empty()) return profile;
  auto deviations = target::load_deviations(options.baseline);
  if (!deviations) return deviations.error();
  profile->deviations = *std::move(deviations);
  return profile;
}

est::Result<target::Profile> profile_of(const ServerOptions& options) {
  target::Flags flags = options.flags;
  auto password = resolve_secret(flags.password, "--password");
  if (!password) return password.error();
  flags.password = *std::move(password);
  if (options.profile.empty()) return overridden(target::apply_flags(std::nullopt, flags), options);
  auto profile = target::load_profile(options.profile);
  if (!profile) return profile.error();
  if (profile->role != "server")
    return est::Error{options.profile + ": the profile is for the role " + profile->role + "; give one for a server"};
  return overridden(target::apply_flags(*std::move(profile), flags), options);
}

// Certification is of a declared product, as a whole. Empty, or why this run cannot be one.
std::string not_certifiable(const ServerOptions& options, const target::Profile& profile) {
  if (options.profile.empty()) return "--certify needs a --profile, whose claims say what the product is";
  if (!options.data.select.empty() || !options.data.folders.empty() || !options.data.built_in)
    return "--certify runs the built-in scenarios, all of them; leave out --select, --scenarios and --no-built-in";
  const auto missing = profile.unanswered();
  if (missing.empty()) return {};
  return "--certify: " + options.profile +
         " leaves claims unanswered; write `claims:` as a mapping with true or false for each of: " + est::join(missing, ", ");
}

// How to run this again, without --select and without secrets.
std::string command_of(const ServerOptions& options) {
  std::string command = "estspec server";
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) command += std::string(" ") + name + " " + shell_word(value);
  };
  add("--profile", options.profile);
  add("--url", options.flags.url);
  add("--trust-anchor", options.flags.trust_anchor);
  add("--user", options.flags.user);
  add("--password", is_reference(options.flags.password) || options.flags.password.empty() ? options.flags.password : "env:EST_PASSWORD");
  add("--client-cert", options.flags.client_certificate);
  add("--client-key", options.flags.client_key);
  add("--label", options.flags.label);
  for (const auto& folder : options.data.folders) add("--scenarios", folder);
  if (!options.data.built_in) command += " --no-built-in";
  add("--baseline", options.baseline);
  if (options.max_certificates) command += fmt::format(" --max-certificates {}", *options.max_certificates);
  if (options.requests_per_second) command += fmt::format(" --requests-per-second {}", *options.requests_per_second);
  if (options.strict) command += " --strict";
  return command;
}

// One run, from what was read to what is written.
class ServerRun {
 public:
  ServerRun(const ServerOptions& options, Data data, target::Profile profile, report::ResultsFolder folder)
      : options_(options),
        data_(std::move(data)),
        profile_(std::move(profile)),
        folder_(std::move(folder)),
        budget_(std::make_shared<steps::CertificateBudget>(profile_.limits.max_certificates)),
        driver_(steps::make_server_driver(profile_, data_.vocabulary, budget_)),
        progress_(std::cerr, data_.scenarios.size(), is_terminal(STDERR_FILENO), colour_allowed(STDERR_FILENO)) {}

  int run() {
    run_options_.claims = profile_.claims;
    run_options_.judge = {options_.strict, profile_.public_json()};
    if (const int code = preflight(); code != 0) return code;
    execute();
    if (trouble_.empty()) trouble_ = write();
    if (!trouble_.empty()) {
      folder_.abandon();
      return complain(trouble_);
    }
    tell();
    return report::exit_code(results_);
  }

 private:
  // 0 to go on.
  int preflight() {
    const std::string url = profile_.url.scheme + "://" + profile_.url.endpoint.to_string();
    Preflight seen = look(*driver_, data_.vocabulary, run_options_.judge, url);
    if (seen.error.empty() && profile_.claims.contains("simpleenroll") && options_.data.select.empty())
      seen.error = refused_credentials(*driver_, data_.vocabulary, run_options_.judge, url);
    if (!seen.note.empty()) note(seen.note);
    run_options_.liveness = seen.liveness;
    run_options_.liveness_works = seen.liveness_works;
    if (seen.error.empty()) {
      if (seen.certificate_demanded) demand_certificate();
      review_claims();
      return choose_jobs();
    }
    folder_.abandon();
    complain(seen.error);
    return seen.fault ? ExitCode::suite_fault : ExitCode::usage;
  }

  // INT-14: otherwise every scenario in which somebody comes without a certificate would fail for this one reason.
  void demand_certificate() {
    if (!profile_.claims.insert("client-certificate-demanded").second) return;
    driver_ = steps::make_server_driver(profile_, data_.vocabulary, budget_);
    run_options_.claims = profile_.claims;
    run_options_.judge.target = profile_.public_json();
    note("the target lets nobody in without a client certificate; it is tested as if client-certificate-demanded were claimed (INT-14)");
  }

  // A rerun of single scenarios needs none.
  void review_claims() {
    if (!run_options_.liveness_works || !options_.data.select.empty()) return;
    results_.review = review(profile_, look_around(*driver_, run_options_, true));
  }

  int choose_jobs() {
    run_options_.jobs = static_cast<unsigned>(options_.jobs > 0 ? options_.jobs : profile_.limits.jobs);
    run_options_.alone = steps::acts_on_whole_target;
    run_options_.shared = &shared_;
    run_options_.may_share_control = steps::control_may_be_shared;
    const bool hostile = std::any_of(data_.scenarios.begin(), data_.scenarios.end(), engine::wants_witness);
    if ((run_options_.jobs <= 1 && !hostile) || !run_options_.liveness_works) return 0;
    run_options_.witnesses = bears_company(*driver_, data_.vocabulary, run_options_);
    if (run_options_.witnesses || run_options_.jobs <= 1) return 0;
    run_options_.jobs = 1;
    note("the target serves one connection at a time, so scenarios run one after another");
    return 0;
  }

  void note(const std::string& sentence) {
    progress_.clear();
    std::cerr << "estspec: note: " << est::printable(sentence, 1000) << "\n";
  }

  void execute() {
    results_.suite_version = ESTSPEC_VERSION;
    results_.scenario_set = data_.scenario_set;
    results_.digest = data_.digest;
    results_.target = run_options_.judge.target;
    results_.strict = options_.strict;
    results_.certify = options_.certify;
    results_.started = est::system_clock().now();
    results_.command = command_of(options_);
    run_options_.started = [this](const engine::Scenario& scenario) { progress_.started(scenario); };
    run_options_.finished = [this](const engine::Scenario&, const engine::ScenarioResult& result, const engine::Evidence& evidence) {
      keep(result, evidence);
    };
    run_options_.noted = [this](const std::string& sentence) { note(sentence); };
    const Interrupts interrupts;
    run_options_.cancelled = Interrupts::came;
    const auto began = std::chrono::steady_clock::now();
    (void)engine::run(data_.scenarios, data_.vocabulary, *driver_, run_options_);
    put_in_order(results_, data_.scenarios);
    results_.certificates = budget_->list();
    excuse();
    results_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    progress_.clear();
  }

  void keep(engine::ScenarioResult result, const engine::Evidence& evidence) {
    if (const auto status = folder_.add(result, evidence, results_.target); !status && trouble_.empty()) trouble_ = status.error().message;
    progress_.finished(result);
    results_.scenarios.push_back(std::move(result));
  }

  void excuse() {
    if (options_.certify && !profile_.deviations.empty()) note("known deviations are not excused under --certify");
    if (options_.certify) return;
    report::apply_deviations(results_, profile_.deviations, est::iso8601(results_.started).substr(0, 10), options_.data.select.empty());
  }

  std::string write() {
    const auto status = folder_.finish(results_);
    return status ? std::string() : status.error().message;
  }

  void tell() {
    const report::TextOptions text{.colour = colour_allowed(options_.json ? STDERR_FILENO : STDOUT_FILENO), .folder = folder_.path()};
    std::ostream& out = options_.json ? std::cerr : std::cout;
    out << report::text_summary(results_, data_.scenarios, data_.catalogue, text);
    out << "results: " << folder_.path() << "/results.json, junit.xml, certificates.csv, evidence/\n";
    if (options_.json) print(report::to_json(results_));
  }

  const ServerOptions& options_;
  Data data_;
  target::Profile profile_;
  report::ResultsFolder folder_;
  std::shared_ptr<steps::CertificateBudget> budget_;
  std::unique_ptr<engine::Driver> driver_;
  Progress progress_;
  engine::SharedControls shared_;
  engine::RunOptions run_options_;
  report::Results results_;
  std::string trouble_;
};

int run_server(const ServerOptions& options) {
  const auto profile = profile_of(options);
  if (!profile) return complain(profile.error().message);
  if (const std::string why = options.certify ? not_certifiable(options, *profile) : ""; !why.empty()) return complain(why);
  auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  std::erase_if(data->scenarios, [](const engine::Scenario& scenario) { return scenario.role != "server"; });
  if (data->scenarios.empty()) return complain("no scenario for a server is selected; see `estspec list`");
  auto folder = report::ResultsFolder::open(options.out);
  if (!folder) return complain(folder.error().message);
  return ServerRun(options, *std::move(data), *profile, *std::move(folder)).run();
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
  command.add_option("--profile", options.profile, "target profile (YAML): claims, access, limits; flags override it");
}

}  // namespace

void add_server(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("server", "test an EST server");
  auto options = std::make_shared<ServerOptions>();
  add_target_options(*command, *options);
  add_data_options(*command, options->data, true);
  command->add_flag("--strict", options->strict, "score contested points by the letter of the newest text");
  command
      ->add_option(
          "--jobs", options->jobs,
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
  command
      ->add_option("--baseline", options->baseline,
                   "list of known deviations (YAML), instead of the profile's own `deviations`; see exit code 3")
      ->type_name("FILE");
  command->add_flag("--certify", options->certify,
                    "a run for certification: every built-in scenario, a profile that answers every claim, no deviation excused");
  command
      ->add_option("--out", options->out, "folder for results.json, junit.xml and evidence/; results of an earlier run in it are replaced")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print results.json on standard output, all else on standard error");
  command->footer(
      "Before the run the target is probed once. If it cannot be reached, does not speak TLS or shows a certificate that the trust anchor "
      "does not\n"
      "cover, that is a configuration error: one message, exit code 4, no results.\n"
      "Exit codes: 0 conformant, 1 at least one FAIL, 2 no FAIL but INCONCLUSIVE, 3 neither but a known deviation is stale, 4 usage,\n"
      "configuration or nothing tested, 5 fault of the suite.");
  command->callback([=, &run] { run = [=] { return run_server(*options); }; });
}

}  // namespace conformance::cli
