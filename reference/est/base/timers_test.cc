#include "est/base/timers.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>
#include <vector>

namespace est {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

int times_read = 0;
nanoseconds time_now{0};

Timers::Instant told_time() {
  ++times_read;
  return Timers::Instant(time_now);
}

std::uint64_t all_of(const Timers::Histogram& histogram) {
  return std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
}

TEST(PhaseTimers, ABoundBelongsToItsBucketAndWhatIsLongerToTheLast) {
  Timers timers;
  timers.add(TimedPhase::parse, nanoseconds(0));
  timers.add(TimedPhase::parse, microseconds(10));
  timers.add(TimedPhase::parse, microseconds(10) + nanoseconds(1));
  timers.add(TimedPhase::parse, microseconds(10000001));
  const auto read = timers.of(TimedPhase::parse);
  EXPECT_EQ(read.counts[0], 2U);
  EXPECT_EQ(read.counts[1], 1U);
  EXPECT_EQ(read.counts.back(), 1U);
  EXPECT_EQ(all_of(read), 4U);
  EXPECT_EQ(read.sum, microseconds(10000021) + nanoseconds(1));
  EXPECT_EQ(all_of(timers.of(TimedPhase::write)), 0U);
}

TEST(PhaseTimers, AStopwatchCountsOnceAndOnlyWhenStopped) {
  Timers timers(told_time);
  time_now = microseconds(100);
  Stopwatch watch(&timers, TimedPhase::issue, microseconds(5));
  const Stopwatch left_running(&timers, TimedPhase::issue);
  time_now += microseconds(30);
  watch.stop();
  watch.stop();
  EXPECT_EQ(all_of(timers.of(TimedPhase::issue)), 1U);
  EXPECT_EQ(timers.of(TimedPhase::issue).sum, microseconds(35));
}

TEST(PhaseTimers, WithoutTimersNoClockIsRead) {
  const Timers timers(told_time);
  times_read = 0;
  Stopwatch none(nullptr, TimedPhase::accept);
  EXPECT_EQ(none.elapsed(), nanoseconds(0));
  none.stop();
  Stopwatch().stop();
  EXPECT_EQ(times_read, 0);
}

TEST(PhaseTimers, NothingIsLostBetweenThreads) {
  Timers timers;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&timers] {
      for (int each = 0; each < 1000; ++each) timers.add(TimedPhase::accept, microseconds(each));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(all_of(timers.of(TimedPhase::accept)), 4000U);
  EXPECT_EQ(timers.of(TimedPhase::accept).sum, 4 * microseconds(499500));
}

}  // namespace
}  // namespace est
