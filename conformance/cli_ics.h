// The ICS proforma, as a file to be filled in and as a form on paper.
#pragma once

#include <string>

#include "conformance/cli_data.h"
#include "conformance/target/questions.h"

namespace conformance::cli {

// A target profile in which every answer is open: each question with its clause, and how many scenarios rest on it.
[[nodiscard]] std::string ics_yaml(const std::string& role, const Data& data);

// The same questions on paper. `filled`, if not null, is a statement whose answers are shown ticked.
[[nodiscard]] std::string ics_html(const std::string& role, const Data& data, const target::Statement* filled);

// How many scenarios of the role, matrices counted once, name the claim in `needs`.
[[nodiscard]] std::size_t scenarios_that_name(const std::string& claim, const std::string& role, const Data& data);

}  // namespace conformance::cli
