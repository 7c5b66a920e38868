#include "conformance/engine/parallel.h"

#include <algorithm>
#include <thread>

namespace conformance::engine {

namespace {

bool has_tag(const Scenario& scenario, std::string_view tag) {
  return std::find(scenario.tags.begin(), scenario.tags.end(), tag) != scenario.tags.end();
}

// A sign that the target may be gone: worth one probe before the next scenario blames it for the same thing again.
bool looks_dead(const RunOne& one) {
  if (one.result.verdict == Verdict::pass || one.evidence.exchanges.empty()) return false;
  const auto& last = one.evidence.exchanges.back();
  const bool unreachable = last.failure && (last.failure->stage == "connect" || last.failure->stage == "resolve");
  const bool silent_probe = last.phase == Phase::liveness && one.evidence.find("liveness-2") != nullptr;
  return unreachable || silent_probe;
}

// Whether another try, alone, could come to something else. What the profile lacks it lacks then too.
bool may_differ_alone(const RunOne& one) {
  if (one.result.verdict == Verdict::pass || one.result.verdict == Verdict::not_applicable) return false;
  const auto& exchanges = one.evidence.exchanges;
  return one.result.verdict == Verdict::error ||
         std::any_of(exchanges.begin(), exchanges.end(), [](const Exchange& exchange) { return !exchange.incomplete; });
}

// Signs of more than the target's own answer: a neighbour, or an end of the target, may have caused it.
bool disturbed(const RunOne& one) {
  const auto& exchanges = one.evidence.exchanges;
  return !one.evidence.fault.empty() || one.evidence.find("liveness-2") != nullptr ||
         std::any_of(exchanges.begin(), exchanges.end(), [](const Exchange& exchange) { return exchange.failure.has_value(); });
}

// What happened is kept, but nothing in it may be judged.
Evidence contested(Evidence evidence, const std::string& why) {
  evidence.cannot = why;
  for (auto& exchange : evidence.exchanges) exchange.incomplete = true;
  return evidence;
}

}  // namespace

Run::Run(const std::vector<Scenario>& scenarios, const Vocabulary& vocabulary, Driver& driver, const RunOptions& options)
    : scenarios_(scenarios),
      vocabulary_(vocabulary),
      driver_(driver),
      options_(options),
      results_(scenarios.size()),
      first_tries_(scenarios.size()) {}

std::vector<ScenarioResult> Run::results() {
  share_out();
  run_beside();
  for (Index index = 0; index < scenarios_.size(); ++index) {
    if (first_tries_[index]) run_again(index);
  }
  for (const Index index : alone_) run_alone(index);
  return std::move(results_);
}

void Run::share_out() {
  for (Index index = 0; index < scenarios_.size(); ++index) {
    const Scenario& scenario = scenarios_[index];
    const bool alone = options_.jobs <= 1 || has_tag(scenario, "exclusive") || has_tag(scenario, "hostile") ||
                       (options_.alone && options_.alone(scenario));
    (alone ? alone_ : has_tag(scenario, "slow") ? slow_ : quick_).push_back(index);
  }
  std::reverse(quick_.begin(), quick_.end());
  std::reverse(slow_.begin(), slow_.end());
}

// --- alone

void Run::stop_if_cancelled() {
  if (given_up_.empty() && options_.cancelled && options_.cancelled()) given_up_ = "the run was interrupted before this scenario";
}

void Run::run_alone(Index index) {
  stop_if_cancelled();
  started(index);
  const RunOne one = run_unless(scenarios_[index], given_up_, vocabulary_, driver_, options_);
  finished(index, one);
  look_after(index, one);
}

void Run::look_after(Index index, const RunOne& one) {
  if (!given_up_.empty() || !options_.liveness_works || !looks_dead(one)) return;
  if (options_.shared != nullptr) options_.shared->forget();
  if (!recovers()) given_up_ = "the target stopped answering during " + scenarios_[index].id + " and did not come back";
}

void Run::run_again(Index index) {
  const Scenario& scenario = scenarios_[index];
  const RunOne first = *std::move(first_tries_[index]);
  stop_if_cancelled();
  if (!given_up_.empty()) {
    // Not run again, so what happened beside others counts only where the target itself spoke, or nobody else was there.
    const bool only_suspect = suspects_.size() == 1 && suspects_.contains(index);
    const Evidence evidence = only_suspect || !disturbed(first) ? first.evidence : contested(first.evidence, given_up_);
    return finished(index, {judge(scenario, evidence, vocabulary_, options_.judge), evidence});
  }
  started(index);
  RunOne second = run_unless(scenario, "", vocabulary_, driver_, options_);
  if (second.result.verdict != first.result.verdict) {
    note(scenario.id + " came to " + std::string(to_string(first.result.verdict)) + " beside other scenarios and to " +
         std::string(to_string(second.result.verdict)) +
         " alone, which counts; a target that does not bear parallel requests wants --jobs 1");
  }
  finished(index, second);
  look_after(index, second);
}

// --- side by side

void Run::run_beside() {
  const std::size_t count = std::min<std::size_t>(options_.jobs, quick_.size() + slow_.size());
  std::vector<std::thread> threads;
  // Half of them prefer scenarios that mostly wait, so that waiting and working overlap.
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this, i] { work(i % 2 == 0); });
  for (auto& thread : threads) thread.join();
}

