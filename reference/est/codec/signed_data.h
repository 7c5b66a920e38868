// CMS SignedData with content and signers (RFC 5652 section 5). Certs-only messages have a decoder of their own, cms.h.
// Nothing is verified here (see pki/signed_message.h): this layer has no cryptography.
//
// Finding ids, beside der.*. Errors: cms.content-info, cms.content-type (not id-signedData), cms.version (RFC 5652 5.1),
// cms.certificate-choice, cms.crl-choice, cms.signer.version (RFC 5652 5.3), cms.signer.serial,
// cms.signer.no-signed-attributes (demanded where the content is not id-data), cms.signed-attributes.empty,
// cms.signed-attributes.content-type (absent, or not the type of the content), cms.signed-attributes.message-digest (absent or no
// OCTET STRING), cms.signed-attributes.duplicate, cms.signed-attributes.single-value (RFC 5652 11.1 to 11.3).
// Warnings: cms.signed-attributes.order and cms.certificates.order (not in the order of a SET OF), cms.signer.digest-algorithm (not among
// the message's digestAlgorithms), cms.content-without-signer (RFC 5652 5.2: without signers the type is id-data and the content left out;
// that nobody signed is for the caller to judge).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"
#include "est/codec/pkcs10.h"
#include "est/codec/x509.h"

namespace est::codec {

// SignerIdentifier ::= CHOICE { issuerAndSerialNumber, subjectKeyIdentifier [0] }
struct SignerIdentifier {
  Name issuer;           // both empty when the other form is used
  Bytes serial;          // content octets of the INTEGER
  Bytes key_identifier;  // empty when issuer and serial are used
  bool by_key_identifier = false;
};

struct SignerInfo {
  std::int64_t version = 1;
  SignerIdentifier id;
  AlgorithmIdentifier digest_algorithm;
  std::vector<Attribute> signed_attributes;
  // The attributes as the signature covers them: with the tag of a SET OF, in the order of the message. Empty: there are none, and the
  // signature covers the content itself.
  Bytes signed_attributes_der;
  AlgorithmIdentifier signature_algorithm;
  Bytes signature;
  std::vector<Attribute> unsigned_attributes;

  [[nodiscard]] const Attribute* signed_attribute(const Oid& type) const;
  [[nodiscard]] std::optional<Bytes> message_digest() const;  // content of the messageDigest attribute
};

struct SignedData {
  std::int64_t version = 3;
  std::vector<AlgorithmIdentifier> digest_algorithms;
  Oid content_type;
  std::optional<Bytes> content;     // of the eContent OCTET STRING
  std::size_t content_offset = 0;   // where it starts in the input
  std::vector<Bytes> certificates;  // DER, in the order of the message
  std::vector<Bytes> crls;
  std::vector<SignerInfo> signers;
};

// ContentInfo{ id-signedData, SignedData }.
[[nodiscard]] Decoded<SignedData> decode_signed_data(BytesView der);
// SignedData without ContentInfo, as EnvelopedData holds it (RFC 5652 6.1 with the inner type id-signedData).
[[nodiscard]] Decoded<SignedData> decode_bare_signed_data(BytesView der);

// Fields are written as they are, versions too; certificates, CRLs and algorithms in the order of a SET OF. A signer's attributes are
// written from `signed_attributes_der`; `signed_attributes` is for reading only.
[[nodiscard]] Bytes encode_signed_data(const SignedData& data);  // with ContentInfo
[[nodiscard]] Bytes encode_bare_signed_data(const SignedData& data);

// What `signed_attributes_der` is to hold.
[[nodiscard]] Bytes encode_signed_attributes(const std::vector<Attribute>& attributes);
// RFC 5652 5.1: 1 where the content is id-data and every signer is named by issuer and serial, else 3.
[[nodiscard]] std::int64_t signed_data_version(const SignedData& data);

[[nodiscard]] Attribute make_content_type_attribute(const Oid& type);
[[nodiscard]] Attribute make_message_digest_attribute(BytesView digest);
[[nodiscard]] Attribute make_signing_time_attribute(UnixTime at);

}  // namespace est::codec
