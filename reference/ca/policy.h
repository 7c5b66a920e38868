// What this CA signs: from a request and a profile to the contents of a certificate, or a sentence why not. Pure; no database, no clock.
#pragma once

#include <variant>
#include <vector>

#include "ca/authority.h"

namespace ca {

struct Grant {
  est::codec::Name subject;
  est::Bytes public_key_info;
  std::vector<est::codec::Extension> extensions;
};

// Names that stand in for those of the request, where given.
struct Names {
  std::optional<est::codec::Name> subject = std::nullopt;
  std::optional<std::vector<est::codec::GeneralName>> subject_alt_name = std::nullopt;
};

// The request's signature is taken as verified. Checked here: key type and strength, digest of the request's signature, subject and
// SubjectAltName well-formed and bounded (RFC 5280 4.1.2.6, 4.2.1.6 and the upper bounds of its appendix A), one of the two present.
// Refused outright, as no profile gives it to an end entity: CA:TRUE, keyCertSign, cRLSign, id-kp-cmcRA, id-kp-cmcCA. Other requested
// extensions are left out without a word (RFC 2986 section 3 leaves them to the CA).
// With `generated_key`, a SubjectPublicKeyInfo, the key and signature of the request are ignored (RFC 7030 4.4.1).
[[nodiscard]] std::variant<Grant, Refused> decide(const est::codec::CertificationRequest& request, const Profile& profile,
                                                  const Names& names, const std::optional<est::Bytes>& generated_key = std::nullopt);
// Whether the profile takes keys of this type.
[[nodiscard]] bool accepts(const Profile& profile, est::crypto::KeyType type);

}  // namespace ca
