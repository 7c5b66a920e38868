// How a fuzz target is written: FUZZ_TARGET(name) { ... input ... }, with require() for its property. One program may hold one target
// (libFuzzer, AFL++) or all of them (the replay driver).
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"

namespace fuzz {

// Anything false stops the program, so that every driver sees it.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

struct Target {
  std::string_view name;
  void (*run)(est::BytesView input) = nullptr;
};

// Filled before main().
[[nodiscard]] std::vector<Target>& targets();

struct Registration {
  Registration(std::string_view name, void (*run)(est::BytesView)) { targets().push_back({name, run}); }
};

}  // namespace fuzz

// The parameter is called `input`; its octets are an allocation of their own, so that a sanitizer sees a read beyond them.
#define FUZZ_TARGET(NAME)                                                    \
  static void run_##NAME(est::BytesView input);                              \
  static const fuzz::Registration registration_of_##NAME(#NAME, run_##NAME); \
  static void run_##NAME(est::BytesView input)
