// estspec client: the suite is the server, the client under test is made to act.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/cli_progress.h"
#include "conformance/cli_run.h"
#include "conformance/engine/runner.h"
#include "conformance/report/folder.h"
#include "conformance/steps/client_driver.h"
#include "conformance/target/deviations.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

struct ClientOptions {
  std::string exec, profile, baseline, out = "estspec-results";
  DataOptions data;
  std::vector<std::string> claims;
  bool strict = false, certify = false, json = false;
  int jobs = 0, seconds = 0;  // 0: as the profile says
};

std::string unknown_claim(const std::vector<std::string>& claims) {
  for (const auto& claim : claims) {
    const auto& known = target::client_claims();
    if (std::none_of(known.begin(), known.end(), [&](const auto& one) { return one.first == claim; })) return claim;
  }
  return {};
}

est::Result<target::ClientProfile> client_profile_of(const ClientOptions& options) {
  if (options.exec.empty() == options.profile.empty())
    return est::Error{"give --exec 'COMMAND {operation} {url} ...' or --profile FILE, one of the two"};
  est::Result<target::ClientProfile> profile = target::client_profile_for(options.exec);
  if (!options.profile.empty()) profile = target::load_client_profile(options.profile);
  if (!profile) return profile;
  if (const auto claim = unknown_claim(options.claims); !claim.empty())
    return est::Error{"--claim: unknown claim '" + claim + "'; `estspec verbs` lists them"};
  profile->claims.insert(options.claims.begin(), options.claims.end());
  if (options.jobs > 0) profile->jobs = options.jobs;
  if (options.seconds > 0) profile->seconds = options.seconds;
  if (options.baseline.empty()) return profile;
  auto deviations = target::load_deviations(options.baseline);
  if (!deviations) return deviations.error();
  profile->deviations = *std::move(deviations);
  return profile;
}

std::string client_not_certifiable(const ClientOptions& options, const target::ClientProfile& profile) {
  if (options.profile.empty()) return "--certify needs a --profile, whose claims say what the product is";
  if (!options.data.select.empty() || !options.data.folders.empty() || !options.data.built_in)
    return "--certify runs the built-in scenarios, all of them; leave out --select, --scenarios and --no-built-in";
  const auto missing = profile.unanswered();
  if (missing.empty()) return {};
  return "--certify: " + options.profile +
         " leaves claims unanswered; write `claims:` as a mapping with true or false for each of: " + est::join(missing, ", ");
}

std::string client_command(const ClientOptions& options) {
  std::string command = "estspec client";
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) command += std::string(" ") + name + " " + shell_word(value);
  };
  add("--exec", options.exec);
  add("--profile", options.profile);
  for (const auto& claim : options.claims) add("--claim", claim);
  for (const auto& folder : options.data.folders) add("--scenarios", folder);
  if (!options.data.built_in) command += " --no-built-in";
  add("--baseline", options.baseline);
  if (options.strict) command += " --strict";
  return command;
}

class ClientRun {
 public:
  ClientRun(const ClientOptions& options, Data data, target::ClientProfile profile, report::ResultsFolder folder,
            std::shared_ptr<const peer::Pki> pki)
      : options_(options),
        data_(std::move(data)),
        profile_(std::move(profile)),
        folder_(std::move(folder)),
        driver_(steps::make_client_driver(profile_, std::move(pki))),
        progress_(std::cerr, data_.scenarios.size(), is_terminal(STDERR_FILENO), colour_allowed(STDERR_FILENO)) {}

  int run() {
    run_options_.claims = profile_.claims;
    run_options_.judge = {options_.strict, profile_.public_json()};
    if (const int code = look_first(); code != 0) return code;
    execute();
    if (trouble_.empty()) {
      const auto status = folder_.finish(results_);
      trouble_ = status ? std::string() : status.error().message;
    }
    if (!trouble_.empty()) {
      folder_.abandon();
      return complain(trouble_);
    }
    tell();
    return report::exit_code(results_);
  }

 private:
  // A command that cannot even be started, or never connects, is a mistake in the configuration: one message instead of a hundred.
  int look_first() {
    const auto evidence = engine::probe(*driver_, data_.vocabulary, run_options_);
    const engine::Exchange* drive = evidence.find("liveness");
    std::string error = evidence.fault.empty() ? evidence.cannot : evidence.fault;
    const bool fault = !evidence.fault.empty();
    if (error.empty() && drive != nullptr && drive->facts.at("connections") == "0") error = "the client never connected. " + told(*drive);
    if (error.empty()) {
      run_options_.liveness_works = engine::probe_succeeded(evidence, data_.vocabulary, run_options_.judge);
      if (!run_options_.liveness_works && drive != nullptr) note("the client's first try did not succeed: " + told(*drive));
      return 0;
    }
    folder_.abandon();
    complain("the client cannot be tested: " + est::printable(error, 1000) + "; look at --exec or `access` of the profile");
    return fault ? ExitCode::suite_fault : ExitCode::usage;
  }

