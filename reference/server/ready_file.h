// The file by which a running server is found: its URLs, one a line, then "pid N", "reloads N" and "reloads-failed N". Written whole
// each time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "est/base/result.h"

namespace server {

// How often a server was told to reload and did, or could not and stayed as it was.
struct Reloads {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
};
[[nodiscard]] est::Status write_ready_file(const std::string& path, const std::vector<std::string>& urls, const Reloads& reloads);

struct RunningServer {
  std::int64_t pid = 0;
  std::optional<Reloads> reloads;  // absent in a plain pid file
};
// Reads a ready file, or a file with nothing but a process id.
[[nodiscard]] est::Result<RunningServer> read_running(const std::string& path);

// Sends SIGHUP; with a ready file, waits up to five seconds for the reload to be done, and fails when the server could not.
[[nodiscard]] est::Status ask_reload(const std::string& path);

}  // namespace server
