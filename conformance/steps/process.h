// Runs a foreign program under a total deadline and leaves nothing of it behind: neither the program, nor what it started, be it in a
// session of its own.
//
// A small supervisor stands between us and the program. It adopts whatever loses its parent (PR_SET_CHILD_SUBREAPER) and, when the
// program has ended or its time is over, kills what is left below it. When we die ourselves, it does so at once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "est/base/clock.h"
#include "est/base/result.h"

namespace conformance::steps {

struct ProcessSpec {
  std::string command;                                           // for /bin/sh -c
  std::vector<std::pair<std::string, std::string>> environment;  // beside our own; NAME and value
  est::Milliseconds within{30000};                               // then SIGTERM, and SIGKILL half a second later
  std::size_t most_output = std::size_t{64} << 10U;              // kept of each stream; the rest is read and thrown away
};

struct ProcessEnd {
  enum class Kind { exited, signalled, timed_out };
  Kind kind = Kind::exited;
  int code = 0;  // exit status, or number of the signal
  std::string output, errors;
  bool cut = false;     // more was printed than is kept
  int left_behind = 0;  // processes that outlived the program and were killed
  est::Milliseconds took{0};
};

// Standard input is /dev/null. An error is ours: no pipe, no process. Threads: any.
[[nodiscard]] est::Result<ProcessEnd> run_process(const ProcessSpec& spec);

}  // namespace conformance::steps
