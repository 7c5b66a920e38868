#include "est/base/log.h"

#include <cstdio>
#include <memory>
#include <mutex>

#include "est/base/clock.h"
#include "est/base/text.h"

namespace est {
namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : printable(value, 1000)) {
    if (c == '"') text.push_back('\\');
    text.push_back(c);
  }
  return text + "\"";
}

}  // namespace

Log::Log(Sink sink, LogLevel least) : sink_(std::move(sink)), least_(least) {}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const {
  if (level < least_ || !sink_) return;
  std::string line = "time=" + iso8601(system_clock().now()) + " level=" + std::string(level_name(level)) + " event=" + std::string(event);
  for (const auto& [name, value] : fields) line += " " + std::string(name) + "=" + est::quoted(value);
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  sink_(line);
}

Log Log::to_stderr(LogLevel least) {
  return Log([](std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); }, least);
}

Log Log::nowhere() { return Log(nullptr); }

}  // namespace est
