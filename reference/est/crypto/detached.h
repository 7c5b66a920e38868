// Detached signatures over files: CMS SignedData without content (RFC 5652 section 5), made and verified by OpenSSL, so that any CMS tool
// can look at them. The signer's certificate is bound by the signed attribute signingCertificate(V2) (RFC 5035): another certificate for
// the same key does not fit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/crypto/key.h"

namespace est::crypto {

// DER. `certificates`: that of the key first, then what leads to an anchor; all go into the message. An error when they do not belong
// together.
[[nodiscard]] Result<Bytes> sign_detached(BytesView content, const PrivateKey& key, const std::vector<Bytes>& certificates);

struct DetachedSigner {
  Bytes certificate;            // DER
  std::vector<Bytes> others;    // further certificates of the message
  std::string subject, issuer;  // RFC 2253
  UnixTime signed_at = 0;       // as the signer says; 0: it does not
};
// An error unless there is exactly one signature, in DER and nothing behind it, and it fits the content and the certificate it comes
// with. Whether that certificate may be trusted is not looked at: see verify_chain().
[[nodiscard]] Result<DetachedSigner> verify_detached(BytesView content, BytesView signature);

}  // namespace est::crypto
