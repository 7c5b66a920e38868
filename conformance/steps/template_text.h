// Repetition inside the octets a script writes: without it a field of a hundred thousand octets could not be written down.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "est/base/result.h"

namespace conformance::steps {

// Every "{times N TEXT}" becomes N times TEXT; TEXT runs to the next '}'. Anything else stays as it is, other braces too.
// An error: N is no number, or the outcome is longer than `most` octets.
[[nodiscard]] est::Result<std::string> expand_times(std::string_view text, std::size_t most);

}  // namespace conformance::steps
