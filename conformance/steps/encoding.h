// How the body of an enrollment request is written: base64 in every form RFC 8951 3.1 lets a sender choose, and forms it does not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"

namespace conformance::steps {

inline constexpr std::string_view default_encoding = "folded-64";

[[nodiscard]] const std::vector<std::string>& encodings();
// Nothing when this DER cannot show the defect asked for (missing padding where none is due, no '+' or '/' to replace): the caller then
// makes another request. Precondition: `name` is one of encodings().
[[nodiscard]] std::optional<est::Bytes> encode_body(std::string_view name, est::BytesView der);

}  // namespace conformance::steps
