#include "est/base/finding.h"

#include <algorithm>

namespace est {

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

bool has_errors(const Findings& findings) noexcept {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.severity == Severity::error; });
}

bool contains(const Findings& findings, std::string_view id) noexcept {
  return std::any_of(findings.begin(), findings.end(), [id](const Finding& f) { return f.id == id; });
}

std::string describe_first(const Findings& findings) {
  if (findings.empty()) return {};
  auto first = std::find_if(findings.begin(), findings.end(), [](const Finding& f) { return f.severity == Severity::error; });
  if (first == findings.end()) first = findings.begin();
  return first->id + " at octet " + std::to_string(first->offset) + ": " + first->detail;
}

}  // namespace est
