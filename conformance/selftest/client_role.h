// The kill matrix's view of the role `client`: the reference client with the faults of client_fault.h.
#pragma once

#include "conformance/engine/vocabulary.h"
#include "conformance/selftest/matrix.h"

namespace conformance::selftest {

// `vocabulary` must outlive it. An error: the certificates of the scripted server cannot be made.
[[nodiscard]] est::Result<Role> client_role(const engine::Vocabulary& vocabulary);

}  // namespace conformance::selftest
