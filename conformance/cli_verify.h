// A finished run looked at again: whether its files are those it wrote, and whether its evidence gives the same verdicts.
#pragma once

#include <string>
#include <vector>

#include "conformance/cli_data.h"
#include "conformance/report/results.h"

namespace conformance::cli {

struct Difference {
  std::string where;  // a scenario's id, or "files"
  std::string sentence;
};

// Of a results folder; `results` are those read from it. Files first.
[[nodiscard]] std::vector<Difference> differences(const std::string& folder, const report::Results& results, const Data& data);

}  // namespace conformance::cli
