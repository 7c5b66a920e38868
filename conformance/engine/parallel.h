// The order of a run: which scenarios go side by side, which alone, and who is to blame when the target stops answering. Inside the engine
// only; see runner.h for what is promised.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "conformance/engine/runner.h"

namespace conformance::engine {

// Runs the scenario if the claims allow it and nothing else forbids it (`given_up`, a sentence).
[[nodiscard]] RunOne run_unless(const Scenario& scenario, const std::string& given_up, const Vocabulary& vocabulary, Driver& driver,
                                const RunOptions& options);

// All references must outlive it. For one run.
class Run {
 public:
  Run(const std::vector<Scenario>& scenarios, const Vocabulary& vocabulary, Driver& driver, const RunOptions& options);
  [[nodiscard]] std::vector<ScenarioResult> results();

 private:
  using Index = std::size_t;

  // --- alone
  void run_alone(Index index);
  void run_again(Index index);
  void look_after(Index index, const RunOne& one);
  void stop_if_cancelled();

  // --- side by side
  void share_out();
  void run_beside();
  void work(bool patient);
  [[nodiscard]] std::optional<Index> take(bool patient);
  void settle(Index index, RunOne one);
  void await_target(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] std::string names_of(const std::set<Index>& indices) const;

  [[nodiscard]] bool recovers();
  void started(Index index);
  void finished(Index index, const RunOne& one);
  void note(const std::string& sentence) const;

  const std::vector<Scenario>& scenarios_;
  const Vocabulary& vocabulary_;
  Driver& driver_;
  const RunOptions& options_;

  std::vector<ScenarioResult> results_;
  std::vector<Index> alone_;
  std::vector<std::optional<RunOne>> first_tries_;  // by index: what did not pass beside others

  std::mutex mutex_;  // for all below, and for the callbacks
  std::condition_variable changed_;
  std::vector<Index> quick_, slow_;  // to be taken, from the back
  std::set<Index> in_flight_, suspects_;
  bool paused_ = false;   // nobody starts: the target is looked after
  std::string given_up_;  // why the rest cannot be run
};

}  // namespace conformance::engine
