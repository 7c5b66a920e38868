// The driver for targets in the client role: the suite is the server, and the client is made to act by a command, an HTTP trigger or a
// person.
#pragma once

#include <memory>

#include "conformance/engine/vocabulary.h"
#include "conformance/peer/delivery.h"
#include "conformance/peer/pki.h"
#include "conformance/steps/client_start.h"
#include "conformance/target/client_profile.h"

namespace conformance::steps {

// Declares the verb `drive` with its parameters, and the claims of client profiles.
void add_client_verbs(engine::Vocabulary& vocabulary);

using Disturb = std::function<void(const std::string& operation, peer::Delivery& delivery)>;

// Threads: as engine::Driver. `pki` is shared by all scenarios of a run. `start`, if any, makes a client act that lives in this process, in
// place of what the profile says about it; it is called from the thread of the scenario and must keep the time it is given by itself.
// `disturb`, if any, changes answers before they go out (peer::ServerOptions).
[[nodiscard]] std::unique_ptr<engine::Driver> make_client_driver(const target::ClientProfile& profile, std::shared_ptr<const peer::Pki> pki,
                                                                 StartClient start = {}, Disturb disturb = {});

}  // namespace conformance::steps
