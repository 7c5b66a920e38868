// Textual encodings (RFC 7468). Finding ids, all errors: pem.no-block, pem.label (malformed BEGIN line), pem.end (END
// missing, stray, or with another label), pem.base64 (content; RFC 1421 headers of old encrypted keys end here too).
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

// Every well-formed block in order, by the lax grammar of RFC 7468 section 3 (any line length, white space, CR, LF or CRLF).
// Text outside blocks is permitted and ignored (section 2). Defective blocks are left out and told; the value is always there.
[[nodiscard]] Decoded<std::vector<PemBlock>> decode_pem(std::string_view text);
// The strict form: lines of 64 characters ended by LF.
[[nodiscard]] std::string encode_pem(std::string_view label, BytesView der);

}  // namespace est::codec
