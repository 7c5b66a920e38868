// Base64 by RFC 4648 section 4 with the white-space rules of RFC 8951 3.1.
// Finding ids: base64.alphabet, base64.padding, base64.trailing-bits, base64.length (errors);
// base64.white-space (CR, LF, space, tab anywhere: a note, in strict mode an error; told once), base64.pem-armour (error),
// base64.empty (note), base64.url-alphabet (error), base64.size (error).
// At most one error is told: reading ends there. Offsets count characters of the text.
#pragma once

#include <string>
#include <string_view>

#include "est/base/bytes.h"
#include "est/base/finding.h"

namespace est::codec {

enum class Base64Mode {
  strict,   // RFC 4648 as written: any octet outside the alphabet is an error, white space too
  lenient,  // RFC 8951 3.1: CR, LF, space and tab are skipped and noted
};

inline constexpr std::size_t base64_default_limit = std::size_t{64} << 20U;

// The value is always there and holds what could be read before the first error; a last group whose padding or trailing
// bits are wrong still gives its octets. `limit` bounds the octets decoded.
[[nodiscard]] Decoded<Bytes> decode_base64(std::string_view text, Base64Mode mode, std::size_t limit = base64_default_limit);

// One line. With `line` > 0: folded at that many characters, each line ended by `newline`.
[[nodiscard]] std::string encode_base64(BytesView bytes);
[[nodiscard]] std::string encode_base64(BytesView bytes, std::size_t line, std::string_view newline);

}  // namespace est::codec
