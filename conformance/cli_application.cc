#include "conformance/cli_application.h"

#include <csignal>
#include <exception>
#include <iostream>

#include "conformance/cli_command.h"
#include "est/base/text.h"

namespace conformance::cli {

namespace {

// One line, whatever the library wrote.
int usage_error(const CLI::ParseError& error) {
  const std::string message(est::trim(est::split(error.what(), '\n').front()));
  return complain(message + (message.ends_with('.') ? "" : ";") + " see `estspec --help`");
}

int parse_and_run(int argc, const char* const* argv) {
  CLI::App app("estspec: conformance suite for Enrollment over Secure Transport (RFC 7030, 8951, 9908)", "estspec");
  app.set_version_flag("--version", std::string("estspec ") + ESTSPEC_VERSION);
  app.require_subcommand(1);
  app.footer("`estspec COMMAND --help` tells more.");
  Command run;
  for (const auto add : {add_server,          add_client,   add_proxy, add_list,         add_sets,   add_ics,     add_plan, add_explain,
                         add_interpretations, add_lint,     add_verbs, add_requirements, add_verify, add_report,  add_diff, add_bundle,
                         add_decode,          add_selftest, add_probe, add_review,       add_serve,  add_vectors, add_fuzz, add_load})
    add(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? app.exit(error) : usage_error(error);
  }
  return run();
}

}  // namespace

int run_application(int argc, const char* const* argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is a failed write, not the end of a run
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& exception) {
    std::cerr << "estspec: fault of the suite: " << exception.what() << "\n";
    return ExitCode::suite_fault;
  }
}

}  // namespace conformance::cli
