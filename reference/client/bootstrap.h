// Confirming a CA certificate from outside of EST (RFC 7030 4.1.1).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "client/ca_set.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/x509.h"
#include "est/crypto/digest.h"

namespace client {

struct Fingerprint {
  est::crypto::Digest digest = est::crypto::Digest::sha256;
  est::Bytes value;
};
// Hexadecimal in either case, with or without colons or blanks; 64 digits are SHA-256, 128 SHA-512. Nothing weaker.
[[nodiscard]] est::Result<Fingerprint> parse_fingerprint(std::string_view text);
// Over the whole certificate, in pairs with colons.
[[nodiscard]] std::string fingerprint_text(est::crypto::Digest digest, est::BytesView certificate);

// Shows the certificate to a person, who compares it with what she knows from elsewhere.
using ConfirmRoot = std::function<bool(const est::codec::Certificate& root)>;
// Subject, validity and both fingerprints, one a line.
[[nodiscard]] std::string root_description(const est::codec::Certificate& root);

// The fingerprint is that of the current root; or of an earlier root that vouches for the current one's key by a NewWithOld certificate
// (RFC 4210 4.4), so that a fingerprint handed out before a rollover still works.
[[nodiscard]] bool confirmed_by(const Fingerprint& fingerprint, const CaSet& set);

}  // namespace client
