// `est-proxy run`: serves until told to stop, as est-server does.
#pragma once

#include <string>
#include <vector>

#include "est/base/log.h"
#include "est/base/result.h"

namespace proxy {

struct RunOptions {
  std::string config_path;
  std::vector<std::string> listen;  // instead of the configuration's, when not empty
  std::string ready_file, pid_file;
  est::LogLevel log_level = est::LogLevel::info;
};

// Returns when the proxy has stopped. Call it from main, before any thread is started.
[[nodiscard]] est::Status run(const RunOptions& options);

}  // namespace proxy
