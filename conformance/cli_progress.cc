#include "conformance/cli_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "est/base/text.h"

namespace conformance::cli {

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

bool colour_allowed(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  return is_terminal(descriptor) && (no_color == nullptr || *no_color == '\0');
}

Progress::Progress(std::ostream& out, std::size_t total, bool live, bool colour) : out_(out), total_(total), live_(live), colour_(colour) {}

void Progress::started(const engine::Scenario& scenario) {
  if (live_) draw(scenario.id);
}

void Progress::finished(const engine::ScenarioResult& result) {
  ++done_;
  ++counts_[result.verdict];
  if (live_) return;
  out_ << fmt::format("[{:>3}/{}] {:<14} {} {}{}\n", done_, total_, to_string(result.verdict), result.id, result.title,
                      result.cause.empty() ? "" : ": " + est::printable(result.cause, 400))
       << std::flush;
}

void Progress::clear() {
  if (live_) out_ << "\r\x1b[K" << std::flush;
}

std::string Progress::time_left() const {
  if (done_ == 0) return {};
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began_;
  const double left = spent.count() / static_cast<double>(done_) * static_cast<double>(total_ - done_);
  return fmt::format(", {:.0f} s left", std::ceil(left));
}

void Progress::draw(const std::string& id) {
  std::string counts;
  for (const auto& [verdict, count] : counts_) {
    const bool bad = verdict == engine::Verdict::fail || verdict == engine::Verdict::error;
    counts += fmt::format(" {}{} {}{}", colour_ && bad ? "\x1b[31m" : "", count, to_string(verdict), colour_ && bad ? "\x1b[0m" : "");
  }
  out_ << fmt::format("\r\x1b[K[{}/{}]{}{}  {}", done_, total_, counts, time_left(), id) << std::flush;
}

}  // namespace conformance::cli
