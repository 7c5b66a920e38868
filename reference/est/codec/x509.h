// The X.509 parts EST messages are made of (RFC 5280): names, algorithm identifiers, extensions, certificates.
// Decoders keep the exact octets beside the decoded value. No signature is verified here, no time is compared with a clock.
//
// Finding ids, beside the der.* ones. Errors: x509.version, x509.issuer.empty, x509.subject.empty (and no subjectAltName),
// x509.validity.order, x509.signature-algorithm (the two differ), x509.signature (unused bits), x509.public-key (unused bits),
// x509.name.value (an attribute of RFC 5280 appendix A.1 of no string type it may have), x509.public-key.parameters (EC without a named
// curve, Ed25519 and Ed448 with any), x509.name.empty-rdn, x509.extensions.empty, x509.extension.duplicate,
// x509.basic-constraints.path-length, x509.extended-key-usage.empty, x509.key-usage.empty, x509.general-names.empty,
// x509.general-name.type, x509.general-name.ia5, x509.general-name.ip. Warnings, where RFC 5280 tells receivers to cope: x509.serial
// (negative, zero or longer than 20 octets), x509.validity.form (GeneralizedTime before 2050), x509.public-key.parameters for RSA without
// NULL, x509.subject-alt-name.not-critical (beside an empty subject), x509.name.nul (U+0000 inside a name).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/finding.h"
#include "est/base/result.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace est::codec {

struct AlgorithmIdentifier {
  Oid algorithm;
  Bytes parameters;  // whole TLV, empty when absent
  bool operator==(const AlgorithmIdentifier&) const = default;
};

struct AttributeTypeAndValue {
  Oid type;
  der::Tag value_tag;
  std::string value;  // UTF-8; "#" and hexadecimal octets (RFC 4514 2.4) when the value is no well-formed string
  Bytes value_der;    // whole TLV
};

using RelativeDistinguishedName = std::vector<AttributeTypeAndValue>;

struct Name {
  Bytes der;  // whole Name TLV
  std::vector<RelativeDistinguishedName> rdns;

  [[nodiscard]] bool empty() const noexcept { return rdns.empty(); }
  // RFC 4514 text, most significant last as in "CN=device-1,O=Acme".
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::optional<std::string> first(const Oid& type) const;
};

// RFC 5280 7.1: same RDNs in the same order, string types compared after case folding (ASCII) and space compression.
[[nodiscard]] bool same_name(const Name& left, const Name& right);
// "CN=device-1,O=Acme" (RFC 4514, backslash escapes, '+' for multi-valued RDNs); values as UTF8String, C and
// serialNumber as PrintableString. The first RDN of the text becomes the *last* of the DER, as RFC 4514 says.
[[nodiscard]] Result<Name> parse_name(std::string_view text);

enum class GeneralNameType { other, rfc822, dns, x400, directory, edi, uri, ip, registered_id };
struct GeneralName {
  GeneralNameType type = GeneralNameType::other;
  Bytes value;  // content octets: text for rfc822/dns/uri, 4 or 16 octets for ip, DER otherwise
  bool operator==(const GeneralName&) const = default;
};

struct Extension {
  Oid id;
  bool critical = false;
  Bytes value;  // content of the OCTET STRING
  bool operator==(const Extension&) const = default;
};

struct BasicConstraints {
  bool ca = false;
  std::optional<std::int64_t> path_length;
};

struct Validity {
  UnixTime not_before = 0;
  UnixTime not_after = 0;
};

struct Certificate {
  Bytes der;
  Bytes tbs;        // whole TBSCertificate TLV
  int version = 0;  // 0 = v1, 2 = v3
  Bytes serial;     // content octets of the INTEGER
  AlgorithmIdentifier tbs_signature;
  Name issuer;
  Validity validity;
  Name subject;
  Bytes spki;  // whole SubjectPublicKeyInfo TLV
  AlgorithmIdentifier key_algorithm;
  std::vector<Extension> extensions;
  AlgorithmIdentifier signature_algorithm;
  Bytes signature;

  [[nodiscard]] const Extension* extension(const Oid& id) const;
  [[nodiscard]] bool self_issued() const;  // subject and issuer are the same name
  [[nodiscard]] std::string serial_hex() const;
};

[[nodiscard]] Decoded<Certificate> decode_certificate(BytesView der);

// Readers of single structures from a cursor; the finding list is the cursor's. They return nothing on failure.
[[nodiscard]] std::optional<Name> read_name(der::Reader& from, std::string_view what);
[[nodiscard]] std::optional<AlgorithmIdentifier> read_algorithm(der::Reader& from, std::string_view what);
[[nodiscard]] std::optional<std::vector<Extension>> read_extensions(der::Reader& from, std::string_view what);
// subjectPublicKeyInfo: whole TLV and its algorithm.
struct PublicKeyInfo {
  Bytes der;
  AlgorithmIdentifier algorithm;
  Bytes key;
};
[[nodiscard]] std::optional<PublicKeyInfo> read_public_key_info(der::Reader& from, std::string_view what);
[[nodiscard]] Decoded<PublicKeyInfo> decode_public_key_info(BytesView der);

[[nodiscard]] Decoded<Name> decode_name(BytesView der);
[[nodiscard]] Decoded<std::vector<Extension>> decode_extensions(BytesView der);

// Values of extensions: the content of extnValue. Offsets count from its start.
[[nodiscard]] Decoded<BasicConstraints> decode_basic_constraints(BytesView value);
[[nodiscard]] Decoded<std::vector<Oid>> decode_extended_key_usage(BytesView value);
[[nodiscard]] Decoded<unsigned> decode_key_usage(BytesView value);  // bit n of the RFC is (1u << n): digitalSignature = 1u
[[nodiscard]] Decoded<std::vector<GeneralName>> decode_general_names(BytesView value);
// GeneralNames from a cursor, which must be at its SEQUENCE.
[[nodiscard]] std::optional<std::vector<GeneralName>> read_general_names(der::Reader& from, std::string_view what);

namespace key_usage {
inline constexpr unsigned digital_signature = 1U, non_repudiation = 2U, key_encipherment = 4U, data_encipherment = 8U;
inline constexpr unsigned key_agreement = 16U, key_cert_sign = 32U, crl_sign = 64U, encipher_only = 128U, decipher_only = 256U;
}  // namespace key_usage

// Builders of the same structures.
[[nodiscard]] Bytes encode(const AlgorithmIdentifier& algorithm);
[[nodiscard]] Bytes encode(const Extension& extension);
[[nodiscard]] Bytes encode_extensions(const std::vector<Extension>& extensions);  // SEQUENCE OF Extension
[[nodiscard]] Bytes encode_general_names(const std::vector<GeneralName>& names);
[[nodiscard]] Extension make_basic_constraints(bool ca, std::optional<int> path_length = {});
[[nodiscard]] Extension make_key_usage(unsigned bits);
[[nodiscard]] Extension make_extended_key_usage(const std::vector<Oid>& purposes, bool critical = false);
[[nodiscard]] Extension make_subject_alt_name(const std::vector<GeneralName>& names, bool critical = false);
// "DNS:a.example", "IP:192.0.2.1", "IP:2001:db8::1", "email:a@b", "URI:..."
[[nodiscard]] Result<GeneralName> parse_general_name(std::string_view text);
[[nodiscard]] std::string to_string(const GeneralName& name);

}  // namespace est::codec
