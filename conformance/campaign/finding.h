// A finding as a folder: the case, its raw messages, what came back, and what was done to look at the target.
#pragma once

#include <string>
#include <vector>

#include "conformance/campaign/judge.h"
#include "conformance/steps/redact.h"

namespace conformance::campaign {

struct Finding {
  Problem problem;
  Case one;
  std::vector<Case> suspects;  // where it is not certain that `one` did it: the others it may have been
  Sent observed;
  std::vector<std::string> log;
  unsigned times = 0, tries = 0;  // it showed again
  bool confirmed = false;
  std::string folder;  // below the campaign's
};

[[nodiscard]] engine::Json to_json(const Finding& finding);

// Writes it into `folder`/`name`, which must not be there. No secrets: credentials are words, replies are searched for them, and the body
// of an answer that may hold a private key is left out.
[[nodiscard]] est::Status write_finding(const Finding& finding, const std::string& folder, const steps::Redactor& redactor);

struct Stored {
  Problem problem;
  Case one;
};
[[nodiscard]] est::Result<Stored> read_finding(const std::string& folder);

}  // namespace conformance::campaign
