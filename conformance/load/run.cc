#include "conformance/load/run.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>

#include "conformance/load/cpu.h"
#include "conformance/load/material.h"
#include "conformance/load/pace.h"
#include "conformance/load/requester.h"

namespace conformance::load {

using est::Error;
using est::ops::Operation;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds head_start{50};  // for the threads to begin together
constexpr std::int64_t most_seconds_apart = 600;     // intervals in the series, about

// In each round of the weights' sum, every operation comes as often as its weight says, spread by a step prime to most sums.
Operation operation_for(const std::vector<Share>& mix, std::uint64_t number) {
  std::uint64_t sum = 0;
  for (const Share& share : mix) sum += share.weight;
  std::uint64_t place = number * 7919 % sum;
  for (const Share& share : mix) {
    if (place < share.weight) return share.operation;
    place -= share.weight;
  }
  return mix.front().operation;
}

// What all clients of a run share.
struct Shared {
  const Plan& plan;
  const Material& material;
  const est::tls::ClientContext& context;
  Pace pace;
  std::mutex mutex;  // of the tally
  Tally tally;
  std::atomic<bool> abandoned{false};
};

void take_part(Shared& shared) {
  Requester requester(shared.plan, shared.material, shared.context);
  while (const auto due = shared.abandoned ? std::nullopt : shared.pace.next()) {
    const bool whole = due->number % shared.plan.examine_every == 0;
    const Operation operation = operation_for(shared.plan.mix, due->number);
    Sample sample;
    sample.operation = operation;
    sample.began = sample.ended = Clock::now();
    sample.detail = "nobody was free in time to send it";
    if (!due->too_late) sample = requester.perform(operation, due->number, whole ? Look::whole : Look::quick);
    sample.scheduled = due->at;
    sample.overslept = due->overslept;
    {
      const std::lock_guard lock(shared.mutex);
      shared.tally.add(sample);
    }
    requester.tidy();
  }
}

est::Status try_each(const Plan& plan, const Material& material, const est::tls::ClientContext& context) {
  Requester requester(plan, material, context);
  for (const Share& share : plan.mix) {
    const Sample sample = requester.perform(share.operation, 0, Look::whole);
    const bool pending = sample.outcome == Outcome::pending;  // an answer like another, where it is not followed
    if (sample.outcome != Outcome::good && !pending)
      return Error{"before the clock started, " + std::string(est::ops::to_string(share.operation)) + " at " + plan.target.to_string() +
                   " failed: " + sample.detail};
    requester.tidy();
  }
  return {};
}

class Crowd {
 public:
  explicit Crowd(Shared& shared) : shared_(shared) {}
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() { wait(); }
  [[nodiscard]] est::Status start() {
    try {
      for (unsigned i = 0; i < shared_.plan.connections; ++i) {
        ++busy_;
        threads_.emplace_back([this] {
          take_part(shared_);
          --busy_;
        });
      }
    } catch (const std::system_error&) {
      --busy_;
      shared_.abandoned = true;
      return Error{"there are not enough threads for " + std::to_string(shared_.plan.connections) + " connections; use fewer"};
    }
    return {};
  }
  [[nodiscard]] bool busy() const { return busy_ > 0; }
  void wait() {
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }

 private:
  Shared& shared_;
  std::atomic<unsigned> busy_{0};
  std::vector<std::thread> threads_;
};

struct Cpu {
  std::chrono::nanoseconds own;
  std::optional<std::chrono::nanoseconds> target;
};

Cpu cpu_now(int process) { return {own_cpu(), process > 0 ? cpu_of(process) : std::nullopt}; }

double seconds_of(std::chrono::nanoseconds value) { return static_cast<double>(value.count()) / 1e9; }

// Until all are done; tells now and then how far they are.
void look_on(Shared& shared, const Crowd& crowd, Clock::time_point begin, const Watch& watch) {
  constexpr std::chrono::milliseconds nap{50};
  std::chrono::seconds told{0};
  while (crowd.busy()) {
    std::this_thread::sleep_for(nap);
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begin);
    if (now <= told) continue;
    told = now;
    const std::lock_guard lock(shared.mutex);
    watch.tick(now, shared.tally);
  }
}

}  // namespace

est::Result<Result> run(const Plan& plan, const Watch& watch) {
  if (watch.process > 0 && !cpu_of(watch.process)) return Error{"--pid: there is no process " + std::to_string(watch.process)};
  const auto material = Material::make(plan);
  if (!material) return material.error();
  const auto context = context_of(plan);
  if (!context) return context.error();
  if (auto ready = try_each(plan, *material, **context); !ready) return ready.error();

  const Clock::time_point start = Clock::now() + head_start, begin = start + plan.warm_up, end = begin + plan.time;
  const std::chrono::seconds stretch(plan.time.count() / most_seconds_apart + 1);
  Shared shared{plan, *material, **context, Pace(plan.rate, start, end, plan.patience, watch.stopped), {}, Tally(begin, stretch), {}};
  Result result;
  result.plan = describe(plan);
  result.rate = plan.rate;
  result.processors = usable_processors();
  Crowd crowd(shared);
  if (auto started = crowd.start(); !started) return started.error();
  std::this_thread::sleep_until(begin);
  const Cpu before = cpu_now(watch.process);
  result.started = est::system_clock().now();
  look_on(shared, crowd, begin, watch);
  crowd.wait();
  const Cpu after = cpu_now(watch.process);
  result.tally = std::move(shared.tally);
  const auto last = watch.stopped() ? result.tally.last_end() : std::max(result.tally.last_end(), end);
  result.seconds = std::max(0.0, seconds_of(last - begin));
  result.own_cpu = seconds_of(after.own - before.own);
  if (before.target && after.target) result.target_cpu = seconds_of(*after.target - *before.target);
  return result;
}

}  // namespace conformance::load
