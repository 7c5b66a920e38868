// Candidate certification paths, by name and signature. For chain.cc.
#pragma once

#include <vector>

#include "est/crypto/handle.h"

namespace est::crypto {

// Names, key identifiers and key usage fit (X509_check_issued), and the signature verifies.
[[nodiscard]] bool is_signed_by(X509* subject, X509* issuer);

using Path = std::vector<X509*>;  // leaf first, anchor last; borrowed

// Paths from `leaf` over `intermediates` to one of `anchors` on which every signature verifies, short ones early. Names and signatures
// only: validity, purpose, constraints and revocation are left to OpenSSL. No key appears twice under one name, so loops of
// cross certificates end. Bounded: at most 8 paths of at most 8 certificates, after at most 48 signature checks.
[[nodiscard]] std::vector<Path> find_paths(X509* leaf, const std::vector<X509Handle>& intermediates,
                                           const std::vector<X509Handle>& anchors);

}  // namespace est::crypto
