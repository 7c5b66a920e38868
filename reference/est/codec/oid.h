// OBJECT IDENTIFIER values and the ones EST uses, by their names in the RFCs.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "est/base/bytes.h"

namespace est::codec {

// Holds the content octets of a DER OBJECT IDENTIFIER (X.690 8.19).
class Oid {
 public:
  Oid() = default;
  // From dotted decimal; aborts the program on a malformed literal, so it is for constants only.
  explicit Oid(std::string_view dotted);
  [[nodiscard]] static std::optional<Oid> from_dotted(std::string_view dotted);
  // `content` must be valid content octets: minimal base-128 arcs, at least one octet, none cut short.
  [[nodiscard]] static std::optional<Oid> from_content(BytesView content);

  [[nodiscard]] const Bytes& content() const noexcept { return content_; }
  [[nodiscard]] std::string dotted() const;
  // The RFC's name ("challengePassword") or the dotted form where we have no name.
  [[nodiscard]] std::string name() const;
  [[nodiscard]] bool empty() const noexcept { return content_.empty(); }

  auto operator<=>(const Oid&) const = default;

 private:
  Bytes content_;
};

// The inverse of Oid::name() for the names in the table; also reads dotted decimal.
[[nodiscard]] std::optional<Oid> oid_by_name(std::string_view name);

// Initialised before main(); other globals must not be initialised from them.
namespace oids {
// RFC 5280, RFC 3279, RFC 5480, RFC 8410: keys and signatures
extern const Oid rsa_encryption, ec_public_key, ed25519, ed448;
extern const Oid prime256v1, secp384r1, secp521r1;
extern const Oid sha1_with_rsa, sha256_with_rsa, sha384_with_rsa, sha512_with_rsa, rsassa_pss;
extern const Oid ecdsa_with_sha1, ecdsa_with_sha256, ecdsa_with_sha384, ecdsa_with_sha512;
extern const Oid sha1, sha256, sha384, sha512;
// RFC 2985, 2986, 6402, 7030, 8551: CSR attributes
extern const Oid challenge_password, extension_request, change_subject_name;
extern const Oid smime_capabilities, decrypt_key_identifier, asymmetric_decrypt_key_identifier;
// RFC 7894
extern const Oid otp_challenge, revocation_challenge, est_identity_linking;
// RFC 9908
extern const Oid certification_request_info_template, extension_request_template;
// RFC 5652
extern const Oid data, signed_data, enveloped_data;
extern const Oid content_type, message_digest, signing_time;
// RFC 5280 extensions
extern const Oid basic_constraints, key_usage, extended_key_usage, subject_alt_name, subject_key_identifier;
extern const Oid authority_key_identifier, crl_number, crl_distribution_points, name_constraints, certificate_policies;
extern const Oid any_extended_key_usage, server_auth, client_auth, ocsp_signing;
// RFC 6402
extern const Oid cmc_ra, cmc_ca;
// X.520
extern const Oid common_name, country_name, organization_name, organizational_unit_name, serial_number, email_address;
extern const Oid locality_name, state_or_province_name, domain_component, user_id;
// RFC 2307
extern const Oid mac_address;
// RFC 5958, RFC 3565, RFC 8017, RFC 5753: what a server-generated key is wrapped with
extern const Oid asymmetric_key_package;
extern const Oid aes128_wrap, aes192_wrap, aes256_wrap, aes128_cbc, aes192_cbc, aes256_cbc;
extern const Oid rsaes_oaep, dh_std_sha256_kdf, dh_std_sha384_kdf;
}  // namespace oids

}  // namespace est::codec
