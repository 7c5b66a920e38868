// Faults that show in the answer to a ClientHello: a front before the server answers it with octets of its own.
#pragma once

#include <vector>

#include "conformance/selftest/fault.h"

namespace conformance::selftest {

[[nodiscard]] std::vector<Fault> hello_faults();

}  // namespace conformance::selftest
