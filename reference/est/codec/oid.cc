#include "est/codec/oid.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "est/base/text.h"

namespace est::codec {
namespace {

// X.660 sets no limit; this one keeps the conversions below short whatever a peer sends.
constexpr std::size_t most_octets = 512;
constexpr std::size_t most_characters = 1024;
constexpr unsigned base = 128;

// An arc as base-128 digits, most significant first. Arcs may exceed 64 bits (2.25.UUID).
using Digits = std::vector<Byte>;

void multiply_add(Digits& little_endian, unsigned from_base, unsigned to_base, unsigned addend) {
  unsigned carry = addend;
  for (Byte& digit : little_endian) {
    const unsigned value = digit * from_base + carry;
    digit = static_cast<Byte>(value % to_base);
    carry = value / to_base;
  }
  for (; carry > 0; carry /= to_base) little_endian.push_back(static_cast<Byte>(carry % to_base));
}

// Both directions: digits of one base, most significant first, into those of the other.
Digits convert(const Digits& digits, unsigned from_base, unsigned to_base) {
  Digits result{0};
  for (const Byte digit : digits) multiply_add(result, from_base, to_base, digit);
  std::reverse(result.begin(), result.end());
  return result;
}

std::optional<Digits> arc_of(std::string_view text) {
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (text.empty() || leading_zero) return std::nullopt;
  Digits decimal;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    decimal.push_back(static_cast<Byte>(c - '0'));
  }
  return convert(decimal, 10, base);
}

std::string decimal(const Digits& arc) {
  std::string text;
  for (const Byte digit : convert(arc, base, 10)) text.push_back(static_cast<char>('0' + digit));
  return text;
}

void append_arc(Bytes& content, const Digits& arc) {
  for (std::size_t i = 0; i < arc.size(); ++i) content.push_back(static_cast<Byte>(arc[i] | (i + 1 < arc.size() ? 0x80U : 0U)));
}

// X.690 8.19.4: the first subidentifier is 40 * X + Y.
std::optional<Digits> first_subidentifier(const Digits& x, Digits y) {
  if (x.size() != 1 || x.front() > 2) return std::nullopt;
  if (x.front() < 2 && (y.size() != 1 || y.front() >= 40)) return std::nullopt;
  std::reverse(y.begin(), y.end());
  multiply_add(y, 1, base, x.front() * 40U);
  std::reverse(y.begin(), y.end());
  return y;
}

std::string first_two_arcs(Digits subidentifier) {
  if (subidentifier.size() == 1 && subidentifier.front() < 80) {
    const unsigned value = subidentifier.front();
    return std::to_string(value / 40) + "." + std::to_string(value % 40);
  }
  std::size_t i = subidentifier.size() - 1;
  unsigned borrow = 80;
  while (subidentifier[i] < borrow) {
    subidentifier[i] = static_cast<Byte>(subidentifier[i] + base - borrow);
    borrow = 1;
    --i;
  }
  subidentifier[i] = static_cast<Byte>(subidentifier[i] - borrow);
  return "2." + decimal(subidentifier);
}

}  // namespace

Oid::Oid(std::string_view dotted) {
  std::optional<Oid> parsed = from_dotted(dotted);
  if (!parsed) {
    std::fputs("malformed OBJECT IDENTIFIER literal\n", stderr);
    std::abort();
  }
  content_ = std::move(parsed->content_);
}

std::optional<Oid> Oid::from_dotted(std::string_view dotted) {
  if (dotted.size() > most_characters) return std::nullopt;
  std::vector<Digits> arcs;
  for (const std::string_view part : split(dotted, '.')) {
    std::optional<Digits> arc = arc_of(part);
    if (!arc) return std::nullopt;
    arcs.push_back(std::move(*arc));
  }
  if (arcs.size() < 2) return std::nullopt;
  const std::optional<Digits> first = first_subidentifier(arcs[0], arcs[1]);
  if (!first) return std::nullopt;
  Oid oid;
  append_arc(oid.content_, *first);
  for (std::size_t i = 2; i < arcs.size(); ++i) append_arc(oid.content_, arcs[i]);
  if (oid.content_.size() > most_octets) return std::nullopt;
  return oid;
}

