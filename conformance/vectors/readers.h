// The readers behind read_with_ours, one for each type.
#pragma once

#include "conformance/vectors/ours.h"

namespace conformance::vectors::readers {

[[nodiscard]] Reading pkcs10(const Vector& vector);
[[nodiscard]] Reading proof(const Vector& vector);
[[nodiscard]] Reading certs_only(const Vector& vector);
[[nodiscard]] Reading signed_data(const Vector& vector);
[[nodiscard]] Reading enveloped_data(const Vector& vector);
[[nodiscard]] Reading scep(const Vector& vector);
[[nodiscard]] Reading csrattrs(const Vector& vector);
[[nodiscard]] Reading cmc_request(const Vector& vector);
[[nodiscard]] Reading cmc_response(const Vector& vector);
[[nodiscard]] Reading pkcs8(const Vector& vector);
[[nodiscard]] Reading key_package(const Vector& vector);

[[nodiscard]] Reading base64(const Vector& vector);
[[nodiscard]] Reading pem(const Vector& vector);
[[nodiscard]] Reading media_type(const Vector& vector);
[[nodiscard]] Reading multipart(const Vector& vector);
[[nodiscard]] Reading retry_after(const Vector& vector);
[[nodiscard]] Reading challenges(const Vector& vector);
[[nodiscard]] Reading credentials(const Vector& vector);
[[nodiscard]] Reading digest(const Vector& vector);

// Refused in one word, by a reader that has no findings.
[[nodiscard]] Reading verdict(bool accepted, std::string_view word);

}  // namespace conformance::vectors::readers
