// What a campaign mutates: sound certification requests with their keys, and messages from which elements are grafted.
#pragma once

#include <string>
#include <vector>

#include "conformance/target/profile.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/crypto/key.h"

namespace conformance::campaign {

struct BaseRequest {
  std::string name;  // "ec-p256"
  est::crypto::PrivateKey key;
  est::Bytes der;
};

struct Material {
  std::vector<BaseRequest> requests;  // two at least, of different keys and names
  std::vector<est::Bytes> grafts;     // certification requests
  std::vector<est::Bytes> full;       // Full PKI Requests
};

// Two requests as the profile's `csr` describes them, of the first two key types (or of one twice). Keys are fresh.
[[nodiscard]] est::Result<Material> make_material(const target::Profile& profile);

// NAME.der and NAME.key (readable for the owner only) in an existing folder; reading gives the requests in the order of their names.
[[nodiscard]] est::Status save(const Material& material, const std::string& folder);
[[nodiscard]] est::Result<Material> load_material(const std::string& folder);

}  // namespace conformance::campaign
