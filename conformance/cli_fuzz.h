// What `estspec fuzz` was told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/target/profile.h"

namespace conformance::cli {

struct FuzzOptions {
  target::Flags flags;
  std::string exec;  // a client instead of a server
  std::string profile, permitted, process, restart;
  std::uint64_t seed = 1, first = 0, cases = 1000;
  std::int64_t seconds = 0;
  std::vector<std::string> layers;
  bool unguided = false, json = false;
  std::uint64_t look_every = 50;
  std::int64_t patience = 5000;  // milliseconds
  unsigned needed = 2, tries = 3;
  std::size_t max_certificates = 0, enough = 0;
  std::string material, out = "estspec-fuzz";
  std::string replay, minimise;
  std::size_t calls = 300;
};

// Empty and made, or an error that names --out.
[[nodiscard]] est::Status prepare_fuzz_folder(const std::string& out);
// Inputs of the test vectors of one type.
[[nodiscard]] std::vector<est::Bytes> vector_inputs(const std::string& type);
// Set by Ctrl-C.
[[nodiscard]] bool fuzz_is_interrupted();

// estspec fuzz --exec: a client under test. Returns the exit code.
[[nodiscard]] int run_client_fuzz(const FuzzOptions& options);

}  // namespace conformance::cli
