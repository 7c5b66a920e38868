// Extensions a request asks for beside the usual subjectAltName (extensionRequest, RFC 2985 5.4.2), by names scripts use.
#pragma once

#include <string>
#include <vector>

#include "est/base/result.h"
#include "est/codec/x509.h"

namespace conformance::steps {

// "digital-signature", "key-encipherment", "ca", "cmc-ra" ...
[[nodiscard]] const std::vector<std::string>& wish_names();

// One extension of each kind; several usages or purposes share one. Errors: an unknown name.
[[nodiscard]] est::Result<std::vector<est::codec::Extension>> wished_extensions(const std::vector<std::string>& wishes);

}  // namespace conformance::steps
