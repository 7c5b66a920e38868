// What the runs of `estspec server` and `estspec client` share.
#pragma once

#include <string>
#include <vector>

#include "conformance/engine/scenario.h"
#include "conformance/report/results.h"

namespace conformance::cli {

// While one lives, the first SIGINT or SIGTERM ends the run after the scenario in progress; the second ends the program.
class Interrupts {
 public:
  Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  ~Interrupts();
  [[nodiscard]] static bool came();  // any thread
};

// As one word of a command line.
[[nodiscard]] std::string shell_word(const std::string& text);

// Scenarios that ran side by side ended in any order.
void put_in_order(report::Results& results, const std::vector<engine::Scenario>& scenarios);

}  // namespace conformance::cli
