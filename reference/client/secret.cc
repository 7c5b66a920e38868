#include "client/secret.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "est/base/file.h"
#include "est/base/text.h"
#include "est/crypto/envelope.h"

namespace client {
namespace {

using est::Error;
using est::Result;

constexpr std::size_t longest_secret = std::size_t{64} << 10U;
constexpr std::size_t longest_line = 1024;

void drop_line_end(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

void warn_if_shared(const std::string& path, std::vector<std::string>& warnings) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode) || (facts.st_mode & (S_IRGRP | S_IROTH)) == 0) return;
  warnings.push_back(path + ": others than its owner may read this secret; chmod 600 it");
}

// A terminal that does not show what is typed, for as long as this object lives.
class QuietTerminal {
 public:
  explicit QuietTerminal(const std::string& device) : fd_(::open(device.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0 || ::tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    // Without ISIG, Ctrl-C is read like a letter and ends the line: no signal can leave the terminal mute.
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    quiet.c_lflag |= ICANON | ECHONL;
    quiet.c_cc[VEOL] = interrupt;
    ready_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() {
    if (ready_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
    if (fd_ >= 0) ::close(fd_);
  }

  static constexpr cc_t interrupt = 3;
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  termios before_{};
  bool ready_ = false;
};

bool show(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool wait_for_line(int fd, const est::Deadline& deadline) {
  while (!deadline.passed()) {
    pollfd wanted{fd, POLLIN, 0};
    const int count = ::poll(&wanted, 1, static_cast<int>(deadline.left().count()));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return false;
  }
  return false;
}

Result<Secret> read_line(int fd, std::string_view what, const est::Deadline& deadline) {
  const auto failure = [&](const char* why) { return Error{"no " + std::string(what) + ": " + why}; };
  if (!wait_for_line(fd, deadline)) return failure("nothing was typed in time");
  std::array<char, longest_line> line{};
  const ssize_t count = ::read(fd, line.data(), line.size());
  std::string text(line.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  ::explicit_bzero(line.data(), line.size());
  const bool given_up = text.find(static_cast<char>(QuietTerminal::interrupt)) != std::string::npos;
  const bool whole = text.ends_with('\n');
  drop_line_end(text);
  Secret secret = Secret::take(std::move(text));
  if (given_up) return failure("given up by Ctrl-C");
  if (!whole) return failure(count > 0 ? "the line is too long" : "the terminal was closed");
  if (secret.empty()) return failure("the line is empty");
  return secret;
}

Result<Secret> not_empty(Result<Secret> secret, const std::string& where) {
  if (secret && secret->empty()) return Error{where + " is empty; put the secret there"};
  return secret;
}

}  // namespace

Secret Secret::take(std::string&& text) {
  Secret secret{std::string_view(text)};
  est::crypto::wipe(text);
  return secret;
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) *this = Secret(other);
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  est::crypto::wipe(octets_);
  octets_.swap(other.octets_);
  return *this;
}

Secret::~Secret() { est::crypto::wipe(octets_); }

Result<SecretSource> SecretSource::parse(std::string_view text) {
  SecretSource source;
  if (text == "prompt:") return source;
  for (const auto& [prefix, kind] : {std::pair(std::string_view("env:"), Kind::environment), {std::string_view("file:"), Kind::file}}) {
    if (!text.starts_with(prefix)) continue;
    source.kind_ = kind;
    source.name_ = text.substr(prefix.size());
    if (source.name_.empty()) return Error{"'" + std::string(text) + "': write a name after the colon"};
    return source;
  }
  if (text.empty()) return Error{"an empty secret; write env:NAME, file:PATH, prompt: or the secret itself"};
  source.kind_ = Kind::word;
  source.word_ = Secret(text);
  return source;
}

SecretSource SecretSource::callback(AskSecret ask) {
  SecretSource source;
  source.kind_ = Kind::callback;
  source.ask_ = std::move(ask);
  return source;
}

Result<Secret> SecretSource::read(std::string_view what, std::vector<std::string>& warnings) const {
  switch (kind_) {
    case Kind::word:
      warnings.push_back(std::string(what) + " stands on the command line, where others can see it; env:NAME or file:PATH hides it");
      return word_;
    case Kind::environment:
      return secret_from_environment(name_);
    case Kind::file:
      return secret_from_file(name_, warnings);
    case Kind::prompt:
      return secret_from_terminal(what);
    case Kind::callback:
      break;
  }
  return ask_ ? ask_(what) : Error{"nobody can be asked for " + std::string(what)};
}

Result<Secret> secret_from_file(const std::string& path, std::vector<std::string>& warnings) {
  auto text = est::read_file(path, longest_secret);
  if (!text) return text.error();
  warn_if_shared(path, warnings);
  drop_line_end(*text);
  return not_empty(Secret::take(std::move(*text)), path);
}

Result<Secret> secret_from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return Error{"the environment variable " + est::printable(name) + " is not set"};
  return not_empty(Secret(value), "the environment variable " + est::printable(name));
}

Result<Secret> secret_from_terminal(std::string_view what, est::Milliseconds patience, const std::string& device) {
  const QuietTerminal terminal(device);
  const std::string safe = est::printable(what);
  if (!terminal.ready()) return Error{"there is no terminal to ask for " + safe + " on; give it by env:NAME or file:PATH"};
  if (!show(terminal.fd(), "Enter " + safe + ": ")) return Error{"cannot write to the terminal " + device};
  return read_line(terminal.fd(), safe, est::Deadline::after(patience));
}

}  // namespace client
