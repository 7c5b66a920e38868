// What a runner must know of a scenario before it runs it beside others.
#pragma once

#include "conformance/engine/scenario.h"

namespace conformance::steps {

// Whether a step acts on the target as a whole, such as a restart: then nothing else may be in flight.
[[nodiscard]] bool acts_on_whole_target(const engine::Scenario& scenario);

// Whether the scenario has a control, and its steps would do the same had another session made it: they use no connection, session, nonce,
// key, request or certificate of it. When in doubt the answer is no.
[[nodiscard]] bool control_may_be_shared(const engine::Scenario& scenario);

}  // namespace conformance::steps
