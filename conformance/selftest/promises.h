// Fills in Fault::kills, also and because. A fault without a promise is one that nothing catches, and makes the matrix red.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conformance/selftest/fault.h"

namespace conformance::selftest {

// What a fault of another group does besides: scenarios that may fail under it, and why.
struct Addition {
  std::vector<std::string> also;
  std::string because;
};
using Additions = std::map<std::string, Addition, std::less<>>;  // by fault id

void add_promises(std::vector<Fault>& faults);
// Widens what faults may do; an id nobody has is passed over.
void widen_promises(std::vector<Fault>& faults, const Additions& additions);
// Adds what faults of other groups do to the scenarios of policy. Call it after add_promises.
void add_policy_promises(std::vector<Fault>& faults);
void add_core_promises(std::vector<Fault>& faults);
void add_promises_across(std::vector<Fault>& faults);

}  // namespace conformance::selftest
