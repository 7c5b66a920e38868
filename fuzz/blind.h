// Inputs made without an eye on coverage, for builds and compilers that have none.
#pragma once

#include <vector>

#include "conformance/mutator/tlv_mutator.h"
#include "est/base/bytes.h"

namespace fuzz {

// One of the seeds with one to four changes: octets and ranges of them, lines of other seeds, TLVs where it is DER. Never empty seeds.
[[nodiscard]] est::Bytes blind_input(const std::vector<est::Bytes>& seeds, conformance::mutator::Random& random);

}  // namespace fuzz
