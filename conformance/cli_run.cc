#include "conformance/cli_run.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>

namespace conformance::cli {

namespace {

std::atomic<int> interrupted{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler writes it");

void on_interrupt(int number) {
  interrupted = 1;
  std::signal(number, SIG_DFL);
}

}  // namespace

Interrupts::Interrupts() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
}

Interrupts::~Interrupts() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool Interrupts::came() { return interrupted != 0; }

std::string shell_word(const std::string& text) {
  const bool plain =
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+=,") == std::string::npos;
  if (plain && !text.empty()) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

void put_in_order(report::Results& results, const std::vector<engine::Scenario>& scenarios) {
  std::map<std::string, std::size_t, std::less<>> places;
  for (const auto& scenario : scenarios) places.emplace(scenario.id, places.size());
  std::sort(results.scenarios.begin(), results.scenarios.end(),
            [&](const auto& a, const auto& b) { return places.at(a.id) < places.at(b.id); });
}

}  // namespace conformance::cli
