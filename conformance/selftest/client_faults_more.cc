// Faults for the scenarios from EST-CL-300 on.
#include "conformance/selftest/client_faults_support.h"

namespace conformance::selftest {

std::vector<ClientFault> client_more_faults() { return {}; }

}  // namespace conformance::selftest
