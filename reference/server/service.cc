#include "server/service.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "est/base/file.h"
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

// Removes what tells others that we run, whichever way we leave.
class Announcement {
 public:
  Announcement(const Announced& where, const std::vector<std::string>& urls) : where_(where), urls_(urls) {}
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;
  ~Announcement() {
    std::error_code ignored;
    for (const std::string* path : {&where_.ready_file, &where_.pid_file})
      if (!path->empty()) std::filesystem::remove(*path, ignored);
  }

  [[nodiscard]] Status write(const Reloads& reloads) const {
    if (!where_.pid_file.empty())
      if (Status written = est::write_file(where_.pid_file, std::to_string(::getpid()) + "\n"); !written) return written;
    if (where_.ready_file.empty()) return {};
    return write_ready_file(where_.ready_file, urls_, reloads);
  }

 private:
  const Announced& where_;
  const std::vector<std::string>& urls_;
};

void reload_service(const Service& service, const Announcement& announcement, const est::Log& log, Reloads& reloads) {
  if (const Status done = service.reload(); done) {
    log.write(LogLevel::info, "reload", {{"result", "certificates, CRLs and passwords are current"}});
    ++reloads.done;
  } else {
    log.write(LogLevel::error, "reload", {{"error", done.error().message}, {"effect", "everything stays as it was"}});
    ++reloads.failed;
  }
  if (const Status written = announcement.write(reloads); !written)
    log.write(LogLevel::warning, "ready-file", {{"error", written.error().message}});
}

}  // namespace

Process::Process() : signals_(take_signals()) { raise_descriptor_limit(); }

Status Process::serve(const Service& service, const Announced& announced, const est::Log& log) const {
  for (const std::string& url : service.urls) log.write(LogLevel::info, "listening", {{"url", url}});
  const Announcement announcement(announced, service.urls);
  if (Status written = announcement.write({}); !written) return written;
  Reloads reloads;
  while (true) {
    int signal = 0;
    if (sigwait(&signals_, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    reload_service(service, announcement, log, reloads);
  }
  log.write(LogLevel::info, "drain");
  service.drain();
  log.write(LogLevel::info, "stopped", {{"requests", std::to_string(service.requests())}});
  return {};
}

const std::map<std::string, LogLevel>& log_levels() {
  static const std::map<std::string, LogLevel> levels{
      {"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}};
  return levels;
}

std::vector<std::string> urls_of(const std::vector<est::net::Endpoint>& endpoints, const std::string& metrics_url) {
  std::vector<std::string> result;
  for (const est::net::Endpoint& endpoint : endpoints) result.push_back("https://" + endpoint.to_string());
  if (!metrics_url.empty()) result.push_back(metrics_url);
  return result;
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

}  // namespace server
