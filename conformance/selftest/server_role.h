// The kill matrix's view of the role `server`: the reference server with the faults of fault.h.
#pragma once

#include "conformance/engine/vocabulary.h"
#include "conformance/selftest/matrix.h"

namespace conformance::selftest {

// `vocabulary` must outlive it.
[[nodiscard]] Role server_role(const engine::Vocabulary& vocabulary);

}  // namespace conformance::selftest
