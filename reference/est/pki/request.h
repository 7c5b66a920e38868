// Makes and verifies certification requests: codec + crypto (RFC 2986, RFC 7030 4.2.1 and 3.5).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/pkcs10.h"
#include "est/crypto/key.h"

namespace est::pki {

struct RequestSpec {
  codec::Name subject;
  std::vector<codec::Extension> extensions;       // become one extensionRequest attribute when not empty
  std::optional<std::string> challenge_password;  // base64 channel binding (RFC 7030 3.5)
  std::vector<codec::Attribute> attributes;       // further ones, in order
  std::optional<crypto::Digest> digest;           // default: the key's natural one
};

// DER of the signed request.
[[nodiscard]] Result<Bytes> make_request(const RequestSpec& spec, const crypto::PrivateKey& key);

// An error (not false) when the algorithm is unknown or ill-parametrised, or the key is malformed; see crypto::verify.
// True when the request's signature verifies with the key inside it: proof of possession (RFC 7030 3.4).
[[nodiscard]] Result<bool> verify_request(const codec::CertificationRequest& request);

}  // namespace est::pki
