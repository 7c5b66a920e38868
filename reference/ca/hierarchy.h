// The CA's own keys and certificates: root, optional intermediate, former roots and the cross certificates of RFC 4210 4.4.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"
#include "est/pki/issue.h"

namespace ca {

struct CaKey {
  est::codec::Certificate certificate;
  est::crypto::PrivateKey key;
  est::Bytes key_identifier;  // of the certificate's key (est/pki/issue.h)

  // Borrows the key: use it while this lives.
  [[nodiscard]] est::pki::Issuer issuer() const;
};

struct Hierarchy {
  std::int64_t generation = 0;  // grows with each rollover
  CaKey root;
  std::optional<CaKey> intermediate;
  std::vector<CaKey> old_roots;                // newest first: OldWithOld and their keys
  std::vector<est::codec::Certificate> cross;  // OldWithNew and NewWithOld, newest first

  [[nodiscard]] const CaKey& issuing() const { return intermediate ? *intermediate : root; }
};

// An error when the parts don't belong together.
[[nodiscard]] est::Result<CaKey> make_ca_key(est::BytesView certificate, est::crypto::PrivateKey key);

// "CN=..." with 1 to 64 characters, none of them controls.
[[nodiscard]] est::Result<est::codec::Name> ca_name(const std::string& common_name);
[[nodiscard]] est::Result<CaKey> make_root(const est::codec::Name& name, const est::crypto::PrivateKey& key, est::codec::Validity validity);
// Path length 0; ends with the root at the latest.
[[nodiscard]] est::Result<CaKey> make_intermediate(const est::codec::Name& name, const est::crypto::PrivateKey& key, const CaKey& root,
                                                   est::UnixTime now);

struct Rollover {
  CaKey root;                         // NewWithNew
  std::vector<est::Bytes> cross;      // OldWithNew, NewWithOld; none when the old root has expired
  std::optional<CaKey> intermediate;  // same key and name, certified anew
};
// RFC 4210 4.4.1: the same name, a new key; the new root lives as long as the old one did.
[[nodiscard]] est::Result<Rollover> roll_over(const Hierarchy& before, const est::crypto::PrivateKey& key, est::UnixTime now);

}  // namespace ca
