// CSR attributes (RFC 7030 4.5.2 as replaced by RFC 8951 4, RFC 9908).
// Finding ids, beside der.* and x509.*. Errors: csrattrs.element (neither OID nor Attribute), csrattrs.template.version,
// csrattrs.template.duplicate (two templates, two extensionReqTemplate, or that beside an extensionRequest),
// csrattrs.template.values (an attribute whose values are not exactly one), csrattrs.template.attributes (the [1] is absent).
// Warnings: csrattrs.duplicate, csrattrs.mac-address.old-form (INT-17), csrattrs.extension-request.values (not exactly one, or not
// Extensions: RFC 9908 3.2), csrattrs.template.single-extension (INT-16). Note: csrattrs.values.empty (INT-15).
// Elements that cannot be read are left out of the value; the others are kept, as a client ignores what it does not know.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"
#include "est/codec/pkcs10.h"

namespace est::codec {

using AttrOrOid = std::variant<Oid, Attribute>;

// RFC 9908: CertificationRequestInfoTemplate. Absent parts are the client's to fill in.
struct ExtensionTemplate {
  Oid id;
  bool critical = false;
  std::optional<Bytes> value;  // content of the OCTET STRING
};
struct NameTemplateEntry {
  Oid type;
  std::optional<Bytes> value;  // whole TLV
};
struct RequestTemplate {
  bool has_subject = false;
  std::vector<std::vector<NameTemplateEntry>> subject;
  std::optional<AlgorithmIdentifier> key_algorithm;
  std::optional<Bytes> key;  // e.g. an RSA modulus-length placeholder, content of the BIT STRING
  std::vector<Attribute> attributes;
  std::vector<ExtensionTemplate> extensions;  // from id-aa-extensionReqTemplate
};

struct CsrAttrs {
  std::vector<AttrOrOid> elements;
  [[nodiscard]] bool mentions(const Oid& oid) const;  // as a bare OID or an attribute type
  [[nodiscard]] const Attribute* attribute(const Oid& type) const;
};

[[nodiscard]] Decoded<CsrAttrs> decode_csrattrs(BytesView der);
[[nodiscard]] Bytes encode(const CsrAttrs& attributes);
// The template carried in `attributes`; no value and no finding when there is none.
[[nodiscard]] Decoded<RequestTemplate> request_template(const CsrAttrs& attributes);
// The modulus size the placeholder key asks for (RFC 9908 3.4), in bits; 0 when there is none or it is no RSA key.
[[nodiscard]] int modulus_bits(const RequestTemplate& wanted);
[[nodiscard]] Attribute make_request_template(const RequestTemplate& wanted);

}  // namespace est::codec
