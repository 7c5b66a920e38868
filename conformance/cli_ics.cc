// estspec ics: the implementation conformance statement, from the empty form to a file a run takes.
#include "conformance/cli_ics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "conformance/cli_command.h"
#include "conformance/cli_page.h"
#include "conformance/target/client_profile.h"
#include "conformance/target/profile.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

using target::Question;

struct IcsOptions {
  DataOptions data;
  std::string role = "server", form = "yaml", file, filled;
  bool claims_only = false, json = false;
};

std::string meaning_of(const std::string& claim, const std::string& role) {
  for (const auto& [name, meaning] : target::claims_of_role(role))
    if (name == claim) return meaning;
  return {};
}

// "Selects 12 scenarios.", or why the question is asked all the same.
std::string selects(const std::string& claim, const std::string& role, const Data& data) {
  const std::size_t count = scenarios_that_name(claim, role, data);
  return count == 0 ? "No scenario selects by it."
                    : fmt::format("{} {} by it.", count, count == 1 ? "scenario selects" : "scenarios select");
}

std::string yaml_question(const Question& question, const std::string& role, const Data& data) {
  std::string text = fmt::format("  # {} ({}): {}.\n  #   {}", question.clause, question.mandatory ? "mandatory" : "optional",
                                 meaning_of(question.claim, role), selects(question.claim, role, data));
  if (!question.rests_on.empty()) text += " Rests on: " + question.rests_on + ".";
  if (!question.access.empty()) text += " Needs of access: " + question.access + ".";
  return text + fmt::format("\n  {}: {}\n", question.claim, target::to_be_filled_in);
}

constexpr std::string_view server_access =
    "access:\n"
    "  url: CHANGE-ME                 # https://HOST:PORT, no path\n"
    "  trust-anchor: CHANGE-ME        # PEM file: what the product's own certificate chains to\n"
    "  # label: ''                    # default CA label\n"
    "  # password: {user: device-1, password: {env: EST_PASSWORD}}\n"
    "  # identities: {client: {certificate: client.pem, key: client.key}}\n"
    "  # client-ca: {certificate: test-ca.pem, key: test-ca.key}\n"
    "  # labels: {pop-required: pop}  # where a policy lives, as named above by \"labels.NAME\"\n"
    "  # operator: {approve: 'COMMAND {id}', revoke: 'COMMAND {serial}'}\n"
    "\n"
    "csr:\n"
    "  subject: CN=device-{n}         # RFC 4514; {n} becomes unique\n"
    "  key-types: [ec-p256]           # each is claimed\n"
    "\n"
    "limits: {jobs: 4, requests-per-second: 0, certificates: 0}   # 0: no limit\n";

constexpr std::string_view upstream_access =
    "\n"
    "upstream:                        # what the suite is to the proxy\n"
    "  listen: 127.0.0.1:9443\n"
    "  name: localhost\n"
    "  files: up                      # made by `estspec proxy --prepare --upstream-files up`\n";

constexpr std::string_view client_access =
    "access:\n"
    "  command: CHANGE-ME             # what makes the client act; or commands, trigger, person: true\n"
    "  # reset: rm -rf {state_dir}/*  # before each scenario\n"
    "  cannot-status: 77              # exit status that says: my client cannot do this\n"
    "\n"
    "limits: {jobs: 2, seconds: 30}\n";

int form(const IcsOptions& options) {
  const auto data = load_or_complain(options.data);
  if (!data) return ExitCode::usage;
  if (options.filled.empty()) {
    std::cout << (options.form == "html" ? ics_html(options.role, *data, nullptr) : ics_yaml(options.role, *data));
    return 0;
  }
  const auto statement = target::load_statement(options.filled);
  if (!statement) return complain(statement.error().message);
  std::cout << ics_html(statement->role, *data, &*statement);
  return 0;
}

// Problems of the parts that are no statement: how the product is reached.
est::Result<std::vector<std::string>> access_of(const IcsOptions& options, const std::string& role) {
  if (role == "client") {
    const auto profile = target::load_client_profile(options.file);
    if (!profile) return profile.error();
    return std::vector<std::string>();
  }
  const auto profile = target::load_profile(options.file);
  if (!profile) return profile.error();
  return target::review_access(*profile);
}

