// What all sessions of one run share: unique numbers, the pace of requests, the certificates it may obtain.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "conformance/steps/budget.h"
#include "conformance/target/profile.h"
#include "est/tls/context.h"

namespace conformance::steps {

// Threads: every member may be called from any thread.
class RunState {
 public:
  // Without a budget, one of the limits' size.
  explicit RunState(const target::Limits& limits, std::shared_ptr<CertificateBudget> budget = nullptr);

  // "4f1c09-17": unique in this run and, by its random part, among runs.
  [[nodiscard]] std::string next_number();
  // Waits until the next request may be sent; at once when there is no limit.
  void wait_for_turn();
  // Position of the next unused entry of the profile's one-time passwords.
  [[nodiscard]] std::size_t take_one_time_password() { return one_time_passwords_++; }
  // Verbs need not ask: perform_counted() does it for all of them.
  [[nodiscard]] CertificateBudget& budget() noexcept { return *budget_; }
  // A certificate obtained once for a profile without one; `identity` is touched only while `mutex` is held.
  struct Obtained {
    std::mutex mutex;
    std::optional<est::tls::Identity> identity;
  };
  [[nodiscard]] Obtained& client() noexcept { return client_; }
  [[nodiscard]] Obtained& revoked() noexcept { return revoked_; }

 private:
  std::string prefix_;
  std::atomic<std::uint64_t> counter_{0};
  std::atomic<std::size_t> one_time_passwords_{0};
  std::shared_ptr<CertificateBudget> budget_;
  std::chrono::steady_clock::duration gap_{};
  Obtained client_, revoked_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point next_;  // guarded by mutex_
};

// Every "{n}" replaced.
[[nodiscard]] std::string with_number(std::string_view pattern, std::string_view number);

}  // namespace conformance::steps
