// est-client: the reference EST client's command line.
#include <CLI/CLI.hpp>
#include <iostream>

#include "client/commands.h"
#include "client/flags.h"

int main(int argc, char** argv) try {
  CLI::App app("est-client: a reference client for Enrollment over Secure Transport (RFC 7030)", "est-client");
  app.set_version_flag("--version", ESTSPEC_VERSION);
  app.require_subcommand(1);
  app.footer(client::exit_code_help());
  client::Flags flags;
  client::add_operations(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    if (problem.get_exit_code() == 0) return app.exit(problem);
    std::cerr << "est-client: " << problem.what() << "; see est-client --help\n";
    return client::usage_error;
  }
  return client::perform(flags, std::cout, std::cerr);
} catch (const std::exception& problem) {
  std::cerr << "est-client: " << problem.what() << "\n";
  return client::internal_error;
}