  static std::string told(const engine::Exchange& drive) {
    std::string text = "it " + drive.facts.at("ended");
    if (const auto status = drive.facts.find("exit-status"); status != drive.facts.end()) text += " with status " + status->second;
    const auto errors = drive.artefacts.find("stderr");
    if (errors == drive.artefacts.end()) return text;
    const std::string said(est::trim(est::as_text(errors->second)));
    return text + ", saying \"" + est::printable(said.substr(said.size() - std::min<std::size_t>(said.size(), 300)), 400) + "\"";
  }

  void note(const std::string& sentence) {
    progress_.clear();
    std::cerr << "estspec: note: " << est::printable(sentence, 1000) << "\n";
  }

  void describe_run() {
    results_.suite_version = ESTSPEC_VERSION;
    results_.scenario_set = data_.scenario_set;
    results_.digest = data_.digest;
    results_.target = run_options_.judge.target;
    results_.strict = options_.strict;
    results_.certify = options_.certify;
    results_.started = est::system_clock().now();
    results_.command = client_command(options_);
  }

  void execute() {
    describe_run();
    run_options_.jobs = static_cast<unsigned>(profile_.person || !profile_.trigger.empty() ? 1 : profile_.jobs);
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
    if (!options_.certify)
      report::apply_deviations(results_, profile_.deviations, est::iso8601(results_.started).substr(0, 10), options_.data.select.empty());
    results_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    progress_.clear();
  }

  void keep(engine::ScenarioResult result, const engine::Evidence& evidence) {
    if (const auto status = folder_.add(result, evidence, results_.target); !status && trouble_.empty()) trouble_ = status.error().message;
    progress_.finished(result);
    results_.scenarios.push_back(std::move(result));
  }

  void tell() {
    const report::TextOptions text{.colour = colour_allowed(options_.json ? STDERR_FILENO : STDOUT_FILENO), .folder = folder_.path()};
    std::ostream& out = options_.json ? std::cerr : std::cout;
    out << report::text_summary(results_, data_.scenarios, data_.catalogue, text);
    out << "results: " << folder_.path() << "/results.json, junit.xml, evidence/\n";
    if (options_.json) print(report::to_json(results_));
  }

  const ClientOptions& options_;
  Data data_;
  target::ClientProfile profile_;
  report::ResultsFolder folder_;
  std::unique_ptr<engine::Driver> driver_;
  Progress progress_;
  engine::RunOptions run_options_;
  report::Results results_;
  std::string trouble_;
};

int run_client(const ClientOptions& options) {
  const auto profile = client_profile_of(options);
  if (!profile) return complain(profile.error().message);
  if (const std::string why = options.certify ? client_not_certifiable(options, *profile) : ""; !why.empty()) return complain(why);
  auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  std::erase_if(data->scenarios, [](const engine::Scenario& scenario) { return scenario.role != "client"; });
  if (data->scenarios.empty()) return complain("no scenario for a client is selected; see `estspec list`");
  auto pki = peer::Pki::make(est::system_clock().now());
  if (!pki) return complain(pki.error().message);
  auto folder = report::ResultsFolder::open(options.out);
  if (!folder) return complain(folder.error().message);
  return ClientRun(options, *std::move(data), *profile, *std::move(folder), std::make_shared<const peer::Pki>(*std::move(pki))).run();
}

}  // namespace

void add_client(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("client", "test an EST client");
  auto options = std::make_shared<ClientOptions>();
  command->add_option("--exec", options->exec,
                      "command line that makes the client act; {operation}, {url}, {trust_anchor} and others are filled in "
                      "(conformance/target/README.md), and are in its environment as EST_OPERATION ...");
  command->add_option("--profile", options->profile, "target profile (YAML): claims, access, limits");
  command->add_option("--claim", options->claims, "an ability beside those of --exec or the profile, repeatable; see `estspec verbs`");
  add_data_options(*command, options->data, true);
  command->add_flag("--strict", options->strict, "score contested points by the letter of the newest text");
  command->add_option("--jobs", options->jobs, "scenarios at a time (profile: limits.jobs, default 2)")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  command->add_option("--seconds", options->seconds, "until a client that does not end is stopped (profile: limits.seconds, default 30)")
      ->type_name("N")
      ->check(CLI::Range(1, 3600));
  command->add_option("--baseline", options->baseline, "list of known deviations (YAML), instead of the profile's own")->type_name("FILE");
  command->add_flag("--certify", options->certify,
                    "a run for certification: every built-in scenario, a profile that answers every claim, no deviation excused");
  command->add_option("--out", options->out, "folder for results.json, junit.xml and evidence/; results of an earlier run are replaced")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print results.json on standard output, all else on standard error");
  command->footer(
      "The command ends with 0 when the client did what it was told, with 77 when it cannot do such a thing at all, with anything else "
      "when\n"
      "it gave up. What it prints is kept for people and never judged.\n"
      "Exit codes: 0 conformant, 1 at least one FAIL, 2 no FAIL but INCONCLUSIVE, 3 neither but a known deviation is stale, 4 usage,\n"
      "configuration or nothing tested, 5 fault of the suite.");
  command->callback([=, &run] { run = [=] { return run_client(*options); }; });
}

}  // namespace conformance::cli
