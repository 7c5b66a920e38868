// One scenario's evidence as a person reads it: events with times, heads, sizes.
#pragma once

#include <string>

#include "conformance/engine/evidence.h"
#include "conformance/engine/verdict.h"

namespace conformance::report {

[[nodiscard]] std::string transcript(const engine::ScenarioResult& result, const engine::Evidence& evidence);

}  // namespace conformance::report
