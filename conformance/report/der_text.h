// DER as text for people: one line an element with its offset, the names of fields and object identifiers where they are known. For
// messages of any kind, also hostile ones: it never fails, tells where reading stopped, and is bounded.
#pragma once

#include <optional>
#include <string>

#include "est/base/bytes.h"

namespace conformance::report {

// Certificates, certification requests and CMS messages are recognised and their fields named; DER inside OCTET STRINGs is shown too.
[[nodiscard]] std::string der_text(est::BytesView der, std::size_t most_lines = 300);

// The DER in a file or an HTTP body: as it is, in PEM, or in base64. Nothing when there is none.
[[nodiscard]] std::optional<est::Bytes> der_in(est::BytesView octets);

}  // namespace conformance::report
