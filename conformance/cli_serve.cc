// estspec serve: the scripted server alone, for the tests of somebody's own client.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "conformance/cli_command.h"
#include "conformance/cli_secret.h"
#include "conformance/engine/json.h"
#include "conformance/peer/client_files.h"
#include "conformance/peer/scripted_server.h"
#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/digest.h"

namespace conformance::cli {

namespace {

struct ServeOptions {
  std::string script, listen = "localhost:0", ready_file, log, files = "estspec-serve", user = "device", password;
};

// One line of JSON an event; neither bodies nor credentials.
class ServeLog {
 public:
  explicit ServeLog(const std::string& path) {
    if (!path.empty()) file_.open(path, std::ios::app);
    good_ = path.empty() || file_.is_open();
  }
  [[nodiscard]] bool good() const { return good_; }

  void request(const peer::SeenConnection& connection, const peer::SeenRequest& request) {
    const std::string_view head = est::as_text(est::BytesView(request.answer).first(std::min<std::size_t>(request.answer.size(), 12)));
    write({{"event", "request"},
           {"connection", connection.number},
           {"other", connection.other},
           {"method", est::printable(request.method, 40)},
           {"target", est::printable(request.target, 300)},
           {"operation", request.operation},
           {"turn", request.turn},
           {"let-in", request.let_in},
           {"status", head.size() == 12 ? std::string(head.substr(9)) : ""}});
  }

  void connection(const peer::SeenConnection& connection) {
    engine::Json line{{"event", "connection"},
                      {"connection", connection.number},
                      {"other", connection.other},
                      {"requests", connection.requests.size()},
                      {"tls", connection.tls ? std::string(to_string(connection.tls->version)) : ""}};
    if (connection.failure) line["failure"] = connection.failure->message;
    write(line);
  }

 private:
  void write(const engine::Json& line) {
    if (file_.is_open()) file_ << engine::print_json(line, -1) << "\n" << std::flush;
  }
  std::ofstream file_;
  bool good_ = true;
};

// SIGINT and SIGTERM, blocked in every thread, are taken here.
sigset_t block_signals() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  return ends;
}

est::Result<std::string> password_of(const ServeOptions& options) {
  if (options.password.empty()) return est::hex(est::crypto::random_bytes(12));
  return resolve_secret(options.password, "--password");
}

est::Status announce(const ServeOptions& options, const std::string& url, const peer::ClientFiles& files) {
  std::cout << fmt::format("serving {} at {}\nfor clients: {} (trust anchor), {} and {} (certificate), user {} with the password in {}\n",
                           options.script, url, files.trust_anchor, files.client_certificate, files.client_key, options.user,
                           files.password)
            << std::flush;
  if (options.ready_file.empty()) return {};
  return est::write_file(options.ready_file, url + "\npid " + std::to_string(getpid()) + "\n");
}

int serve(const ServeOptions& options) {
  auto script = peer::load_script(options.script);
  if (!script) return complain(script.error().message);
  const auto endpoint = est::net::parse_endpoint(options.listen);
  if (!endpoint) return complain("--listen: " + endpoint.error().message + "; write HOST:PORT");
  const auto password = password_of(options);
  if (!password) return complain(password.error().message);
  const auto pki = peer::Pki::make(est::system_clock().now());
  if (!pki) return complain(pki.error().message);
  std::error_code trouble;
  std::filesystem::create_directories(options.files, trouble);
  const auto files = peer::write_client_files(options.files, *pki, {options.user, *password}, options.user);
  if (!files) return complain("--files: " + files.error().message);
  ServeLog log(options.log);
  if (!log.good()) return complain("--log: " + options.log + " cannot be written; name another file");
  const sigset_t ends = block_signals();
  peer::ServerOptions server_options{.listen = *endpoint, .name = endpoint->host};
  server_options.watch = [&](const auto& connection, const auto& request) { log.request(connection, request); };
  server_options.ended = [&](const auto& connection) { log.connection(connection); };
  auto server = peer::ScriptedServer::start(*script, *pki, {options.user, *password}, server_options);
  if (!server) return complain(server.error().message);
  if (auto status = announce(options, (*server)->url(), *files); !status) return complain("--ready-file: " + status.error().message);
  int number = 0;
  sigwait(&ends, &number);
  (*server)->stop();
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, Command& run) {
  CLI::App* command = app.add_subcommand("serve", "be an EST server that does what a script says, for the tests of a client");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("--script", options->script, "what to answer (YAML; see conformance/peer/README.md)")->required()->type_name("FILE");
  command->add_option("--listen", options->listen, "HOST:PORT; port 0 picks a free one. Certificates are for localhost, 127.0.0.1 and ::1")
      ->capture_default_str();
  command->add_option("--files", options->files, "folder for the trust anchor and the client's credentials, made anew at every start")
      ->capture_default_str();
  command->add_option("--user", options->user, "user name for HTTP authentication")->capture_default_str();
  command->add_option("--password", options->password,
                      "its password: env:NAME, file:PATH or the word itself; default: made up, see --files");
  command->add_option("--ready-file", options->ready_file, "written when serving: the URL, then \"pid N\"");
  command->add_option("--log", options->log, "one line of JSON for every request and connection is added to it");
  command->footer("Serves until SIGINT or SIGTERM. Exit codes: 0, 4 usage or configuration.");
  command->callback([=, &run] { run = [=] { return serve(*options); }; });
}

}  // namespace conformance::cli
