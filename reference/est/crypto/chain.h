// Certification path validation (RFC 5280 section 6) by OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/crypto/handle.h"

namespace est::crypto {

// The whole input must be one structure; both are errors otherwise.
[[nodiscard]] Result<X509Handle> parse_certificate(BytesView der);
[[nodiscard]] Result<X509CrlHandle> parse_crl(BytesView der);
[[nodiscard]] Bytes to_der(const X509& certificate);

// DER certificates of a PEM file's text; an error when there is none.
[[nodiscard]] Result<std::vector<Bytes>> certificates_from_pem(std::string_view pem);
[[nodiscard]] Result<std::vector<Bytes>> crls_from_pem(std::string_view pem);

enum class Purpose { any, tls_server, tls_client };

struct ChainOptions {
  Purpose purpose = Purpose::any;
  std::optional<UnixTime> at;  // default: now
  bool check_crl = false;      // whole chain; a missing CRL is a failure
  bool partial_chain = true;   // an intermediate may be the anchor
  bool check_time = true;      // false: periods of validity are not looked at
};

struct ChainResult {
  bool valid = false;
  std::string reason;       // OpenSSL's sentence when not valid
  int code = 0;             // X509_V_ERR_*
  std::vector<Bytes> path;  // leaf first, anchor last, when valid
};

// Lists may hold duplicates and certificates of no use here. An error (not an invalid result) when an element cannot be parsed; it says
// which. `leaf` itself may be among the anchors: with partial_chain that alone makes it valid. Purposes are OpenSSL's: a certificate
// without extended key usage serves every purpose, one with it must list serverAuth or clientAuth.
[[nodiscard]] Result<ChainResult> verify_chain(BytesView leaf, const std::vector<Bytes>& intermediates, const std::vector<Bytes>& anchors,
                                               const std::vector<Bytes>& crls, const ChainOptions& options);

}  // namespace est::crypto
