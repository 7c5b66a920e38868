// A summary for a pull request or a wiki page, in the Markdown that GitHub and GitLab share. Nothing of a target's is markup.
#pragma once

#include <string>

#include "conformance/report/results.h"

namespace conformance::report {

// At most `most_findings` findings are told one by one, the worst first; the rest is counted.
[[nodiscard]] std::string markdown_summary(const Results& results, std::size_t most_findings = 50);

}  // namespace conformance::report
