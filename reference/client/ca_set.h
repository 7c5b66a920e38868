// What /cacerts answered, sorted by what each certificate is good for (RFC 7030 4.1.3, RFC 4210 4.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/codec/x509.h"

namespace client {

enum class CaRole {
  current_root,  // the self-signed certificate with the latest notAfter (NewWithNew): the explicit trust anchor
  old_with_old,  // an earlier root of the same name
  old_with_new,  // the earlier root's key, certified by the current one
  new_with_old,  // the current key, certified by the earlier one
  intermediate,
  other_root,  // self-signed, another name
};
[[nodiscard]] std::string_view to_string(CaRole role) noexcept;

struct CaCertificate {
  est::codec::Certificate certificate;
  CaRole role = CaRole::intermediate;
  std::string unused;  // why it is not used; empty: it is
};

struct CaSet {
  std::vector<CaCertificate> certificates;  // in the order of the answer, duplicates left out
  std::vector<std::string> notes;

  // The explicit trust anchors: the current root, and an earlier one as long as it is valid and certified by OldWithNew.
  [[nodiscard]] std::vector<est::Bytes> anchors() const;
  // For path building: intermediates, OldWithNew, NewWithOld.
  [[nodiscard]] std::vector<est::Bytes> intermediates() const;
  [[nodiscard]] const CaCertificate& current_root() const;
};

struct CaSetOptions {
  est::UnixTime at = 0;
  // Self-signed certificates of other names are anchors, too. RFC 7030 4.1.3 has one root, against which the others are validated.
  bool every_root = false;
};

// Every certificate but the current root is validated against it before it is used (RFC 7030 4.1.3). Errors, naming the certificate: not
// readable, no CA, no self-signed one whose signature verifies, the current root not valid at the time, a certificate
// that leads to no root of the answer. Expired ones, other roots and what they issued are kept as unused, and noted.
[[nodiscard]] est::Result<CaSet> sort_ca_certificates(const std::vector<est::Bytes>& certificates, const CaSetOptions& options);

}  // namespace client
