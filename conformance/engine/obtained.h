// A certificate the target issued during a run, so that its operator can revoke it.
#pragma once

#include <string>

#include "est/base/clock.h"

namespace conformance::engine {

struct ObtainedCertificate {
  std::string serial;  // lower-case hexadecimal
  std::string issuer, subject;
  est::UnixTime not_after = 0;
  std::string scenario, step;  // where; "probe" for the look before the run, step "client" for an enrollment the suite needed itself
};

}  // namespace conformance::engine
