// Structured log: one line an event, key=value pairs, controls escaped so that no input can forge a line.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace est {

enum class LogLevel { debug, info, warning, error };

using LogField = std::pair<std::string_view, std::string>;

// Threads: safe to call from any thread. Values are quoted and escaped here; callers must not pass secrets.
class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;  // called with the mutex held; line has no newline

  explicit Log(Sink sink, LogLevel least = LogLevel::info);
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {}) const;

  [[nodiscard]] static Log to_stderr(LogLevel least = LogLevel::info);
  [[nodiscard]] static Log nowhere();

 private:
  Sink sink_;
  LogLevel least_;
};

}  // namespace est