int check(const IcsOptions& options) {
  const auto statement = target::load_statement(options.file);
  if (!statement) return complain(statement.error().message);
  auto at_odds = target::review_claims(statement->role, *statement);
  if (!options.claims_only) {
    const auto access = access_of(options, statement->role);
    if (!access) return complain(access.error().message);
    at_odds.insert(at_odds.end(), access->begin(), access->end());
  }
  if (options.json)
    print({{"role", statement->role}, {"product", statement->name}, {"claims", statement->claims}, {"at_odds", at_odds}});
  else
    for (const auto& sentence : at_odds) std::cout << sentence << "\n";
  if (!options.json)
    std::cout << fmt::format("{}: statement of a {}, {} of {} claims made, {} at odds\n", options.file, statement->role,
                             statement->claims.size(), target::questions(statement->role).size(), at_odds.size());
  return at_odds.empty() ? 0 : ExitCode::nonconformant;
}

void add_check(CLI::App& ics, Command& run, const std::shared_ptr<IcsOptions>& options) {
  CLI::App* command = ics.add_subcommand("check", "check a filled in statement: its form, and whether its claims agree with each other");
  command->add_option("FILE", options->file, "the filled in file, which is a target profile")->required();
  command->add_flag("--claims-only", options->claims_only, "look at role, target and claims alone, before access is known");
  command->add_flag("--json", options->json, "print data instead of text");
  command->footer(
      "Exit codes: 0 fit for a run, 1 claims at odds with the RFCs, with each other or with `access` (a run takes the file all the same),\n"
      "4 not filled in, or not readable.");
  command->callback([=, &run] { run = [=] { return check(*options); }; });
}

}  // namespace

std::size_t scenarios_that_name(const std::string& claim, const std::string& role, const Data& data) {
  std::set<std::string> ids;
  for (const auto& scenario : data.scenarios) {
    const auto words = scenario.needs.words();
    const bool named = std::find(words.begin(), words.end(), claim) != words.end();
    if (scenario.role == role && named) ids.insert(scenario.id.substr(0, scenario.id.find('/')));
  }
  return ids.size();
}

std::string ics_yaml(const std::string& role, const Data& data) {
  std::string text = fmt::format(
      "# Implementation conformance statement of an EST {}, written by estspec {}. Answer every claim with true or false and fill in what "
      "says\n"
      "# {}; then `estspec ics check FILE`. The file is the target profile a run takes (conformance/target/README.md).\n"
      "role: {}\n"
      "target:\n"
      "  name: {}\n"
      "  vendor: ''\n"
      "  version: ''\n"
      "\n"
      "claims:\n",
      role, ESTSPEC_VERSION, target::to_be_filled_in, role, target::to_be_filled_in);
  for (const auto& question : target::questions(role)) text += yaml_question(question, role, data);
  text += "\n" + std::string(role == "client" ? client_access : server_access);
  return role == "proxy" ? text + std::string(upstream_access) : text;
}

void add_ics(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("ics", "print the implementation conformance statement to fill in, or check one");
  auto options = std::make_shared<IcsOptions>();
  command->add_option("--role", options->role, "server, client or proxy")
      ->check(CLI::IsMember({"server", "client", "proxy"}))
      ->capture_default_str();
  command->add_option("--form", options->form, "yaml: a file to fill in, which a run takes as its profile; html: for paper")
      ->check(CLI::IsMember({"yaml", "html"}))
      ->capture_default_str();
  command->add_option("--filled", options->filled, "print the HTML form of this filled in statement")->type_name("FILE");
  add_data_options(*command, options->data, false);
  command->require_subcommand(0, 1);
  command->footer("`estspec ics check FILE` checks what was filled in.");
  command->callback([=, &run] {
    if (command->get_subcommands().empty()) run = [=] { return form(*options); };
  });
  add_check(*command, run, options);
}

}  // namespace conformance::cli
