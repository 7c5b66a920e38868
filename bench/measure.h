// What the benchmarks share: CPU time by side, allocations, and failing loudly. A benchmark that measures the wrong thing is worse than
// none.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "est/base/result.h"

namespace bench {

// Ends the program with a sentence unless `good`.
void demand(bool good, const std::string& what);
template <class T>
T must(est::Result<T> result) {
  demand(result.ok(), result.ok() ? std::string() : result.error().message);
  return *std::move(result);
}

[[nodiscard]] std::chrono::nanoseconds thread_cpu();   // of the calling thread
[[nodiscard]] std::chrono::nanoseconds process_cpu();  // of all threads

// Blocks taken from the heap so far, OpenSSL's included; always zero in builds with sanitizers, which have a heap of their own.
[[nodiscard]] std::uint64_t allocations();
// Makes OpenSSL count, too. Once, before it is used.
void count_openssl_allocations();

// Over a benchmark's loop: "allocs" an iteration and, when `octets` is given, octets per second.
class Loop {
 public:
  explicit Loop(benchmark::State& state, std::size_t octets = 0) : state_(state), octets_(octets), before_(allocations()) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

 private:
  benchmark::State& state_;
  std::size_t octets_;
  std::uint64_t before_;
};

// CPU time of the two sides of a conversation: counters "client_us" and "server_us" an iteration.
struct Sides {
  std::chrono::nanoseconds client{}, server{};
  void report(benchmark::State& state) const;
};

// Each file's benchmarks, by names that compare.py knows: topic/what/by-whom.
void add_primitives();
void add_codec();
void add_handshakes();
void add_issuing();
void add_enrollments();
void add_clients();
void add_behaviours();

// With --small: `few`, so that a run that only sees whether everything works is over soon.
void be_small();
[[nodiscard]] std::size_t many_or_few(std::size_t many, std::size_t few);

}  // namespace bench
