// estspec client: the suite is the server, the client under test is made to act.
#include <algorithm>

#include "conformance/cli_command.h"
#include "conformance/cli_run.h"
#include "conformance/steps/client_driver.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

struct ClientOptions {
  RunFlags run;
  std::string exec;
  std::vector<std::string> claims;
  int seconds = 0;  // 0: as the profile says
};

std::string unknown_claim(const std::vector<std::string>& claims) {
  for (const auto& claim : claims) {
    const auto& known = target::client_claims();
    if (std::none_of(known.begin(), known.end(), [&](const auto& one) { return one.first == claim; })) return claim;
  }
  return {};
}

est::Result<target::ClientProfile> client_profile_of(const ClientOptions& options) {
  if (options.exec.empty() == options.run.profile.empty())
    return est::Error{"give --exec 'COMMAND {operation} {url} ...' or --profile FILE, one of the two"};
  est::Result<target::ClientProfile> profile = target::client_profile_for(options.exec);
  if (!options.run.profile.empty()) profile = target::load_client_profile(options.run.profile);
  if (!profile) return profile;
  if (const auto claim = unknown_claim(options.claims); !claim.empty())
    return est::Error{"--claim: unknown claim '" + claim + "'; `estspec verbs` lists them"};
  profile->claims.insert(options.claims.begin(), options.claims.end());
  if (options.run.jobs > 0) profile->jobs = options.run.jobs;
  if (options.seconds > 0) profile->seconds = options.seconds;
  if (const auto applied = apply_baseline(options.run, profile->deviations); !applied) return applied.error();
  return profile;
}

std::string client_command(const ClientOptions& options) {
  CommandLine command("estspec client");
  command.add("--exec", options.exec);
  command.add("--profile", options.run.profile);
  for (const auto& claim : options.claims) command.add("--claim", claim);
  command.add(options.run);
  return command.text();
}

// How a drive ended, and the end of what the client said.
std::string drive_told(const engine::Exchange& drive) {
  std::string text = "it " + drive.facts.at("ended");
  if (const auto status = drive.facts.find("exit-status"); status != drive.facts.end()) text += " with status " + status->second;
  const auto errors = drive.artefacts.find("stderr");
  if (errors == drive.artefacts.end()) return text;
  const std::string said(est::trim(est::as_text(errors->second)));
  return text + ", saying \"" + est::printable(said.substr(said.size() - std::min<std::size_t>(said.size(), 300)), 400) + "\"";
}

// A command that cannot even be started, or never connects, is a mistake in the configuration: one message instead of a hundred. 0 to go
// on.
int look_first(Run& run, engine::Driver& driver) {
  engine::RunOptions& options = run.options();
  const auto evidence = engine::probe(driver, run.data().vocabulary, options);
  const engine::Exchange* drive = evidence.find("liveness");
  std::string error = evidence.fault.empty() ? evidence.cannot : evidence.fault;
  if (error.empty() && drive != nullptr && drive->facts.at("connections") == "0")
    error = "the client never connected. " + drive_told(*drive);
  if (!error.empty()) {
    error = "the client cannot be tested: " + est::printable(error, 1000) + "; look at --exec or `access` of the profile";
    return run.give_up(error, !evidence.fault.empty());
  }
  options.liveness_works = engine::probe_succeeded(evidence, run.data().vocabulary, options.judge);
  if (!options.liveness_works && drive != nullptr) run.note("the client's first try did not succeed: " + drive_told(*drive));
  return 0;
}

int run_client(const ClientOptions& options) {
  const auto profile = client_profile_of(options);
  if (!profile) return complain(profile.error().message);
  if (const std::string why = not_certifiable(options.run, profile->unanswered()); !why.empty()) return complain(why);
  auto pki = peer::Pki::make(est::system_clock().now());
  if (!pki) return complain(pki.error().message);
  auto run = Run::prepare(options.run, "client");
  if (!run) return ExitCode::usage;
  const auto driver = steps::make_client_driver(*profile, std::make_shared<const peer::Pki>(*std::move(pki)));
  run->options().claims = profile->claims;
  run->options().judge = {options.run.strict, profile->public_json()};
  run->options().jobs = static_cast<unsigned>(profile->person || !profile->trigger.empty() ? 1 : profile->jobs);
  if (const int code = look_first(*run, *driver); code != 0) return code;
  run->execute(*driver, client_command(options));
  return run->finish(profile->deviations);
}

}  // namespace

void add_client(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("client", "test an EST client");
  auto options = std::make_shared<ClientOptions>();
  command->add_option("--exec", options->exec,
                      "command line that makes the client act; {operation}, {url}, {trust_anchor} and others are filled in "
                      "(conformance/target/README.md), and are in its environment as EST_OPERATION ...");
  command->add_option("--profile", options->run.profile, "target profile (YAML): claims, access, limits");
  command->add_option("--claim", options->claims, "an ability beside those of --exec or the profile, repeatable; see `estspec verbs`");
  command->add_option("--jobs", options->run.jobs, "scenarios at a time (profile: limits.jobs, default 2)")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  command->add_option("--seconds", options->seconds, "until a client that does not end is stopped (profile: limits.seconds, default 30)")
      ->type_name("N")
      ->check(CLI::Range(1, 3600));
  add_run_flags(*command, options->run);
  command->footer(
      "The command ends with 0 when the client did what it was told, with 77 when it cannot do such a thing at all, with anything else "
      "when\n"
      "it gave up. What it prints is kept for people and never judged.\n"
      "Exit codes: 0 conformant, 1 at least one FAIL, 2 no FAIL but INCONCLUSIVE, 3 neither but a known deviation is stale, 4 usage,\n"
      "configuration or nothing tested, 5 fault of the suite.");
  command->callback([=, &run] { run = [=] { return run_client(*options); }; });
}

}  // namespace conformance::cli
