// What a run shows while it goes: one live line on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <ostream>
#include <string>

#include "conformance/engine/runner.h"

namespace conformance::cli {

[[nodiscard]] bool is_terminal(int descriptor);
[[nodiscard]] bool colour_allowed(int descriptor);  // a terminal, and NO_COLOR unset or empty

class Progress {
 public:
  // `live` rewrites one line; `colour` only matters with it. `out` must outlive this object.
  Progress(std::ostream& out, std::size_t total, bool live, bool colour);

  void started(const engine::Scenario& scenario);
  void finished(const engine::ScenarioResult& result);
  void clear();  // removes the live line

 private:
  void draw(const std::string& id);
  [[nodiscard]] std::string time_left() const;

  std::ostream& out_;
  std::size_t total_;
  std::size_t done_ = 0;
  bool live_;
  bool colour_;
  std::map<engine::Verdict, std::size_t> counts_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace conformance::cli
