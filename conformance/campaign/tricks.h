// What can be done to a message at one layer: named changes, each a few lines.
#pragma once

#include <string_view>
#include <vector>

#include "conformance/campaign/case.h"
#include "conformance/mutator/tlv_mutator.h"

namespace conformance::campaign {

struct Trick {
  std::string_view name;
  void (*play)(Message& message, mutator::Random& random);
};

// Base64 and what says so. The message's body is its request, encoded.
[[nodiscard]] const std::vector<Trick>& transfer_tricks();
// The frame: start line, fields, lengths and chunks. The message's body is spelled out before (spell_out).
[[nodiscard]] const std::vector<Trick>& framing_tricks();
// What is sent of a message, and how, and what happens to the connection.
[[nodiscard]] const std::vector<Trick>& session_tricks();

// `body` becomes the encoded request, so that it can be changed by itself.
void spell_out(Message& message);

}  // namespace conformance::campaign
