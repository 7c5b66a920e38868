// Faults that fuzzing campaigns must find: what breaks a server for good, and what only a disturbed message brings out. They are no part of
// the kill matrix, which tests scenarios.
#pragma once

#include <vector>

#include "conformance/selftest/fault.h"

namespace conformance::selftest {

struct FuzzFault {
  Fault fault;
  std::string found_as;     // the kind of finding a campaign calls it (campaign/judge.h)
  bool in_process = false;  // harmless to the process it runs in
};

// Ids are FAULT-FUZZ-WORD. Those not `in_process` end, freeze or exhaust the process they run in: see faulty_server_main.cc.
[[nodiscard]] const std::vector<FuzzFault>& fuzz_faults();
[[nodiscard]] const FuzzFault* fuzz_fault(std::string_view id);

}  // namespace conformance::selftest
