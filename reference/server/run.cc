#include "server/run.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "est/base/file.h"
#include "server/config.h"
#include "server/instance.h"
#include "server/ready_file.h"

namespace server {
namespace {

using est::LogLevel;
using est::Result;
using est::Status;

// Blocked here and in every thread started later, so that sigwait alone sees them.
sigset_t take_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

// A connection is a descriptor; the soft limit is often 1024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
}

// Nothing given: the configuration stands.
Status override_endpoints(const char* option, const std::vector<std::string>& texts, std::vector<est::net::Endpoint>& endpoints) {
  if (!texts.empty()) endpoints.clear();
  for (const std::string& text : texts) {
    Result<est::net::Endpoint> endpoint = est::net::parse_endpoint(text);
    if (!endpoint) return est::Error{std::string(option) + ": " + endpoint.error().message};
    endpoints.push_back(*std::move(endpoint));
  }
  return {};
}

Result<Config> effective_config(const RunOptions& options) {
  Result<Config> config = load_config(options.config_path);
  if (!config) return config;
  if (options.threads) config->threads = *options.threads;
  if (Status done = override_endpoints("--listen", options.listen, config->listen); !done) return done.error();
  if (Status done = override_endpoints("--listen-late", options.listen_late, config->listen_late); !done) return done.error();
  return config;
}

// Removes what tells others that we run, whichever way we leave.
class Announcement {
 public:
  explicit Announcement(const RunOptions& options) : options_(options) {}
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;
  ~Announcement() {
    std::error_code ignored;
    for (const std::string* path : {&options_.ready_file, &options_.pid_file})
      if (!path->empty()) std::filesystem::remove(*path, ignored);
  }

  [[nodiscard]] Status write(const Instance& instance, const Reloads& reloads) const {
    if (!options_.pid_file.empty())
      if (Status written = est::write_file(options_.pid_file, std::to_string(::getpid()) + "\n"); !written) return written;
    if (options_.ready_file.empty()) return {};
    return write_ready_file(options_.ready_file, urls(instance), reloads);
  }

 private:
  const RunOptions& options_;
};

void reload(Instance& instance, const Announcement& announcement, const est::Log& log, Reloads& reloads) {
  if (const Status done = instance.reload(); done) {
    log.write(LogLevel::info, "reload", {{"result", "certificates, CRLs and passwords are current"}});
    ++reloads.done;
  } else {
    log.write(LogLevel::error, "reload", {{"error", done.error().message}, {"effect", "everything stays as it was"}});
    ++reloads.failed;
  }
  if (const Status written = announcement.write(instance, reloads); !written)
    log.write(LogLevel::warning, "ready-file", {{"error", written.error().message}});
}

void serve(Instance& instance, const Announcement& announcement, const est::Log& log, const sigset_t& signals) {
  Reloads reloads;
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    reload(instance, announcement, log, reloads);
  }
  log.write(LogLevel::info, "drain");
  instance.drain();
  log.write(LogLevel::info, "stopped", {{"requests", std::to_string(instance.counters().requests)}});
}

}  // namespace

Status run(const RunOptions& options) {
  const sigset_t signals = take_signals();
  raise_descriptor_limit();
  Result<Config> config = effective_config(options);
  if (!config) return config.error();
  const est::Log log = est::Log::to_stderr(options.log_level);
  const Result<std::unique_ptr<Instance>> instance = Instance::make(*std::move(config), log);
  if (!instance) return instance.error();
  if (Status started = (*instance)->start(); !started) return started;
  for (const std::string& url : urls(**instance)) log.write(LogLevel::info, "listening", {{"url", url}});
  const Announcement announcement(options);
  if (Status written = announcement.write(**instance, {}); !written) return written;
  serve(**instance, announcement, log, signals);
  return {};
}

}  // namespace server
