#include "conformance/load/sample.h"

namespace conformance::load {

std::string_view to_string(Outcome outcome) noexcept {
  constexpr std::array names{"good",          "pending",      "refused", "busy",    "fault",  "wrong",
                             "no-connection", "no-handshake", "broken",  "timeout", "dropped"};
  static_assert(names.size() == all_outcomes.size());
  return names.at(static_cast<std::size_t>(outcome));
}

}  // namespace conformance::load
