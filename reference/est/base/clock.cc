#include "est/base/clock.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace est {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] UnixTime now() const override {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string iso8601(UnixTime time) {
  const std::time_t seconds = time;
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "out of range";
  std::array<char, 64> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

Milliseconds Deadline::left() const {
  // Rounded up, so that a poll() for what is left never returns just before the deadline and spins.
  const auto span = std::chrono::ceil<Milliseconds>(at_ - std::chrono::steady_clock::now());
  return std::max(span, Milliseconds::zero());
}

}  // namespace est
