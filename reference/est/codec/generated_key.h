// The answer to /serverkeygen (RFC 7030 4.4.2): a multipart/mixed body of two parts, a private key and a certificate, in either
// order (INT-28). Only the frame is read here; what is in a part, the decoders of PKCS #8, EnvelopedData and certs-only say.
//
// Finding ids, beside media-type.* and multipart.* (offsets of the latter are those in the body). Errors: keygen.media-type (not
// multipart/mixed), keygen.boundary (the parameter is missing), keygen.part-count (not two), keygen.key-part (no part with a key, or
// more than one), keygen.certificate-part (likewise).
// Warnings: keygen.smime-type (an application/pkcs7-mime part without smime-type; told apart by its content), keygen.transfer-encoding
// (a Content-Transfer-Encoding other than base64; RFC 8951 has none).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"
#include "est/codec/media_type.h"
#include "est/codec/multipart.h"

namespace est::codec {

inline constexpr std::string_view pkcs8_type = "application/pkcs8";
inline constexpr std::string_view generated_key_type = "application/pkcs7-mime; smime-type=server-generated-key";

enum class PartKind { private_key, enveloped_key, certificates, other };

struct GeneratedKeyPart {
  PartKind kind = PartKind::other;
  std::optional<MediaType> type;  // nothing when it is missing or cannot be read
  Part part;
};

struct GeneratedKeyAnswer {
  std::vector<GeneratedKeyPart> parts;      // in the order of the body
  std::optional<std::size_t> key;           // the first part with a key, plain or enveloped
  std::optional<std::size_t> certificates;  // the first part with certificates
};

// No value when the body cannot be taken apart.
[[nodiscard]] Decoded<GeneratedKeyAnswer> decode_generated_key_answer(std::string_view content_type, BytesView body);

}  // namespace est::codec
