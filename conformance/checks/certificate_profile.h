// The profile of RFC 5280 section 4 on one end-entity certificate.
#pragma once

#include <string_view>

#include "conformance/checks/reading.h"

namespace conformance::checks {

// One result per defect, MUSTs as FAIL and SHOULDs as WARN; a single PASS when there is none. `what` names the certificate in sentences.
[[nodiscard]] Results judge_profile(const CheckInput& input, est::BytesView certificate, std::string_view what);

// The certificate's subjectAltName; empty also when that cannot be read.
[[nodiscard]] std::vector<est::codec::GeneralName> alternatives_of(const est::codec::Certificate& certificate);

}  // namespace conformance::checks
