#include "server/ready_file.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <system_error>
#include <thread>

#include "est/base/clock.h"
#include "est/base/file.h"
#include "est/base/text.h"

namespace server {
namespace {

constexpr est::Milliseconds patience{5000};
constexpr est::Milliseconds pause{10};

std::optional<std::uint64_t> number_after(std::string_view line, std::string_view word) {
  if (line.substr(0, word.size()) != word) return std::nullopt;
  return est::parse_decimal(line.substr(word.size()));
}

}  // namespace

est::Status write_ready_file(const std::string& path, const std::vector<std::string>& urls, const Reloads& reloads) {
  std::string text;
  for (const std::string& url : urls) text += url + "\n";
  text += "pid " + std::to_string(::getpid()) + "\nreloads " + std::to_string(reloads.done) + "\nreloads-failed " +
          std::to_string(reloads.failed) + "\n";
  return est::write_file(path, text);
}

est::Result<RunningServer> read_running(const std::string& path) {
  const est::Result<std::string> text = est::read_file(path, 65536);
  if (!text) return text.error();
  RunningServer running;
  for (const std::string_view line : est::split(est::trim(*text), '\n')) {
    if (const auto pid = number_after(line, "pid ")) running.pid = static_cast<std::int64_t>(*pid);
    if (const auto pid = number_after(line, "")) running.pid = static_cast<std::int64_t>(*pid);
    if (const auto done = number_after(line, "reloads ")) running.reloads = Reloads{.done = *done};
    if (const auto failed = number_after(line, "reloads-failed "); failed && running.reloads) running.reloads->failed = *failed;
  }
  // 0 and 1 would reach a process group or init.
  if (running.pid <= 1) return est::Error{path + " holds no process id; give the server's --pid-file or --ready-file"};
  return running;
}

est::Status ask_reload(const std::string& path) {
  const est::Result<RunningServer> before = read_running(path);
  if (!before) return before.error();
  if (::kill(static_cast<pid_t>(before->pid), SIGHUP) != 0)
    return est::Error{"cannot signal process " + std::to_string(before->pid) + " of " + path + ": " +
                      std::generic_category().message(errno)};
  if (!before->reloads) return {};
  for (const est::Deadline deadline = est::Deadline::after(patience); !deadline.passed(); std::this_thread::sleep_for(pause)) {
    const est::Result<RunningServer> now = read_running(path);
    if (!now || !now->reloads) continue;
    if (now->reloads->done > before->reloads->done) return {};
    if (now->reloads->failed > before->reloads->failed)
      return est::Error{"the server could not reload and stays as it was; its log says why"};
  }
  return est::Error{"the server did not reload within 5 s; its log says why"};
}

}  // namespace server
