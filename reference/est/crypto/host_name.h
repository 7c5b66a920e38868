// Is this the certificate of that host? (RFC 6125 6.4, as RFC 9110 4.3.4 narrows it.)
#pragma once

#include <string>

#include "est/base/bytes.h"
#include "est/base/result.h"

namespace est::crypto {

[[nodiscard]] bool is_ip_literal(const std::string& host);

// By subjectAltName alone: dNSName for a name (a wildcard stands for one whole left-most label), iPAddress for a literal; never by the
// subject's CN. `host` may have a final dot or, around an IPv6 literal, brackets. An error when the certificate cannot be read.
[[nodiscard]] Result<bool> names_host(BytesView certificate, const std::string& host);

// X509_V_ERR_HOSTNAME_MISMATCH, for verdicts that speak in OpenSSL's codes as ChainResult does.
inline constexpr int host_mismatch_code = 62;

}  // namespace est::crypto
