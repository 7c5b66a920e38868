// Whether an answer is what was asked for. Every answer is looked at as far as costs next to nothing; a sample is examined to the end.
#pragma once

#include <string>

#include "conformance/load/plan.h"
#include "est/http/message.h"

namespace conformance::load {

enum class Look { quick, whole };

// For an answer with status 200, or 204 to /csrattrs. Empty: nothing is wrong; else one sentence.
// Quick: media type, base64, and that an issued certificate holds the key asked for. Whole: everything is decoded; the one issued
// certificate leads to an anchor; a generated key fits its certificate.
[[nodiscard]] std::string what_is_wrong(const Plan& plan, est::ops::Operation operation, est::BytesView public_key_info,
                                        const est::http::Response& answer, Look look);

}  // namespace conformance::load
