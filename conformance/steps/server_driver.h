// The driver for targets in the server role: the verbs of the vocabulary, acting on the target a profile describes.
#pragma once

#include <memory>

#include "conformance/engine/vocabulary.h"
#include "conformance/steps/budget.h"
#include "conformance/target/profile.h"

namespace conformance::steps {

// Declares every verb with its parameters, and the claims of server profiles.
void add_server_verbs(engine::Vocabulary& vocabulary);

// `vocabulary` says which verbs there are; neither reference is kept. `budget` lists what was issued, for callers who want to know; without
// one the profile's limit holds all the same. Threads: as engine::Driver.
[[nodiscard]] std::unique_ptr<engine::Driver> make_server_driver(const target::Profile& profile, const engine::Vocabulary& vocabulary,
                                                                 std::shared_ptr<CertificateBudget> budget = nullptr);

}  // namespace conformance::steps
