// The driver for targets in the proxy role: the suite is both ends. The verbs of servers act on the proxy's front; the verb `upstream` says
// what the server behind it does, and what comes there during a step is recorded behind the step, in phase `peer`.
#pragma once

#include <memory>

#include "conformance/engine/vocabulary.h"
#include "conformance/steps/budget.h"
#include "conformance/steps/proxy_upstream.h"
#include "conformance/target/profile.h"

namespace conformance::steps {

// Declares the verb `upstream`, and the claims of proxy profiles.
void add_proxy_verbs(engine::Vocabulary& vocabulary);

// Threads: one scenario at a time, since there is one upstream. Every scenario begins with a good one.
[[nodiscard]] std::unique_ptr<engine::Driver> make_proxy_driver(const target::Profile& profile, const engine::Vocabulary& vocabulary,
                                                                std::shared_ptr<ProxyUpstream> upstream,
                                                                std::shared_ptr<CertificateBudget> budget = nullptr);

}  // namespace conformance::steps
