// Server-side key generation (RFC 7030 4.4): keys the server makes for clients, and the keys that protect them on their way.
// A generated key lives in memory for one answer: it is stored nowhere and logged nowhere.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ca/authority.h"
#include "est/base/bytes.h"
#include "est/base/result.h"
#include "est/codec/pkcs10.h"
#include "est/codec/x509.h"
#include "est/pki/envelope.h"
#include "est/tls/context.h"
#include "server/config.h"
#include "server/enroller.h"
#include "server/replaceable.h"

namespace server {

// What protects generated keys, by the identifier that requests use (RFC 7030 4.4.1.1 and 4.4.1.2), and who signs them.
struct KeyGenerator {
  std::vector<est::crypto::KeyType> key_types;
  std::map<est::Bytes, est::Bytes> secrets;
  struct Holder {
    est::Bytes public_key_info;
    std::string problem;  // why the certificate the key is bound to forbids its use; empty: it does not
  };
  std::map<est::Bytes, Holder> holders;
  est::tls::Identity signer;  // the party that generated the key (RFC 7030 4.4.2): this server
};

using GeneratorStore = Replaceable<KeyGenerator>;

// Reads everything the configuration names. Errors name the file and the cure.
[[nodiscard]] est::Result<KeyGenerator> load_key_generator(const Config& config);

// How the request wants its key protected: nothing (by TLS alone), or a recipient and the algorithms it can use.
struct Protection {
  std::optional<est::pki::Recipient> recipient;
  std::vector<est::codec::AlgorithmIdentifier> capabilities;
};
// Or one sentence for the client: both identifiers, an unknown one, a key whose certificate forbids it, no SMIMECapabilities or none that
// fits, or no identifier where the policy wants the key encrypted.
[[nodiscard]] std::variant<Protection, std::string> protection_for(const est::codec::CertificationRequest& request,
                                                                   const KeyGenerator& generator, const LabelPolicy& policy);

// The type of the request's key if it is among those generated here and the profile takes it, else the first that is. The key itself is
// ignored (RFC 7030 4.4.1).
[[nodiscard]] est::crypto::KeyType type_for(const est::codec::CertificationRequest& request, const KeyGenerator& generator,
                                            const ca::Profile& profile);

// As enroll() for an authenticated request to /serverkeygen.
[[nodiscard]] Answer generate_key(const EnrollInput& input, const KeyGenerator& generator, ca::Authority& authority,
                                  const est::Clock& clock);

}  // namespace server
