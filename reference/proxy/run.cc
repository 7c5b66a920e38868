#include "proxy/run.h"

#include <memory>
#include <utility>

#include "proxy/config.h"
#include "proxy/instance.h"
#include "server/service.h"

namespace proxy {

using est::Result;
using est::Status;

Status run(const RunOptions& options) {
  const server::Process process;
  Result<Config> config = load_config(options.config_path);
  if (!config) return config.error();
  if (Status done = server::override_endpoints("--listen", options.listen, config->front.listen); !done) return done;
  const est::Log log = est::Log::to_stderr(options.log_level);
  const Result<std::unique_ptr<Instance>> made = Instance::make(*std::move(config), log);
  if (!made) return made.error();
  Instance& instance = **made;
  if (Status started = instance.start(); !started) return started;
  return process.serve({urls(instance), [&] { return instance.reload(); }, [&] { instance.drain(); }, [&] { return instance.requests(); }},
                       {options.ready_file, options.pid_file}, log);
}

}  // namespace proxy
