#include "conformance/steps/run_state.h"

#include <thread>

#include "est/crypto/digest.h"

namespace conformance::steps {

RunState::RunState(const target::Limits& limits, std::shared_ptr<CertificateBudget> budget)
    : prefix_(est::hex(est::crypto::random_bytes(4))),
      budget_(budget != nullptr ? std::move(budget) : std::make_shared<CertificateBudget>(limits.max_certificates)),
      next_(std::chrono::steady_clock::now()) {
  if (limits.requests_per_second <= 0) return;
  gap_ = std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(1 / limits.requests_per_second));
}

std::string RunState::next_number() { return prefix_ + "-" + std::to_string(++counter_); }

void RunState::wait_for_turn() {
  if (gap_ == gap_.zero()) return;
  std::chrono::steady_clock::time_point turn;
  {
    const std::lock_guard lock(mutex_);
    turn = std::max(next_, std::chrono::steady_clock::now());
    next_ = turn + gap_;
  }
  std::this_thread::sleep_until(turn);
}

std::string with_number(std::string_view pattern, std::string_view number) {
  constexpr std::string_view mark = "{n}";
  std::string text;
  while (true) {
    const auto at = pattern.find(mark);
    text += pattern.substr(0, at);
    if (at == std::string_view::npos) return text;
    text += number;
    pattern.remove_prefix(at + mark.size());
  }
}

}  // namespace conformance::steps
