// report.html: one file, offline, for a screen of any size and for paper. Nothing in it is fetched, and nothing of a target's is markup.
#pragma once

#include <string>
#include <vector>

#include "conformance/report/results.h"

namespace conformance::report {

struct HtmlInput {
  const Results& results;
  const std::vector<engine::Scenario>& scenarios;  // those of the run
  const engine::Catalogue& catalogue;
  // By scenario: what happened, as text (transcript.h); shown with the findings.
  std::map<std::string, std::string, std::less<>> transcripts = {};
};

[[nodiscard]] std::string html_report(const HtmlInput& input);

}  // namespace conformance::report
