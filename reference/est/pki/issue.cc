#include "est/pki/issue.h"

#include <algorithm>

#include "est/codec/der.h"
#include "est/codec/oid.h"
#include "est/crypto/digest.h"

namespace est::pki {
namespace {

using codec::Extension;
namespace der = codec::der;
namespace oids = codec::oids;

constexpr std::size_t most_serial_octets = 20;  // RFC 5280 4.1.2.2

Bytes name_der(const codec::Name& name) { return name.der.empty() ? der::sequence({}) : name.der; }

bool has(const std::vector<Extension>& extensions, const codec::Oid& id) {
  return std::any_of(extensions.begin(), extensions.end(), [&](const Extension& one) { return one.id == id; });
}

bool repeated(const std::vector<Extension>& extensions) {
  for (auto one = extensions.begin(); one != extensions.end(); ++one)
    if (std::any_of(one + 1, extensions.end(), [&](const Extension& other) { return other.id == one->id; })) return true;
  return false;
}

// AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] IMPLICIT OCTET STRING OPTIONAL, ... }   (RFC 5280 4.2.1.1)
Extension authority_key_identifier(BytesView identifier) {
  return {oids::authority_key_identifier, false, der::sequence({der::context(0, identifier, false)})};
}

// RFC 5280 4.2.1.2 (1): SHA-1 of the BIT STRING's value.
Bytes identifier_of(const codec::PublicKeyInfo& info) { return crypto::digest(crypto::Digest::sha1, info.key); }

std::vector<Extension> all_extensions(const CertificateSpec& spec, const codec::PublicKeyInfo& key, const Bytes& authority) {
  std::vector<Extension> all = spec.extensions;
  if (!has(all, oids::subject_key_identifier)) all.push_back({oids::subject_key_identifier, false, der::octet_string(identifier_of(key))});
  if (!authority.empty() && !has(all, oids::authority_key_identifier)) all.push_back(authority_key_identifier(authority));
  return all;
}

Status check(const CertificateSpec& spec) {
  const Bytes serial = der::unsigned_integer(spec.serial);
  if (serial.size() > 2 + most_serial_octets) return Error{"the serial number has more than 20 octets (RFC 5280 section 4.1.2.2)"};
  if (serial == der::integer(0)) return Error{"the serial number must not be zero (RFC 5280 section 4.1.2.2)"};
  if (spec.validity.not_after < spec.validity.not_before) return Error{"the certificate would end before it begins"};
  if (repeated(spec.extensions)) return Error{"the certificate would hold an extension twice (RFC 5280 section 4.2)"};
  return {};
}

// TBSCertificate ::= SEQUENCE { version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, extensions [3] }
Bytes tbs_certificate(const CertificateSpec& spec, const codec::PublicKeyInfo& key, const Issuer& issuer,
                      const codec::AlgorithmIdentifier& algorithm) {
  const Bytes validity = der::sequence({der::time(spec.validity.not_before), der::time(spec.validity.not_after)});
  const Bytes extensions = codec::encode_extensions(all_extensions(spec, key, issuer.key_identifier));
  return der::sequence({der::context(0, der::integer(2)), der::unsigned_integer(spec.serial), codec::encode(algorithm),
                        name_der(issuer.name), validity, name_der(spec.subject), spec.public_key_info, der::context(3, extensions)});
}

// SEQUENCE { toBeSigned, signatureAlgorithm, signature BIT STRING }: the frame of certificates and CRLs alike.
Result<Bytes> sign(BytesView to_be_signed, const crypto::PrivateKey& key, crypto::Digest digest) {
  const auto signature = key.sign(digest, to_be_signed);
  if (!signature) return signature.error();
  return der::sequence({to_be_signed, codec::encode(key.signature_algorithm(digest)), der::bit_string(*signature)});
}

Bytes big_endian(std::uint64_t number) {
  Bytes out;
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<Byte>(number >> static_cast<unsigned>(shift)));
  return out;
}

Bytes revoked_certificates(const std::vector<RevokedCertificate>& revoked) {
  std::vector<Bytes> entries;
  entries.reserve(revoked.size());
  for (const RevokedCertificate& one : revoked) entries.push_back(der::sequence({der::unsigned_integer(one.serial), der::time(one.at)}));
  return der::sequence_of(entries);
}

Bytes crl_extensions(const CrlSpec& spec, const Bytes& authority) {
  std::vector<Extension> extensions;
  if (!authority.empty()) extensions.push_back(authority_key_identifier(authority));
  extensions.push_back({oids::crl_number, false, der::unsigned_integer(big_endian(spec.number))});
  return codec::encode_extensions(extensions);
}

// TBSCertList ::= SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates OPTIONAL, crlExtensions [0] }
Bytes tbs_cert_list(const CrlSpec& spec, const Issuer& issuer, const codec::AlgorithmIdentifier& algorithm) {
  // RFC 5280 5.1.2.6: absent, not empty, when nothing is revoked.
  const Bytes revoked = spec.revoked.empty() ? Bytes{} : revoked_certificates(spec.revoked);
  return der::sequence({der::integer(1), codec::encode(algorithm), name_der(issuer.name), der::time(spec.this_update),
                        der::time(spec.next_update), revoked, der::context(0, crl_extensions(spec, issuer.key_identifier))});
}

}  // namespace

