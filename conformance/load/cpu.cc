#include "conformance/load/cpu.h"

#include <sched.h>
#include <time.h>

#include <thread>

namespace conformance::load {

namespace {

std::optional<std::chrono::nanoseconds> read_clock(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return std::nullopt;
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

std::chrono::nanoseconds own_cpu() { return read_clock(CLOCK_PROCESS_CPUTIME_ID).value_or(std::chrono::nanoseconds::zero()); }

std::optional<std::chrono::nanoseconds> cpu_of(int process) {
  clockid_t clock{};
  if (process <= 0 || ::clock_getcpuclockid(process, &clock) != 0) return std::nullopt;
  return read_clock(clock);
}

unsigned usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace conformance::load
