#include "conformance/steps/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>

namespace conformance::steps {
namespace {

constexpr int grace_ms = 500;           // between SIGTERM and SIGKILL
constexpr int cleaning_ms = 5000;       // for what is left behind
constexpr int unresponsive_ms = 15000;  // for the supervisor itself, beyond the program's time

class Pipe {
 public:
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() { close_reading(), close_writing(); }
  [[nodiscard]] bool open() { return ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
  [[nodiscard]] int reading() const { return ends_[0]; }
  [[nodiscard]] int writing() const { return ends_[1]; }
  void close_reading() { shut(ends_[0]); }
  void close_writing() { shut(ends_[1]); }

 private:
  static void shut(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

struct Report {
  int status = 0;  // of waitpid()
  bool timed_out = false;
  int left_behind = 0;
};

// --- The supervisor. It is forked from a process with threads: nothing here may allocate, lock or throw.

struct Plan {
  char* const* arguments;
  char* const* environment;
  int output, errors, life, report;
  sigset_t usual;  // signal mask of the program
  int within_ms;
};

long long now_ms() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<long long>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

[[noreturn]] void become_program(const Plan& plan) {
  setpgid(0, 0);
  const int nothing = ::open("/dev/null", O_RDONLY);  // NOLINT(cppcoreguidelines-pro-type-vararg)
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(plan.output, STDOUT_FILENO);
  ::dup2(plan.errors, STDERR_FILENO);
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  sigaction(SIGPIPE, &usual, nullptr);
  sigaction(SIGINT, &usual, nullptr);
  sigaction(SIGTERM, &usual, nullptr);
  sigprocmask(SIG_SETMASK, &plan.usual, nullptr);
  ::execve("/bin/sh", plan.arguments, plan.environment);
  _exit(127);
}

// The parent of a process, from /proc/PID/stat: "pid (name) state ppid ...", where a name may hold anything.
pid_t parent_of(const char* pid) {
  std::array<char, 64> path{};
  std::array<char, 512> text{};
  std::strcpy(path.data(), "/proc/");
  std::strncat(path.data(), pid, 20);
  std::strcat(path.data(), "/stat");
  const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);  // NOLINT(cppcoreguidelines-pro-type-vararg)
  if (file < 0) return -1;
  const ssize_t count = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  if (count <= 0) return -1;
  const char* end = std::strrchr(text.data(), ')');
  if (end == nullptr || std::strlen(end) < 5) return -1;
  return static_cast<pid_t>(std::strtol(end + 4, nullptr, 10));
}

// struct linux_dirent64: inode (8), offset (8), length (2), type (1), then the name.
constexpr std::size_t entry_length_at = 16, entry_name_at = 19;

// Kills every process whose parent is this one. Their children become ours thereby.
void kill_children() {
  const pid_t self = getpid();
  const int folder = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // NOLINT(cppcoreguidelines-pro-type-vararg)
  if (folder < 0) return;
  std::array<char, 8192> buffer{};
  for (;;) {
    const long count = ::syscall(SYS_getdents64, folder, buffer.data(), buffer.size());  // NOLINT(cppcoreguidelines-pro-type-vararg)
    if (count <= 0) break;
    std::size_t at = 0;
    while (at < static_cast<std::size_t>(count)) {
      const char* name = buffer.data() + at + entry_name_at;
      unsigned short length = 0;
      std::memcpy(&length, buffer.data() + at + entry_length_at, sizeof(length));
      at += length;
      if (*name < '1' || *name > '9' || parent_of(name) != self) continue;
      ::kill(static_cast<pid_t>(std::strtol(name, nullptr, 10)), SIGKILL);
    }
  }
  ::close(folder);
}

// Waits for children; true when the program itself was among them.
bool reap(pid_t program, Report& report) {
  bool found = false;
  int status = 0;
  for (pid_t child = ::waitpid(-1, &status, WNOHANG); child > 0; child = ::waitpid(-1, &status, WNOHANG)) {
    if (child == program) found = true, report.status = status;
  }
  return found;
}

// How many were killed.
int clean_up() {
  int killed = 0;
  const long long until = now_ms() + cleaning_ms;
  for (;;) {
    int status = 0;
    const pid_t child = ::waitpid(-1, &status, WNOHANG);
    if (child < 0) return killed;  // no children are left
    if (child > 0) {
      killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 1 : 0;
      continue;
    }
    if (now_ms() > until) return killed;
    kill_children();
    ::poll(nullptr, 0, 1);
  }
}

// Until the program ends, its time is over, or whoever wants to know is gone.
void watch(pid_t program, const Plan& plan, int children, Report& report) {
  const long long deadline = now_ms() + plan.within_ms;
  long long kill_at = 0;
  for (;;) {
    if (reap(program, report)) return;
    std::array<pollfd, 2> waiting{{{children, POLLIN, 0}, {plan.life, 0, 0}}};
    const long long next = kill_at != 0 ? kill_at : deadline;
    ::poll(waiting.data(), waiting.size(), static_cast<int>(std::max(0LL, next - now_ms())));
    signalfd_siginfo information{};
    if ((waiting[0].revents & POLLIN) != 0) static_cast<void>(!::read(children, &information, sizeof(information)));
    if ((waiting[1].revents & (POLLHUP | POLLERR)) != 0) ::kill(-program, SIGKILL), ::kill(program, SIGKILL);
    if (kill_at == 0 && now_ms() >= deadline) {
      report.timed_out = true;
      ::kill(-program, SIGTERM);
      kill_at = now_ms() + grace_ms;
    } else if (kill_at != 0 && now_ms() >= kill_at) {
      ::kill(-program, SIGKILL);
      ::kill(program, SIGKILL);
      kill_at = now_ms() + grace_ms;
    }
  }
}

[[noreturn]] void supervise(const Plan& plan) {
  ::setsid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);  // NOLINT(cppcoreguidelines-pro-type-vararg)
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_SETMASK, &children, nullptr);
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &usual, nullptr);
  const int news = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  const pid_t program = ::fork();
  if (program == 0) become_program(plan);
  Report report;
  if (program < 0) report.status = 127 << 8U;
  if (program > 0) {
    setpgid(program, program);  // whoever comes first
    watch(program, plan, news, report);
    report.left_behind = clean_up();
  }
  static_cast<void>(!::write(plan.report, &report, sizeof(report)));
  _exit(0);
}

// --- On our side

std::vector<std::string> environment_of(const ProcessSpec& spec) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    const bool replaced = std::any_of(spec.environment.begin(), spec.environment.end(), [&](const auto& own) { return own.first == name; });
    if (!replaced) all.push_back(text);
  }
  for (const auto& [name, value] : spec.environment) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Takes what is there; false at the end.
