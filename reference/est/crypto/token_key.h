// Private keys that never leave their hardware: named by a PKCS #11 URI (RFC 7512), used through OpenSSL's engine "pkcs11"
// (Debian: libengine-pkcs11-openssl), which finds the tokens that p11-kit knows, or that PKCS11_MODULE_PATH names.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "est/base/result.h"
#include "est/crypto/key.h"

namespace est::crypto {

// "pkcs11:" and what follows it.
[[nodiscard]] bool is_token_uri(std::string_view text) noexcept;

using AskPin = std::function<Result<std::string>()>;

// `pin` is called once, when the URI names no pin-source; without it no PIN is given. Its text is wiped. Errors: no engine, no such token
// or key, a wrong PIN, a pin-value in the URI (other users can read command lines). Not for several threads at once; the key is.
[[nodiscard]] Result<PrivateKey> find_token_key(std::string_view uri, const AskPin& pin);

}  // namespace est::crypto