std::optional<Oid> Oid::from_content(BytesView content) {
  if (content.empty() || content.size() > most_octets || (content.back() & 0x80U) != 0) return std::nullopt;
  bool at_start = true;
  for (const Byte octet : content) {
    if (at_start && octet == 0x80) return std::nullopt;
    at_start = (octet & 0x80U) == 0;
  }
  Oid oid;
  oid.content_.assign(content.begin(), content.end());
  return oid;
}

std::string Oid::dotted() const {
  std::string text;
  Digits arc;
  for (const Byte octet : content_) {
    arc.push_back(octet & 0x7fU);
    if ((octet & 0x80U) != 0) continue;
    text += text.empty() ? first_two_arcs(arc) : "." + decimal(arc);
    arc.clear();
  }
  return text;
}

namespace oids {
const Oid rsa_encryption("1.2.840.113549.1.1.1"), ec_public_key("1.2.840.10045.2.1"), ed25519("1.3.101.112"), ed448("1.3.101.113");
const Oid prime256v1("1.2.840.10045.3.1.7"), secp384r1("1.3.132.0.34"), secp521r1("1.3.132.0.35");
const Oid sha1_with_rsa("1.2.840.113549.1.1.5"), sha256_with_rsa("1.2.840.113549.1.1.11"), sha384_with_rsa("1.2.840.113549.1.1.12"),
    sha512_with_rsa("1.2.840.113549.1.1.13"), rsassa_pss("1.2.840.113549.1.1.10");
const Oid ecdsa_with_sha1("1.2.840.10045.4.1"), ecdsa_with_sha256("1.2.840.10045.4.3.2"), ecdsa_with_sha384("1.2.840.10045.4.3.3"),
    ecdsa_with_sha512("1.2.840.10045.4.3.4");
const Oid sha1("1.3.14.3.2.26"), sha256("2.16.840.1.101.3.4.2.1"), sha384("2.16.840.1.101.3.4.2.2"), sha512("2.16.840.1.101.3.4.2.3");
const Oid challenge_password("1.2.840.113549.1.9.7"), extension_request("1.2.840.113549.1.9.14"), change_subject_name("1.3.6.1.5.5.7.7.36");
const Oid smime_capabilities("1.2.840.113549.1.9.15"), decrypt_key_identifier("1.2.840.113549.1.9.16.2.37"),
    asymmetric_decrypt_key_identifier("1.2.840.113549.1.9.16.2.54");
const Oid otp_challenge("1.2.840.113549.1.9.16.2.56"), revocation_challenge("1.2.840.113549.1.9.16.2.57"),
    est_identity_linking("1.2.840.113549.1.9.16.2.58");
const Oid certification_request_info_template("1.2.840.113549.1.9.16.2.61"), extension_request_template("1.2.840.113549.1.9.16.2.62");
const Oid data("1.2.840.113549.1.7.1"), signed_data("1.2.840.113549.1.7.2"), enveloped_data("1.2.840.113549.1.7.3");
const Oid content_type("1.2.840.113549.1.9.3"), message_digest("1.2.840.113549.1.9.4"), signing_time("1.2.840.113549.1.9.5");
const Oid basic_constraints("2.5.29.19"), key_usage("2.5.29.15"), extended_key_usage("2.5.29.37"), subject_alt_name("2.5.29.17"),
    subject_key_identifier("2.5.29.14");
const Oid authority_key_identifier("2.5.29.35"), crl_number("2.5.29.20"), crl_distribution_points("2.5.29.31"),
    name_constraints("2.5.29.30"), certificate_policies("2.5.29.32");
const Oid any_extended_key_usage("2.5.29.37.0"), server_auth("1.3.6.1.5.5.7.3.1"), client_auth("1.3.6.1.5.5.7.3.2"),
    ocsp_signing("1.3.6.1.5.5.7.3.9");
const Oid cmc_ra("1.3.6.1.5.5.7.3.28"), cmc_ca("1.3.6.1.5.5.7.3.27");
const Oid common_name("2.5.4.3"), country_name("2.5.4.6"), organization_name("2.5.4.10"), organizational_unit_name("2.5.4.11"),
    serial_number("2.5.4.5"), email_address("1.2.840.113549.1.9.1");
const Oid locality_name("2.5.4.7"), state_or_province_name("2.5.4.8"), domain_component("0.9.2342.19200300.100.1.25"),
    user_id("0.9.2342.19200300.100.1.1");
const Oid mac_address("1.3.6.1.1.1.1.22");
const Oid asymmetric_key_package("2.16.840.1.101.2.1.2.78.5");
const Oid aes128_wrap("2.16.840.1.101.3.4.1.5"), aes192_wrap("2.16.840.1.101.3.4.1.25"), aes256_wrap("2.16.840.1.101.3.4.1.45");
const Oid aes128_cbc("2.16.840.1.101.3.4.1.2"), aes192_cbc("2.16.840.1.101.3.4.1.22"), aes256_cbc("2.16.840.1.101.3.4.1.42");
const Oid rsaes_oaep("1.2.840.113549.1.1.7"), dh_std_sha256_kdf("1.3.132.1.11.1"), dh_std_sha384_kdf("1.3.132.1.11.2");
}  // namespace oids

