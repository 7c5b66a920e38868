// Fills in Fault::kills, also and because. A fault without a promise is one that nothing catches, and makes the matrix red.
#pragma once

#include <vector>

#include "conformance/selftest/fault.h"

namespace conformance::selftest {

void add_promises(std::vector<Fault>& faults);
// Adds what faults of other groups do to the scenarios of policy. Call it after add_promises.
void add_policy_promises(std::vector<Fault>& faults);
void add_core_promises(std::vector<Fault>& faults);

}  // namespace conformance::selftest
