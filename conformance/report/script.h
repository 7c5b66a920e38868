// Values and steps in the words of a scenario file, for people to read.
#pragma once

#include <string>

#include "conformance/engine/scenario.h"

namespace conformance::report {

[[nodiscard]] std::string to_script(const engine::Json& json);  // "{any-of: [4xx, 500]}"
[[nodiscard]] std::string to_script(const std::string& verb, const engine::Json& parameters);
[[nodiscard]] std::string to_script(const engine::Step& step);  // "enroll: {key: ec-p256}"

}  // namespace conformance::report