void Run::work(bool patient) {
  while (const auto index = take(patient)) {
    std::string given_up;
    {
      const std::lock_guard lock(mutex_);
      given_up = given_up_;
    }
    settle(*index, run_unless(scenarios_[*index], given_up, vocabulary_, driver_, options_));
  }
}

std::optional<Run::Index> Run::take(bool patient) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !paused_; });
  auto& preferred = patient ? slow_ : quick_;
  auto& queue = preferred.empty() ? (patient ? quick_ : slow_) : preferred;
  if (queue.empty()) return std::nullopt;
  const Index index = queue.back();
  queue.pop_back();
  stop_if_cancelled();
  in_flight_.insert(index);
  started(index);
  return index;
}

void Run::settle(Index index, RunOne one) {
  std::unique_lock lock(mutex_);
  const bool dead = given_up_.empty() && options_.liveness_works && looks_dead(one);
  if (dead && !paused_) suspects_ = in_flight_;
  in_flight_.erase(index);
  changed_.notify_all();
  if (may_differ_alone(one)) {
    first_tries_[index] = std::move(one);
  } else {
    suspects_.erase(index);
    finished(index, one);
  }
  if (dead && !paused_) await_target(lock);
}

// The first to see that the target may be gone waits for the others and then for the target.
void Run::await_target(std::unique_lock<std::mutex>& lock) {
  paused_ = true;
  changed_.wait(lock, [this] { return in_flight_.empty(); });
  if (options_.shared != nullptr) options_.shared->forget();
  lock.unlock();
  const bool back = recovers();
  lock.lock();
  if (back) suspects_.clear();
  if (!back && given_up_.empty()) given_up_ = "the target stopped answering during " + names_of(suspects_) + " and did not come back";
  paused_ = false;
  changed_.notify_all();
}

std::string Run::names_of(const std::set<Index>& indices) const {
  std::string text;
  for (const Index index : indices) text += (text.empty() ? "" : " or ") + scenarios_[index].id;
  return text;
}

// --- both

bool Run::recovers() {
  const auto deadline = est::Deadline::after(options_.recovery);
  while (!probe_succeeded(probe(driver_, vocabulary_, options_), vocabulary_, options_.judge)) {
    if (deadline.passed() || (options_.cancelled && options_.cancelled())) return false;
    std::this_thread::sleep_for(std::min<est::Milliseconds>(est::Milliseconds(500), deadline.left()));
  }
  return true;
}

void Run::started(Index index) {
  if (options_.started) options_.started(scenarios_[index]);
}

void Run::finished(Index index, const RunOne& one) {
  if (options_.finished) options_.finished(scenarios_[index], one.result, one.evidence);
  results_[index] = one.result;
}

void Run::note(const std::string& sentence) const {
  if (options_.noted) options_.noted(sentence);
}

}  // namespace conformance::engine
