// Builds and signs certificates and CRLs (RFC 5280). Who decides *what* to issue is the CA (reference/ca) or a test.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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
  // subjectKeyIdentifier and authorityKeyIdentifier are added here unless given; all others are the caller's.
  std::vector<codec::Extension> extensions;
  std::optional<crypto::Digest> digest;  // default: the issuer key's natural one
};

// A certificate's contents and the fresh key in it, before it is decided who signs it. `subject` as RFC 4514 writes it.
struct Draft {
  CertificateSpec spec;
  crypto::PrivateKey key;
};
[[nodiscard]] Result<Draft> draft(std::string_view subject, codec::Validity validity, std::vector<codec::Extension> extensions,
                                  crypto::KeyType type = crypto::KeyType::ec_p256);

// DER of a v3 certificate. Errors: zero or overlong serial, validity ending before it begins, an extension given twice, a public key that
// is no SubjectPublicKeyInfo, a digest the issuer's key has no algorithm for. Whether the contents make sense is the caller's decision.
[[nodiscard]] Result<Bytes> issue_certificate(const CertificateSpec& spec, const Issuer& issuer);
// As above with the key's own public half (`spec.public_key_info` is ignored) and the subject as issuer.
[[nodiscard]] Result<Bytes> issue_self_signed(const CertificateSpec& spec, const crypto::PrivateKey& key);

// RFC 5280 4.2.1.2 method 1: SHA-1 of the subjectPublicKey bits.
// Empty when the input is no SubjectPublicKeyInfo.
[[nodiscard]] Bytes key_identifier(BytesView public_key_info);
// 16 random octets with the top bit clear and not all zero.
[[nodiscard]] Bytes random_serial();
// 4 octets of `now`, 2 of `sequence`, 10 random ones; otherwise as above. Numbers made one after the other are neighbours, which a large
// index of them needs.
[[nodiscard]] Bytes dated_serial(UnixTime now, std::uint16_t sequence);

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
// A complete v2 CRL with its number and the authority key identifier.
[[nodiscard]] Result<Bytes> issue_crl(const CrlSpec& spec, const Issuer& issuer);

}  // namespace est::pki
