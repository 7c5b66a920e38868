// Textual encodings (RFC 7468). Finding ids: pem.no-block, pem.label, pem.end, pem.base64.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"

namespace est::codec {

struct PemBlock {
  std::string label;  // "CERTIFICATE", "CERTIFICATE REQUEST", "PRIVATE KEY", "X509 CRL" ...
  Bytes der;
};

// Every block in order; text between blocks is permitted and ignored (RFC 7468 section 2).
[[nodiscard]] Decoded<std::vector<PemBlock>> decode_pem(std::string_view text);
[[nodiscard]] std::string encode_pem(std::string_view label, BytesView der);

}  // namespace est::codec
