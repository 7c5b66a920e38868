// Forms that other programs collect: the Test Anything Protocol, and SARIF for code scanning.
#pragma once

#include <string>
#include <vector>

#include "conformance/report/results.h"

namespace conformance::report {

// TAP version 14, one test point a scenario. NOT APPLICABLE is skipped; a known deviation is marked as work to come; INCONCLUSIVE and ERROR
// are "not ok".
[[nodiscard]] std::string tap(const Results& results);

// SARIF 2.1.0. A rule for every scenario that found something; FAIL is an error, WARN a warning, INCONCLUSIVE an open result; ERROR, which
// is the suite's own fault, is a notification of the tool. Known deviations are suppressed results. The location is the evidence file.
[[nodiscard]] std::string sarif(const Results& results, const std::vector<engine::Scenario>& scenarios);

}  // namespace conformance::report
