// The life of a server program: it announces itself, serves until SIGTERM or SIGINT, and reloads on SIGHUP.
#pragma once

#include <signal.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "est/base/log.h"
#include "est/base/result.h"
#include "est/net/address.h"

namespace server {

// What it consists of; called on the thread of Process::serve().
struct Service {
  std::vector<std::string> urls;
  std::function<est::Status()> reload;
  std::function<void()> drain;
  std::function<std::uint64_t()> requests;  // answered so far
};

struct Announced {
  std::string ready_file, pid_file;  // empty: none; see ready_file.h
};

// Make one in main, before any thread is started: it takes over the process's signals, and raises its limit of descriptors.
class Process {
 public:
  Process();
  // Returns when the service has been told to stop and has drained. Errors: a file that cannot be written at the beginning.
  [[nodiscard]] est::Status serve(const Service& service, const Announced& announced, const est::Log& log) const;

 private:
  sigset_t signals_{};
};

// What the programs exit with, beside 0.
inline constexpr int usage_error = 4;  // also bad configuration, bad database, nothing to act on
inline constexpr int internal_error = 5;

// The words of a --log option.
[[nodiscard]] const std::map<std::string, est::LogLevel>& log_levels();

// https://HOST:PORT of each, and then the address of the metrics where it is not empty.
[[nodiscard]] std::vector<std::string> urls_of(const std::vector<est::net::Endpoint>& endpoints, const std::string& metrics_url);
// Endpoints from a command line instead of the configuration's; nothing given: those stand. Errors begin with `option`.
[[nodiscard]] est::Status override_endpoints(const char* option, const std::vector<std::string>& texts,
                                             std::vector<est::net::Endpoint>& endpoints);

}  // namespace server
