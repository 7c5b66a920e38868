#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "proxy/run.h"
#include "server/service.h"

namespace {

void add_run(CLI::App& app, proxy::RunOptions& options) {
  CLI::App* command = app.add_subcommand("run", "serve; SIGTERM drains, SIGHUP reloads certificates, keys, CRLs and passwords");
  command->add_option("--config", options.config_path, "the configuration")->required()->check(CLI::ExistingFile);
  command->add_option("--listen", options.listen, "host:port instead of the configuration's, repeatable; port 0 picks one");
  command->add_option("--ready-file", options.ready_file, "written when serving: URLs, then \"pid N\" and \"reloads N\"");
  command->add_option("--pid-file", options.pid_file, "written when serving: the process id");
  command->add_option("--log", options.log_level, "debug, info, warning or error")
      ->transform(CLI::CheckedTransformer(server::log_levels()));
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("est-proxy: a reference registration authority for Enrollment over Secure Transport (RFC 7030)", "est-proxy");
  app.set_version_flag("--version", ESTSPEC_VERSION);
  app.require_subcommand(1);
  proxy::RunOptions options;
  add_run(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "est-proxy: " << error.what() << "; see est-proxy --help\n";
    return server::usage_error;
  }
  const est::Status done = proxy::run(options);
  if (done) return 0;
  std::cerr << "est-proxy: " << done.error().message << "\n";
  return server::usage_error;
} catch (const std::exception& error) {
  std::cerr << "est-proxy: " << error.what() << "\n";
  return 7;
}
