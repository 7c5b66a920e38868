#include "conformance/cli_secret.h"

#include <termios.h>

#include <cstdlib>
#include <iostream>

#include "est/base/file.h"

namespace conformance::cli {

namespace {

// The terminal on standard input echoes nothing while one lives.
class Silence {
 public:
  Silence() : changed_(::tcgetattr(0, &before_) == 0) {
    if (!changed_) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(0, TCSAFLUSH, &quiet) == 0;
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    if (changed_) ::tcsetattr(0, TCSAFLUSH, &before_);
  }
  [[nodiscard]] bool works() const noexcept { return changed_; }

 private:
  termios before_{};
  bool changed_;
};

}  // namespace

bool is_reference(const std::string& text) { return text.starts_with("env:") || text.starts_with("file:"); }

est::Result<std::string> resolve_secret(const std::string& text, const std::string& flag) {
  if (text.starts_with("env:")) {
    const std::string name = text.substr(4);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return est::Error{flag + ": the environment variable " + name + " is empty; set it"};
    return std::string(value);
  }
  if (!text.starts_with("file:")) return text;
  auto content = est::read_file(text.substr(5), 65536);
  if (!content) return est::Error{flag + ": " + content.error().message + "; name a readable file"};
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  if (content->empty()) return est::Error{flag + ": " + text.substr(5) + " is empty; put the secret in it"};
  return content;
}

est::Result<std::string> ask_secret(const std::string& question, const std::string& flag) {
  const Silence silence;
  if (!silence.works()) return est::Error{question + " is needed and there is no terminal to ask at; give " + flag};
  std::cerr << question << ": " << std::flush;
  std::string secret;
  std::getline(std::cin, secret);
  std::cerr << "\n";
  if (secret.empty()) return est::Error{"nothing was typed; give " + flag};
  return secret;
}

}  // namespace conformance::cli
