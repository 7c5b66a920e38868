// Deliberately wrong certification requests: one defect each, everything else as sound as it was. Defects inside the part that is signed
// are signed again, so that nothing but the defect can be the reason for a refusal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "est/base/result.h"
#include "est/codec/pkcs10.h"
#include "est/crypto/key.h"

namespace conformance::steps {

struct SoundRequest {
  est::codec::CertificationRequest request;
  est::crypto::PrivateKey key;
  est::crypto::KeyType key_type;
  est::crypto::Digest digest;
};

struct Corruption {
  std::string name;
  std::string meaning;
};
[[nodiscard]] const std::vector<Corruption>& corruptions();

// DER (or what is left of it). Errors: an unknown name, or key operations that failed.
[[nodiscard]] est::Result<est::Bytes> corrupt(std::string_view name, const SoundRequest& sound);

}  // namespace conformance::steps
