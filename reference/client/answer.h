// What an EST answer says: the certificates and attributes in it, or why there are none (RFC 7030 4.1.3, 4.2.3, 4.3.2, 4.5.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/outcome.h"
#include "est/base/bytes.h"
#include "est/codec/csrattrs.h"
#include "est/http/message.h"

namespace client {

// A status that is no success: what the server said about it, from a text or a CMC body, shortened and printable.
[[nodiscard]] Problem refusal(const est::http::Response& response, std::string_view operation);
// Nothing when the media type (parameters aside) is `essence`, in any case; else a problem that names what came.
[[nodiscard]] std::optional<Problem> wrong_media_type(const est::http::Response& response, std::string_view essence);

// Of a 200. Every certificate of a certs-only message, in its order; at least one.
[[nodiscard]] Outcome<std::vector<est::Bytes>> certificates_in(const est::http::Response& response, std::string_view operation);

struct Attributes {
  std::optional<est::codec::CsrAttrs> asked;  // nothing: none (204, 404, an empty list)
  std::vector<std::string> notes;             // what could not be read and is ignored
};
[[nodiscard]] Outcome<Attributes> attributes_in(const est::http::Response& response);

// The certificate whose key is `public_key_info` (DER of SubjectPublicKeyInfo), then the others. A problem when there is none, or it
// cannot be read.
[[nodiscard]] Outcome<std::vector<est::Bytes>> certificate_for(std::vector<est::Bytes> certificates, est::BytesView public_key_info);

}  // namespace client
