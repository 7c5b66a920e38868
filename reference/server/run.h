// `est-server run`: serves until told to stop. SIGTERM and SIGINT drain, SIGHUP reloads certificates, CRLs and passwords.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "est/base/log.h"
#include "est/base/result.h"

namespace server {

struct RunOptions {
  std::string config_path;
  std::vector<std::string> listen;       // instead of the configuration's, when not empty
  std::vector<std::string> listen_late;  // likewise
  std::optional<unsigned> threads;
  std::string ready_file, pid_file;
  est::LogLevel log_level = est::LogLevel::info;
};

// Returns when the server has stopped. Takes over the process's signals: call it from main, before any thread is started.
[[nodiscard]] est::Status run(const RunOptions& options);

}  // namespace server
