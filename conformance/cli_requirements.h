// How one requirement and its coverage are shown, shared by `estspec requirements` and `estspec explain`.
#pragma once

#include "conformance/cli_data.h"
#include "conformance/engine/coverage.h"
#include "conformance/engine/json.h"

namespace conformance::cli {

// Of one requirement of the data's catalogue; `data` must hold all scenarios and outlive the result.
[[nodiscard]] engine::Coverage coverage_of(const Data& data, const engine::Requirement& requirement);

// Every field, what covers it, and the state in words.
[[nodiscard]] engine::Json json_of(const engine::Coverage& coverage);

// Several lines on standard output.
void explain(const engine::Coverage& coverage);

// "  label           text" on standard output, nothing for an empty text.
void line(std::string_view label, const std::string& text);

}  // namespace conformance::cli