namespace {

struct NamedOid {
  const Oid* oid;
  std::string_view name;
};

// The first name of an OID is what Oid::name() prints; later rows are spellings other RFCs use.
constexpr std::array oid_names = {
    NamedOid{&oids::rsa_encryption, "rsaEncryption"},
    NamedOid{&oids::ec_public_key, "id-ecPublicKey"},
    NamedOid{&oids::ec_public_key, "ecPublicKey"},
    NamedOid{&oids::ed25519, "id-Ed25519"},
    NamedOid{&oids::ed448, "id-Ed448"},
    NamedOid{&oids::prime256v1, "secp256r1"},
    NamedOid{&oids::prime256v1, "prime256v1"},
    NamedOid{&oids::secp384r1, "secp384r1"},
    NamedOid{&oids::secp521r1, "secp521r1"},
    NamedOid{&oids::sha1_with_rsa, "sha1WithRSAEncryption"},
    NamedOid{&oids::sha256_with_rsa, "sha256WithRSAEncryption"},
    NamedOid{&oids::sha384_with_rsa, "sha384WithRSAEncryption"},
    NamedOid{&oids::sha512_with_rsa, "sha512WithRSAEncryption"},
    NamedOid{&oids::rsassa_pss, "id-RSASSA-PSS"},
    NamedOid{&oids::ecdsa_with_sha1, "ecdsa-with-SHA1"},
    NamedOid{&oids::ecdsa_with_sha256, "ecdsa-with-SHA256"},
    NamedOid{&oids::ecdsa_with_sha384, "ecdsa-with-SHA384"},
    NamedOid{&oids::ecdsa_with_sha512, "ecdsa-with-SHA512"},
    NamedOid{&oids::ecdsa_with_sha256, "ecdsaWithSHA256"},
    NamedOid{&oids::ecdsa_with_sha384, "ecdsaWithSHA384"},
    NamedOid{&oids::ecdsa_with_sha512, "ecdsaWithSHA512"},
    NamedOid{&oids::sha1, "id-sha1"},
    NamedOid{&oids::sha256, "id-sha256"},
    NamedOid{&oids::sha384, "id-sha384"},
    NamedOid{&oids::sha512, "id-sha512"},
    NamedOid{&oids::challenge_password, "challengePassword"},
    NamedOid{&oids::extension_request, "extensionRequest"},
    NamedOid{&oids::extension_request, "id-ExtensionReq"},
    NamedOid{&oids::change_subject_name, "id-cmc-changeSubjectName"},
    NamedOid{&oids::change_subject_name, "changeSubjectName"},
    NamedOid{&oids::smime_capabilities, "smimeCapabilities"},
    NamedOid{&oids::decrypt_key_identifier, "id-aa-decryptKeyID"},
    NamedOid{&oids::asymmetric_decrypt_key_identifier, "id-aa-asymmDecryptKeyID"},
    NamedOid{&oids::otp_challenge, "id-aa-otpChallenge"},
    NamedOid{&oids::otp_challenge, "otpChallenge"},
    NamedOid{&oids::revocation_challenge, "id-aa-revocationChallenge"},
    NamedOid{&oids::revocation_challenge, "revocationChallenge"},
    NamedOid{&oids::est_identity_linking, "id-aa-estIdentityLinking"},
    NamedOid{&oids::est_identity_linking, "estIdentityLinking"},
    NamedOid{&oids::certification_request_info_template, "id-aa-certificationRequestInfoTemplate"},
    NamedOid{&oids::extension_request_template, "id-aa-extensionReqTemplate"},
    NamedOid{&oids::data, "id-data"},
    NamedOid{&oids::signed_data, "id-signedData"},
    NamedOid{&oids::enveloped_data, "id-envelopedData"},
    NamedOid{&oids::content_type, "contentType"},
    NamedOid{&oids::message_digest, "messageDigest"},
    NamedOid{&oids::signing_time, "signingTime"},
    NamedOid{&oids::basic_constraints, "basicConstraints"},
    NamedOid{&oids::key_usage, "keyUsage"},
    NamedOid{&oids::extended_key_usage, "extKeyUsage"},
    NamedOid{&oids::subject_alt_name, "subjectAltName"},
    NamedOid{&oids::subject_key_identifier, "subjectKeyIdentifier"},
    NamedOid{&oids::authority_key_identifier, "authorityKeyIdentifier"},
    NamedOid{&oids::crl_number, "cRLNumber"},
    NamedOid{&oids::crl_distribution_points, "cRLDistributionPoints"},
    NamedOid{&oids::name_constraints, "nameConstraints"},
    NamedOid{&oids::certificate_policies, "certificatePolicies"},
    NamedOid{&oids::any_extended_key_usage, "anyExtendedKeyUsage"},
    NamedOid{&oids::server_auth, "id-kp-serverAuth"},
    NamedOid{&oids::client_auth, "id-kp-clientAuth"},
    NamedOid{&oids::ocsp_signing, "id-kp-OCSPSigning"},
    NamedOid{&oids::cmc_ra, "id-kp-cmcRA"},
    NamedOid{&oids::cmc_ca, "id-kp-cmcCA"},
    NamedOid{&oids::server_auth, "serverAuth"},
    NamedOid{&oids::client_auth, "clientAuth"},
    NamedOid{&oids::cmc_ra, "cmcRA"},
    NamedOid{&oids::cmc_ca, "cmcCA"},
    NamedOid{&oids::common_name, "commonName"},
    NamedOid{&oids::country_name, "countryName"},
    NamedOid{&oids::organization_name, "organizationName"},
    NamedOid{&oids::organizational_unit_name, "organizationalUnitName"},
    NamedOid{&oids::serial_number, "serialNumber"},
    NamedOid{&oids::email_address, "emailAddress"},
    NamedOid{&oids::locality_name, "localityName"},
    NamedOid{&oids::state_or_province_name, "stateOrProvinceName"},
    NamedOid{&oids::domain_component, "domainComponent"},
    NamedOid{&oids::user_id, "userId"},
    NamedOid{&oids::mac_address, "macAddress"},
    NamedOid{&oids::asymmetric_key_package, "id-ct-KP-aKeyPackage"},
    NamedOid{&oids::aes128_wrap, "id-aes128-wrap"},
    NamedOid{&oids::aes192_wrap, "id-aes192-wrap"},
    NamedOid{&oids::aes256_wrap, "id-aes256-wrap"},
    NamedOid{&oids::aes128_cbc, "id-aes128-CBC"},
    NamedOid{&oids::aes192_cbc, "id-aes192-CBC"},
    NamedOid{&oids::aes256_cbc, "id-aes256-CBC"},
    NamedOid{&oids::rsaes_oaep, "id-RSAES-OAEP"},
    NamedOid{&oids::dh_std_sha256_kdf, "dhSinglePass-stdDH-sha256kdf-scheme"},
    NamedOid{&oids::dh_std_sha384_kdf, "dhSinglePass-stdDH-sha384kdf-scheme"},
};

}  // namespace

std::string Oid::name() const {
  const auto* found = std::find_if(oid_names.begin(), oid_names.end(), [this](const NamedOid& row) { return *row.oid == *this; });
  return found == oid_names.end() ? dotted() : std::string(found->name);
}

std::optional<Oid> oid_by_name(std::string_view name) {
  const auto* found = std::find_if(oid_names.begin(), oid_names.end(), [name](const NamedOid& row) { return iequals(row.name, name); });
  return found == oid_names.end() ? Oid::from_dotted(name) : *found->oid;
}

}  // namespace est::codec
