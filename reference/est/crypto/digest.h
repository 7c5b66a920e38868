// Message digests and random octets.
#pragma once

#include <string_view>

#include "est/base/bytes.h"

namespace est::crypto {

enum class Digest { md5, sha1, sha256, sha384, sha512, sha512_256 };

[[nodiscard]] std::string_view to_string(Digest digest) noexcept;  // "SHA-256"
[[nodiscard]] Bytes digest(Digest algorithm, BytesView data);
// From the operating system's generator by way of OpenSSL; aborts the process if there is none.
[[nodiscard]] Bytes random_bytes(std::size_t count);

}  // namespace est::crypto
