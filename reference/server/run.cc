#include "server/run.h"

#include <memory>
#include <utility>

#include "server/config.h"
#include "server/instance.h"
#include "server/service.h"

namespace server {
namespace {

using est::Result;
using est::Status;

Result<Config> effective_config(const RunOptions& options) {
  Result<Config> config = load_config(options.config_path);
  if (!config) return config;
  if (options.threads) config->threads = *options.threads;
  if (Status done = override_endpoints("--listen", options.listen, config->listen); !done) return done.error();
  if (Status done = override_endpoints("--listen-late", options.listen_late, config->listen_late); !done) return done.error();
  return config;
}

}  // namespace

Status run(const RunOptions& options) {
  const Process process;
  Result<Config> config = effective_config(options);
  if (!config) return config.error();
  const est::Log log = est::Log::to_stderr(options.log_level);
  const Result<std::unique_ptr<Instance>> made = Instance::make(*std::move(config), log);
  if (!made) return made.error();
  Instance& instance = **made;
  if (Status started = instance.start(); !started) return started;
  return process.serve(
      {urls(instance), [&] { return instance.reload(); }, [&] { instance.drain(); }, [&] { return instance.counters().requests; }},
      {options.ready_file, options.pid_file}, log);
}

}  // namespace server