bool take(int from, std::string& into, const ProcessSpec& spec, bool& cut) {
  std::array<char, 16384> buffer{};
  const ssize_t count = ::read(from, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  const std::size_t room = spec.most_output - std::min(spec.most_output, into.size());
  cut = cut || static_cast<std::size_t>(count) > room;
  into.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  return count > 0;
}

void make_nonblocking(int descriptor) {
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);  // NOLINT(cppcoreguidelines-pro-type-vararg)
}

// Collects output until the supervisor has reported.
std::optional<Report> collect(const Pipe& output, const Pipe& errors, const Pipe& reports, const ProcessSpec& spec, ProcessEnd& end) {
  const auto deadline = est::Deadline::after(spec.within + est::Milliseconds(unresponsive_ms));
  std::array<pollfd, 3> waiting{{{output.reading(), POLLIN, 0}, {errors.reading(), POLLIN, 0}, {reports.reading(), POLLIN, 0}}};
  std::optional<Report> report;
  while (!report && !deadline.passed()) {
    ::poll(waiting.data(), waiting.size(), static_cast<int>(deadline.left().count()));
    if (waiting[0].revents != 0 && !take(output.reading(), end.output, spec, end.cut)) waiting[0].fd = -1;
    if (waiting[1].revents != 0 && !take(errors.reading(), end.errors, spec, end.cut)) waiting[1].fd = -1;
    if (waiting[2].revents == 0) continue;
    Report got;
    if (::read(reports.reading(), &got, sizeof(got)) != static_cast<ssize_t>(sizeof(got))) break;
    report = got;
  }
  // All writers are dead; what they wrote last is in the pipes.
  for (int rounds = 0; rounds < 64 && waiting[0].fd >= 0 && take(output.reading(), end.output, spec, end.cut); ++rounds) continue;
  for (int rounds = 0; rounds < 64 && waiting[1].fd >= 0 && take(errors.reading(), end.errors, spec, end.cut); ++rounds) continue;
  return report;
}

}  // namespace

est::Result<ProcessEnd> run_process(const ProcessSpec& spec) {
  Pipe output, errors, life, reports;
  if (!output.open() || !errors.open() || !life.open() || !reports.open()) return est::Error{"no pipe for the program can be made"};
  make_nonblocking(output.reading());
  make_nonblocking(errors.reading());
  std::vector<std::string> words{"sh", "-c", spec.command};
  std::vector<std::string> environment = environment_of(spec);
  const auto arguments = pointers(words);
  const auto variables = pointers(environment);
  Plan plan{arguments.data(),
            variables.data(),
            output.writing(),
            errors.writing(),
            life.reading(),
            reports.writing(),
            {},
            static_cast<int>(spec.within.count())};
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &plan.usual);  // no handler of ours may run in the supervisor
  const auto began = std::chrono::steady_clock::now();
  const pid_t supervisor = ::fork();
  if (supervisor == 0) {
    life.close_writing();
    supervise(plan);
  }
  pthread_sigmask(SIG_SETMASK, &plan.usual, nullptr);
  if (supervisor < 0) return est::Error{"no process for the program can be made"};
  output.close_writing(), errors.close_writing(), reports.close_writing(), life.close_reading();
  ProcessEnd end;
  const auto report = collect(output, errors, reports, spec, end);
  if (!report) ::kill(supervisor, SIGKILL);
  int status = 0;
  while (::waitpid(supervisor, &status, 0) < 0 && errno == EINTR) continue;
  end.took = std::chrono::duration_cast<est::Milliseconds>(std::chrono::steady_clock::now() - began);
  if (!report) return est::Error{"the supervisor of the program did not report"};
  end.left_behind = report->left_behind;
  const bool exited = WIFEXITED(report->status);
  end.code = exited ? WEXITSTATUS(report->status) : WTERMSIG(report->status);
  end.kind = report->timed_out ? ProcessEnd::Kind::timed_out : exited ? ProcessEnd::Kind::exited : ProcessEnd::Kind::signalled;
  return end;
}

}  // namespace conformance::steps
