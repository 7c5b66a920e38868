#include "bench/measure.h"

#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace bench {

namespace {

std::chrono::nanoseconds cpu_clock(clockid_t which) {
  timespec time{};
  demand(::clock_gettime(which, &time) == 0, "there is no CPU clock");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

double microseconds_each(std::chrono::nanoseconds value, const benchmark::State& state) {
  return static_cast<double>(value.count()) / 1e3 / static_cast<double>(std::max<std::int64_t>(state.iterations(), 1));
}

}  // namespace

namespace {
bool small = false;
}

void be_small() { small = true; }
std::size_t many_or_few(std::size_t many, std::size_t few) { return small ? few : many; }

void demand(bool good, const std::string& what) {
  if (good) return;
  std::cerr << "est-bench: " << what << "\n";
  std::_Exit(1);  // threads of a server may be running
}

std::chrono::nanoseconds thread_cpu() { return cpu_clock(CLOCK_THREAD_CPUTIME_ID); }
std::chrono::nanoseconds process_cpu() { return cpu_clock(CLOCK_PROCESS_CPUTIME_ID); }
Loop::~Loop() {
  state_.counters["allocs"] =
      static_cast<double>(allocations() - before_) / static_cast<double>(std::max<std::int64_t>(state_.iterations(), 1));
  if (octets_ != 0) state_.SetBytesProcessed(state_.iterations() * static_cast<std::int64_t>(octets_));
}

void Sides::report(benchmark::State& state) const {
  state.counters["client_us"] = microseconds_each(client, state);
  state.counters["server_us"] = microseconds_each(server, state);
}

}  // namespace bench
