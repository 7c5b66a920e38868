// Every verb runs through here: what may make the target issue is counted before, what it issued is listed after.
#pragma once

#include <functional>
#include <vector>

#include "conformance/steps/context.h"

namespace conformance::steps {

// How many certificates a step may at most bring: judged from the script, so that a new verb that posts counts without being named here.
[[nodiscard]] std::size_t may_issue(const engine::Step& step);

// Certificates in the answers of an exchange that are not a CA's own: certs-only, full CMC or the key generation body; 200 only.
[[nodiscard]] std::vector<est::Bytes> certificates_issued(const engine::Exchange& exchange);

// Performs the verb unless the profile's certificates are spent.
[[nodiscard]] engine::StepOutcome perform_counted(Doing& doing, const std::function<engine::StepOutcome(Doing&)>& verb);

// For a request that was begun by another step, which took a slot for it: gives the slot back unless something was issued.
void settle_finished(const Doing& doing);

}  // namespace conformance::steps
