// PKCS #10 certification requests (RFC 2986) with the attributes EST uses.
// Finding ids, beside der.* and x509.*. Errors: pkcs10.version, pkcs10.signature (unused bits), pkcs10.attribute.duplicate,
// pkcs10.attribute.no-values, pkcs10.attribute.single-value, pkcs10.challenge-password.type and .length,
// pkcs10.challenge.type and .length (the same two for the attributes of RFC 7894), pkcs10.change-subject-name.empty.
// Warnings: pkcs10.attributes.missing (the [0] is absent; RFC 2986 demands it, many omit it), pkcs10.attributes.order
// (not in the order of a SET OF; common encoders leave it as given). Octets after the request are "der.trailing".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"
#include "est/codec/x509.h"

namespace est::codec {

struct Attribute {
  Oid type;
  std::vector<Bytes> values;      // each a whole TLV
  std::size_t offset = 0;         // where it was read; 0 when built
  std::size_t values_offset = 0;  // of the first value
};

// Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET OF ANY }; an empty SET is left to the caller to judge.
[[nodiscard]] std::optional<Attribute> read_attribute(der::Reader& from);

struct CertificationRequest {
  Bytes der;
  Bytes info;  // whole CertificationRequestInfo TLV: what the signature covers
  std::int64_t version = 0;
  Name subject;
  PublicKeyInfo key;
  std::vector<Attribute> attributes;
  AlgorithmIdentifier signature_algorithm;
  Bytes signature;  // content of the BIT STRING

  [[nodiscard]] const Attribute* attribute(const Oid& type) const;
};

// The signature is not verified here (see pki/request.h): this layer has no cryptography.
[[nodiscard]] Decoded<CertificationRequest> decode_certification_request(BytesView der);

// The accessors below give no value and no finding when the attribute is absent (unless said). Offsets are those in the request.
// If an attribute has several values, or is there twice, the first one is given beside the error.

// RFC 2985 5.4.1, RFC 7030 3.5. Findings when its value is no DirectoryString, empty, or longer than 255 characters.
[[nodiscard]] Decoded<std::string> challenge_password(const CertificationRequest& request);
// RFC 2985 5.4.2. An empty list when the attribute is absent.
[[nodiscard]] Decoded<std::vector<Extension>> requested_extensions(const CertificationRequest& request);
// The requested SubjectAltName; empty when none.
[[nodiscard]] std::vector<GeneralName> requested_subject_alt_name(const CertificationRequest& request);

// RFC 6402 2.8, where at least one must be there: ChangeSubjectName ::= SEQUENCE { subject Name OPTIONAL, subjectAlt GeneralNames OPTIONAL
// }
struct ChangeSubjectName {
  std::optional<Name> subject;
  std::vector<GeneralName> subject_alt_name;
};
[[nodiscard]] Decoded<ChangeSubjectName> change_subject_name(const CertificationRequest& request);
// RFC 8551 2.5.2: the capabilities in order of preference.
[[nodiscard]] Decoded<std::vector<AlgorithmIdentifier>> smime_capabilities(const CertificationRequest& request);
// RFC 7030 4.4.1.1 and 4.4.1.2: both are OCTET STRING.
[[nodiscard]] Decoded<Bytes> decrypt_key_identifier(const CertificationRequest& request);
[[nodiscard]] Decoded<Bytes> asymmetric_decrypt_key_identifier(const CertificationRequest& request);
// RFC 7894 3: the three DirectoryString attributes.
[[nodiscard]] Decoded<std::string> otp_challenge(const CertificationRequest& request);
[[nodiscard]] Decoded<std::string> revocation_challenge(const CertificationRequest& request);
[[nodiscard]] Decoded<std::string> est_identity_linking(const CertificationRequest& request);

[[nodiscard]] Attribute make_challenge_password(std::string_view value);  // PrintableString if it fits, else UTF8String
[[nodiscard]] Attribute make_extension_request(const std::vector<Extension>& extensions);
[[nodiscard]] Attribute make_change_subject_name(const ChangeSubjectName& change);
[[nodiscard]] Attribute make_smime_capabilities(const std::vector<AlgorithmIdentifier>& capabilities);
[[nodiscard]] Attribute make_octet_string_attribute(const Oid& type, BytesView value);
[[nodiscard]] Attribute make_text_attribute(const Oid& type, std::string_view value);
[[nodiscard]] Bytes encode(const Attribute& attribute);

// CertificationRequestInfo, then the whole request around a signature over it.
[[nodiscard]] Bytes encode_certification_request_info(const Name& subject, BytesView spki, const std::vector<Attribute>& attributes);
[[nodiscard]] Bytes encode_certification_request(BytesView info, const AlgorithmIdentifier& algorithm, BytesView signature);

}  // namespace est::codec
