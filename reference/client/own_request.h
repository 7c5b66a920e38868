// A certification request the user brings along, made by some other tool (RFC 2986).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/oid.h"
#include "est/codec/pkcs10.h"
#include "est/crypto/key.h"

namespace client {

// PEM ("CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST") or DER; `name` is the file's, for errors. Checked: syntax, and that it is signed
// by its own key. One that nobody has signed (a CertificationRequestInfo alone, or with an empty signature) is signed with `key`, if the
// user gave it.
[[nodiscard]] est::Result<est::codec::CertificationRequest> read_own_request(std::string_view content, const std::string& name,
                                                                             const est::crypto::PrivateKey* key = nullptr);

struct OwnRequestUse {
  const est::crypto::PrivateKey* key = nullptr;                    // the request's key if the user gave it, too
  std::optional<std::string> linking;                              // ops::channel_binding_text of the connection
  est::codec::Oid link_by = est::codec::oids::challenge_password;  // or estIdentityLinking where that is asked for (linking_type)
  bool linking_demanded = false;                                   // by /csrattrs or by the user
};
// The octets to send. As they are without `key`; with it and `linking` the request is signed anew with the latter in the attribute
// `link_by`. Errors: the key is another one, linking is demanded and the key is missing, the request holds a challengePassword of an
// earlier connection.
[[nodiscard]] est::Result<est::Bytes> own_request_to_send(const est::codec::CertificationRequest& request, const OwnRequestUse& use);

}  // namespace client
