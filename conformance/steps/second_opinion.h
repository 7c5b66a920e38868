// Our own messages, read by another implementation: what the suite sends as sound must be sound for OpenSSL too, or the fault is ours.
#pragma once

#include "est/base/bytes.h"
#include "est/base/result.h"

namespace conformance::steps {

// An error when OpenSSL cannot parse the certification request or its signature does not verify.
[[nodiscard]] est::Status openssl_accepts_request(est::BytesView der);
// An error when OpenSSL cannot parse the certificate.
[[nodiscard]] est::Status openssl_accepts_certificate(est::BytesView der);

}  // namespace conformance::steps
