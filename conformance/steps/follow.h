// A request as the CSR attributes of an earlier answer ask for it (RFC 7030 4.5.2, RFC 8951 4, RFC 9908). Where there is a template the
// rest of the list is ignored (RFC 9908 4).
#pragma once

#include <string>

#include "conformance/engine/evidence.h"
#include "conformance/steps/outcome.h"
#include "conformance/steps/request_plan.h"

namespace conformance::steps {

struct FollowInput {
  const engine::Evidence& before;
  std::string of;         // the earlier exchange
  std::string leave_out;  // subject, value, key, extension, attribute: one demand that is not met; empty: all are
  const target::Profile& profile;
  std::string number;  // for names the suite fills in
};
// Changes `plan`. An answer that says there are no attributes changes nothing. `cannot` when there is nothing of the kind to leave out, or
// when something is asked for that only a real device could fill in.
[[nodiscard]] engine::StepOutcome follow(const FollowInput& input, RequestPlan& plan);

}  // namespace conformance::steps