Result<Draft> draft(std::string_view subject, codec::Validity validity, std::vector<Extension> extensions, crypto::KeyType type) {
  auto key = crypto::PrivateKey::generate(type);
  if (!key) return key.error();
  auto name = codec::parse_name(subject);
  if (!name) return name.error();
  CertificateSpec spec;
  spec.serial = random_serial();
  spec.subject = *std::move(name);
  spec.public_key_info = key->public_key_info();
  spec.validity = validity;
  spec.extensions = std::move(extensions);
  return Draft{std::move(spec), *std::move(key)};
}

Result<Bytes> issue_certificate(const CertificateSpec& spec, const Issuer& issuer) {
  if (issuer.key == nullptr) return Error{"there is no issuer key to sign with"};
  if (Status good = check(spec); !good) return good.error();
  const auto subject_key = codec::decode_public_key_info(spec.public_key_info);
  if (!subject_key.accepted()) return Error{"the subject's public key is malformed"};
  const crypto::Digest digest = spec.digest.value_or(issuer.key->natural_digest());
  return sign(tbs_certificate(spec, *subject_key.value, issuer, issuer.key->signature_algorithm(digest)), *issuer.key, digest);
}

Result<Bytes> issue_self_signed(const CertificateSpec& spec, const crypto::PrivateKey& key) {
  CertificateSpec own = spec;
  own.public_key_info = key.public_key_info();
  return issue_certificate(own, Issuer{own.subject, &key, key_identifier(own.public_key_info)});
}

Bytes key_identifier(BytesView public_key_info) {
  const auto info = codec::decode_public_key_info(public_key_info);
  return info.value ? identifier_of(*info.value) : Bytes{};
}

Bytes random_serial() {
  for (;;) {
    Bytes serial = crypto::random_bytes(16);
    serial.front() &= 0x7fU;
    if (std::any_of(serial.begin(), serial.end(), [](Byte one) { return one != 0; })) return serial;
  }
}

Bytes dated_serial(UnixTime now, std::uint16_t sequence) {
  Bytes serial = random_serial();
  const std::uint64_t prefix = (static_cast<std::uint64_t>(now) & 0x7fff'ffffU) << 16U | sequence;
  for (std::size_t i = 0; i < 6; ++i) serial[i] = static_cast<Byte>(prefix >> (40 - 8 * i) & 0xffU);
  return serial;
}

Result<Bytes> issue_crl(const CrlSpec& spec, const Issuer& issuer) {
  if (issuer.key == nullptr) return Error{"there is no issuer key to sign with"};
  if (spec.next_update < spec.this_update) return Error{"the CRL would end before it begins"};
  const crypto::Digest digest = issuer.key->natural_digest();
  return sign(tbs_cert_list(spec, issuer, issuer.key->signature_algorithm(digest)), *issuer.key, digest);
}

}  // namespace est::pki
