// Client certificates the suite makes itself: sound ones of a CA the target knows, and ones with exactly one reason to refuse them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/codec/x509.h"
#include "est/tls/context.h"

namespace conformance::steps {

struct MintKind {
  std::string name;
  std::string meaning;
  bool of_client_ca;  // signed by the profile's access.client-ca
};
[[nodiscard]] const std::vector<MintKind>& mint_kinds();
[[nodiscard]] const MintKind* mint_kind(std::string_view name);

struct MintInput {
  std::string common_name;
  est::UnixTime now = 0;
  const est::tls::Identity* client_ca = nullptr;    // needed when of_client_ca
  std::optional<est::codec::Name> imitated_issuer;  // for "forged-issuer"
};
// Errors: an unknown kind, a missing or unusable CA.
[[nodiscard]] est::Result<est::tls::Identity> mint(std::string_view kind, const MintInput& input);

}  // namespace conformance::steps
