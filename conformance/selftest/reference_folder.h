// What `est-server init` writes, for every reference server of this process: made once, since a dozen keys cost more than most faults, and
// copied.
#pragma once

#include "conformance/selftest/scratch_folder.h"
#include "est/base/result.h"

namespace conformance::selftest {

// Fills `folder`, which has been made and is empty. The copies share keys, passwords and what has been issued so far, and nothing
// afterwards. From any thread.
[[nodiscard]] est::Status fill_reference_folder(const ScratchFolder& folder);

}  // namespace conformance::selftest
