// est-server: the reference EST server's command line.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <iostream>
#include <optional>
#include <string>

#include "server/commands.h"
#include "server/init.h"
#include "server/run.h"
#include "server/service.h"

namespace {

using Action = std::function<est::Status()>;

void need_config(CLI::App& command, std::string& path) {
  command.add_option("--config", path, "configuration file (made by est-server init)")->required();
}

void need_desk(CLI::App& command, server::Desk& desk) {
  need_config(command, desk.config_path);
  command.add_option("--label", desk.label, "act on the CA that this label has of its own (default: the server's)");
}

// Where a server that should reload can be found.
void take_pid_file(CLI::App& command, std::string& path) {
  command.add_option("--pid-file,--ready-file,--reload", path, "pid or ready file of the server that should reload");
}

void add_init(CLI::App& app, Action& action) {
  auto options = std::make_shared<server::InitOptions>();
  auto key = std::make_shared<std::string>("ec-p256");
  auto hosts = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand("init", "make a CA, credentials and a configuration in a new folder");
  command->add_option("--dir", options->directory, "the folder; must be new or empty")->required();
  command->add_option("--key", *key, "key type: ec-p256, ec-p384, rsa-2048, rsa-3072, ed25519");
  command->add_flag("--intermediate", options->intermediate, "issue from an intermediate CA below the root");
  command->add_option("--host", *hosts, "name or address of the server, repeatable (default: 127.0.0.1 ::1 localhost)");
  command->callback([=, &action] {
    action = [=]() -> est::Status {
      const auto type = est::crypto::key_type_by_name(*key);
      if (!type) return est::Error{"--key " + *key + " is unknown; use ec-p256, ec-p384, rsa-2048, rsa-3072 or ed25519"};
      options->key_type = *type;
      if (!hosts->empty()) options->hosts = *hosts;
      est::Status made = server::initialise(*options);
      if (made)
        std::cout << "made " << options->directory << "; start it with: est-server run --config " << options->directory
                  << "/est-server.yaml\n";
      return made;
    };
  });
}

void add_run(CLI::App& app, Action& action) {
  auto options = std::make_shared<server::RunOptions>();
  CLI::App* command = app.add_subcommand("run", "serve; SIGTERM drains, SIGHUP reloads certificates, keys, CRLs and passwords");
  need_config(*command, options->config_path);
  command->add_option("--listen-late", options->listen_late, "host:port where client certificates are asked for late, repeatable");
  command->add_option("--listen", options->listen, "host:port instead of the configuration's, repeatable; port 0 picks one");
  command->add_option("--threads", options->threads, "threads of the event loop")->check(CLI::Range(1, 256));
  command->add_option("--ready-file", options->ready_file, "written when serving: URLs, then \"pid N\" and \"reloads N\"");
  command->add_option("--pid-file", options->pid_file, "written when serving: the process id");
  command->add_option("--log", options->log_level, "debug, info, warning or error")
      ->transform(CLI::CheckedTransformer(server::log_levels()));
  command->callback([=, &action] { action = [=] { return server::run(*options); }; });
}

void add_approval(CLI::App& app, Action& action) {
  auto desk = std::make_shared<server::Desk>();
  auto id = std::make_shared<std::optional<std::int64_t>>();
  auto all = std::make_shared<bool>(false);
  CLI::App* approve = app.add_subcommand("approve", "approve a pending request");
  need_desk(*approve, *desk);
  CLI::Option* one = approve->add_option("id", *id, "number as in est-server list --pending");
  approve->add_flag("--all", *all, "every request that waits")->excludes(one);
  approve->callback([=, &action] {
    action = [=]() -> est::Status {
      if (!*all && !id->has_value()) return est::Error{"approve needs an id or --all; see est-server list --pending"};
      return server::approve(*desk, *id, std::cout);
    };
  });
  CLI::App* reject = app.add_subcommand("reject", "refuse a pending request");
  need_desk(*reject, *desk);
  reject->add_option("id", *id, "number as in est-server list --pending")->required();
  reject->callback([=, &action] { action = [=] { return server::reject(*desk, id->value(), std::cout); }; });
}

void add_revocation(CLI::App& app, Action& action) {
  auto desk = std::make_shared<server::Desk>();
  auto serial = std::make_shared<std::string>();
  auto pid_file = std::make_shared<std::string>();
  CLI::App* revoke = app.add_subcommand("revoke", "revoke a certificate, at whichever CA issued it, and write the CRLs anew");
  need_desk(*revoke, *desk);
  revoke->add_option("serial", *serial, "serial number, hexadecimal")->required();
  take_pid_file(*revoke, *pid_file);
  revoke->callback([=, &action] { action = [=] { return server::revoke(*desk, *serial, *pid_file, std::cout); }; });
  CLI::App* crl = app.add_subcommand("crl", "write the CRLs of all CAs anew");
  need_config(*crl, desk->config_path);
  take_pid_file(*crl, *pid_file);
  auto valid = std::make_shared<std::int64_t>(0);
  crl->add_option("--valid-seconds", *valid, "how long it holds; default crl-validity-seconds of the configuration")
      ->check(CLI::PositiveNumber);
  crl->callback([=, &action] { action = [=] { return server::make_crl(desk->config_path, *pid_file, *valid, std::cout); }; });
}

void add_reload(CLI::App& app, Action& action) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("reload", "have a running server load certificates, keys, CRLs and passwords anew");
  command->add_option("--ready-file,--pid-file", *path, "the server's ready file (waits until it is done) or pid file")->required();
  command->callback([=, &action] { action = [=] { return server::reload(*path, std::cout); }; });
}

void add_list(CLI::App& app, Action& action) {
  auto desk = std::make_shared<server::Desk>();
  auto options = std::make_shared<server::ListOptions>();
  CLI::App* command = app.add_subcommand("list", "list certificates, or requests with --pending");
  need_desk(*command, *desk);
  command->add_flag("--pending", options->pending, "requests for approval instead of certificates");
  command->add_flag("--json", options->json, "as JSON");
  command->callback([=, &action] { action = [=] { return server::list(*desk, *options, std::cout); }; });
}

int perform(const Action& action) {
  const est::Status done = action();
  if (done) return 0;
  std::cerr << "est-server: " << done.error().message << "\n";
  return server::usage_error;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("est-server: a reference server for Enrollment over Secure Transport (RFC 7030)", "est-server");
  app.set_version_flag("--version", ESTSPEC_VERSION);
  app.require_subcommand(1);
  Action action;
  add_init(app, action);
  add_run(app, action);
  add_approval(app, action);
  add_revocation(app, action);
  add_reload(app, action);
  add_list(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    if (problem.get_exit_code() == 0) return app.exit(problem);
    std::cerr << "est-server: " << problem.what() << "; see est-server --help\n";
    return server::usage_error;
  }
  return perform(action);
} catch (const std::exception& problem) {
  std::cerr << "est-server: " << problem.what() << "\n";
  return server::internal_error;
}
