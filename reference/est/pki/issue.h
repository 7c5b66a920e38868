// Builds and signs certificates and CRLs (RFC 5280). Who decides *what* to issue is the CA (reference/ca) or a test.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/result.h"
#include "est/codec/x509.h"
#include "est/crypto/key.h"

namespace est::pki {

struct Issuer {
  codec::Name name;
  const crypto::PrivateKey* key = nullptr;  // borrowed
  Bytes key_identifier;                     // subjectKeyIdentifier of the issuer certificate; empty: none
};

struct CertificateSpec {
  Bytes serial;  // positive magnitude, big-endian, at most 20 octets once encoded
  codec::Name subject;
  Bytes public_key_info;
  codec::Validity validity;
  // subjectKeyIdentifier and authorityKeyIdentifier are added here; all others are the caller's.
  std::vector<codec::Extension> extensions;
  std::optional<crypto::Digest> digest;  // default: the issuer key's natural one
};

[[nodiscard]] Result<Bytes> issue_certificate(const CertificateSpec& spec, const Issuer& issuer);
[[nodiscard]] Result<Bytes> issue_self_signed(const CertificateSpec& spec, const crypto::PrivateKey& key);

// RFC 5280 4.2.1.2 method 1: SHA-1 of the subjectPublicKey bits.
[[nodiscard]] Bytes key_identifier(BytesView public_key_info);
// 16 random octets with the top bit clear and not all zero.
[[nodiscard]] Bytes random_serial();

struct RevokedCertificate {
  Bytes serial;
  UnixTime at = 0;
};
struct CrlSpec {
  std::uint64_t number = 1;
  UnixTime this_update = 0;
  UnixTime next_update = 0;
  std::vector<RevokedCertificate> revoked;
};
[[nodiscard]] Result<Bytes> issue_crl(const CrlSpec& spec, const Issuer& issuer);

}  // namespace est::pki
