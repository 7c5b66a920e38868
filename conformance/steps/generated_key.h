// What /serverkeygen delivered: opened, read and compared while the private key is at hand, because evidence does not hold it. What
// is found goes into the evidence as facts and artefacts (README.md); checks judge those.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/target/profile.h"
#include "est/base/bytes.h"
#include "est/codec/pkcs10.h"
#include "est/crypto/key.h"
#include "est/http/message.h"

namespace conformance::steps {

struct GeneratedKey {
  std::optional<est::crypto::PrivateKey> key;
  std::vector<est::Bytes> certificates;  // of the certificate part, whatever else is wrong
  std::map<std::string, std::string> facts;
  std::map<std::string, est::Bytes> artefacts;
};

// `with` opens the envelope; nothing: the profile has no such key.
[[nodiscard]] GeneratedKey read_generated_key(const est::http::Response& answer, const target::ProtectionKey* with);

// The attributes that ask for protection (RFC 7030 4.4.1): the identifier, and unless `capabilities` is "none" what the suite can decrypt.
// `protect` is the verb's parameter of that name.
[[nodiscard]] std::vector<est::codec::Attribute> protection_attributes(const std::string& protect, const target::ProtectionKey* key,
                                                                       const std::string& capabilities);
// The profile's key for `protect`; nothing when it has none or needs none.
[[nodiscard]] const target::ProtectionKey* protection_key(const target::Profile& profile, const std::string& protect);

}  // namespace conformance::steps
