// A peer that is a program: one process, asked again and again over its standard input and output.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "fuzz/peer/peer.h"

namespace fuzz::peer {
namespace {

class ProgramPeer final : public Peer {
 public:
  ProgramPeer(pid_t pid, int channel, est::Milliseconds deadline) : pid_(pid), channel_(channel), deadline_(deadline) {}
  ProgramPeer(const ProgramPeer&) = delete;
  ProgramPeer& operator=(const ProgramPeer&) = delete;
  ~ProgramPeer() override {
    ::close(channel_);
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  est::Result<std::optional<Verdict>> ask(Kind kind, est::BytesView der) override {
    const est::Deadline until = est::Deadline::after(deadline_);
    est::Bytes question{static_cast<est::Byte>(kind)};
    for (const unsigned shift : {24U, 16U, 8U, 0U}) question.push_back(static_cast<est::Byte>(der.size() >> shift));
    est::append(question, der);
    std::array<est::Byte, 5> head{};
    if (!send_all(question, until) || !receive_all(head, until)) return est::Error{"the program ended, or did not answer in time"};
    std::size_t size = 0;
    for (std::size_t i = 1; i < head.size(); ++i) size = size << 8U | head[i];
    if ((head[0] != '+' && head[0] != '-') || size > most_canonical) return est::Error{"the program's answer is not of the stdin protocol"};
    Verdict verdict{head[0] == '+', est::Bytes(size)};
    if (!receive_all(verdict.canonical, until)) return est::Error{"the program ended in the middle of an answer"};
    return std::optional<Verdict>(std::move(verdict));
  }

 private:
  [[nodiscard]] bool ready(short what, const est::Deadline& until) const {
    pollfd one{channel_, what, 0};
    return ::poll(&one, 1, static_cast<int>(until.left().count())) == 1;
  }
  [[nodiscard]] bool send_all(est::BytesView octets, const est::Deadline& until) const {
    while (!octets.empty()) {
      if (!ready(POLLOUT, until)) return false;
      const ssize_t sent = ::send(channel_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      octets = octets.subspan(static_cast<std::size_t>(sent));
    }
    return true;
  }
  [[nodiscard]] bool receive_all(std::span<est::Byte> into, const est::Deadline& until) const {
    while (!into.empty()) {
      if (!ready(POLLIN, until)) return false;
      const ssize_t got = ::recv(channel_, into.data(), into.size(), 0);
      if (got <= 0) return false;
      into = into.subspan(static_cast<std::size_t>(got));
    }
    return true;
  }

  pid_t pid_;
  int channel_;
  est::Milliseconds deadline_;
};

[[noreturn]] void become(const std::string& command, int channel) {
  ::setpgid(0, 0);
  ::dup2(channel, STDIN_FILENO);
  ::dup2(channel, STDOUT_FILENO);
  ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

}  // namespace

est::Result<std::unique_ptr<Peer>> start_program(const std::string& command, est::Milliseconds deadline) {
  std::array<int, 2> ends{};
  // Non-blocking on our side only; the flag belongs to the open file, and each end has its own.
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return est::Error{"no socket pair for the program"};
  const pid_t pid = ::fork();
  if (pid == 0) become(command, ends[1]);
  ::close(ends[1]);
  if (pid < 0) {
    ::close(ends[0]);
    return est::Error{"the program cannot be started"};
  }
  ::setpgid(pid, pid);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<Peer>(std::make_unique<ProgramPeer>(pid, ends[0], deadline));
}

}  // namespace fuzz::peer
