#include "client/outcome.h"

namespace client {

std::string_view to_string(ProblemKind kind) noexcept {
  switch (kind) {
    case ProblemKind::refused:
      return "refused";
    case ProblemKind::later:
      return "later";
    case ProblemKind::untrusted:
      return "untrusted";
    case ProblemKind::configuration:
      return "configuration";
    case ProblemKind::transport:
      return "transport";
    case ProblemKind::answer:
      return "answer";
  }
  return "unknown";
}

int exit_code(ProblemKind kind) noexcept { return 1 + static_cast<int>(kind); }

Problem configuration_problem(const est::Error& error) { return {ProblemKind::configuration, error.message}; }

}  // namespace client
