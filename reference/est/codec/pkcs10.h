// PKCS #10 certification requests (RFC 2986) with the attributes EST uses.
// Finding ids: pkcs10.version, pkcs10.attributes.missing (the [0] is absent; RFC 2986 demands it, many omit it: warning),
// pkcs10.attribute.duplicate, pkcs10.attribute.no-values, pkcs10.attribute.single-value, pkcs10.challenge-password.type,
// pkcs10.challenge-password.length, pkcs10.trailing, plus der.* and x509.*.
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
  std::vector<Bytes> values;  // each a whole TLV
  std::size_t offset = 0;     // where it was read; 0 when built
};

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

// RFC 2985 5.4.1, RFC 7030 3.5. `absent` when the attribute is not there; findings when its value is no DirectoryString
// or longer than 255.
[[nodiscard]] Decoded<std::string> challenge_password(const CertificationRequest& request);
// RFC 2985 5.4.2. An empty list when the attribute is absent.
[[nodiscard]] Decoded<std::vector<Extension>> requested_extensions(const CertificationRequest& request);
// The requested SubjectAltName; empty when none.
[[nodiscard]] std::vector<GeneralName> requested_subject_alt_name(const CertificationRequest& request);

// RFC 6402 2.8: ChangeSubjectName ::= SEQUENCE { subject Name OPTIONAL, subjectAlt GeneralNames OPTIONAL }
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
