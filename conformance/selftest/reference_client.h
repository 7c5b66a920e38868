// The reference client in this process, sound or with one fault, as `steps` starts clients.
#pragma once

#include "conformance/selftest/client_fault.h"
#include "conformance/target/client_profile.h"

namespace conformance::selftest {

// `fault` may be null, and must outlive what is returned. Threads: any; each drive is a client of its own. The time a drive takes is
// bounded by the client's own timeouts.
[[nodiscard]] steps::StartClient reference_client(const ClientFault* fault);

// Everything a client can claim.
[[nodiscard]] target::ClientProfile reference_client_profile();

}  // namespace conformance::selftest
