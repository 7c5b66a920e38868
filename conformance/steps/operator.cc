#include "conformance/steps/operator.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>

#include "est/base/text.h"

namespace conformance::steps {
namespace {

constexpr std::size_t most_output = std::size_t{16} << 10U;
constexpr int poll_interval_ms = 20;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() { reset(); }
  void reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// The two C structures posix_spawn wants, released in every case.
class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes_, 0);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

est::Result<pid_t> spawn_shell(const std::string& command, int output) {
  const SpawnSettings settings(output);
  std::array<std::string, 3> words{"sh", "-c", command};
  std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
  pid_t child = 0;
  const int error = posix_spawn(&child, "/bin/sh", settings.actions(), settings.attributes(), arguments.data(), environ);
  if (error != 0) return est::Error{std::string("cannot run /bin/sh: ") + std::strerror(error)};  // NOLINT(concurrency-mt-unsafe)
  return child;
}

// Takes what is there within `wait`; false when all writers have closed.
bool collect(int fd, int wait, std::string& output) {
  pollfd waiting{fd, POLLIN, 0};
  if (::poll(&waiting, 1, wait) <= 0) return true;
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count > 0 && output.size() < most_output)
    output.append(buffer.data(), std::min(static_cast<std::size_t>(count), most_output - output.size()));
  return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// Waits for the child, collecting output meanwhile.
CommandResult await(pid_t child, int fd, est::Deadline deadline) {
  CommandResult result;
  int status = 0;
  bool open = true;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (deadline.passed()) {
      result.timed_out = true;
      ::kill(-child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    if (open) {
      open = collect(fd, poll_interval_ms, result.output);
    } else {
      ::poll(nullptr, 0, poll_interval_ms);
    }
  }
  // What was written before the end is in the pipe by now.
  for (int rounds = 0; open && rounds < 8; ++rounds) open = collect(fd, 0, result.output);
  result.exit_code = exit_code_of(status);
  return result;
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else if (c != '\0') {
      quoted.push_back(c);
    }
  }
  return quoted + "'";
}

Maybe<std::string> filled_in(std::string_view command, const Placeholders& values) {
  std::string text;
  while (!command.empty()) {
    const auto open = command.find('{');
    text += command.substr(0, open);
    if (open == std::string_view::npos) break;
    command.remove_prefix(open);
    const auto close = command.find('}');
    const auto found = close == std::string_view::npos ? values.end() : values.find(command.substr(1, close - 1));
    if (found == values.end()) {
      text.push_back('{');
      command.remove_prefix(1);
      continue;
    }
    if (!found->second) return cannot("the operator's command needs {" + found->first + "}, which this exchange did not give");
    text += shell_quoted(*found->second);
    command.remove_prefix(close + 1);
  }
  return text;
}

est::Result<CommandResult> run_command(const std::string& command, est::Milliseconds within) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return est::Error{"cannot make a pipe for an operator's command"};
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const auto child = spawn_shell(command, writing.get());
  if (!child) return child.error();
  writing.reset();
  return await(*child, reading.get(), est::Deadline::after(within));
}

bool has_terminal() { return ::isatty(STDIN_FILENO) == 1; }

Said typed_within(est::Milliseconds within) {
  pollfd waiting{STDIN_FILENO, POLLIN, 0};
  const auto deadline = est::Deadline::after(within);
  while (::poll(&waiting, 1, static_cast<int>(deadline.left().count())) < 0 && errno == EINTR) {
  }
  if ((waiting.revents & POLLIN) == 0) return Said::nothing;
  std::array<char, 256> line{};
  const ssize_t count = ::read(STDIN_FILENO, line.data(), line.size());
  if (count <= 0) return Said::no;
  const std::string word = est::ascii_lower(est::trim(std::string_view(line.data(), static_cast<std::size_t>(count))));
  if (word.starts_with("can")) return Said::cannot;
  return word.starts_with('n') ? Said::no : Said::yes;
}

engine::StepOutcome ask_operator(const std::string& request, est::Milliseconds within) {
  if (!has_terminal()) return cannot("the profile wants the operator asked, but there is no terminal; give a command in access.operator");
  static std::mutex terminal;  // one question at a time
  const std::lock_guard lock(terminal);
  std::fprintf(stderr, "\n*** %s\n*** Then press Enter (or type no): ", est::printable(request, 1000).c_str());
  const Said said = typed_within(within);
  if (said == Said::nothing) return cannot("the operator did not answer in time");
  if (said != Said::yes) return cannot("the operator declined");
  return recorded();
}

}  // namespace conformance::steps
