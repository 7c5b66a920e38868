// The matrix role of proxies.
#pragma once

#include "conformance/engine/vocabulary.h"
#include "conformance/selftest/matrix.h"

namespace conformance::selftest {

// `vocabulary` must outlive it.
[[nodiscard]] Role proxy_role(const engine::Vocabulary& vocabulary);

}  // namespace conformance::selftest
