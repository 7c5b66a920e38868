// CSR attributes (RFC 7030 4.5.2 as replaced by RFC 8951 4, RFC 9908).
// Finding ids: csrattrs.element (neither OID nor Attribute), csrattrs.values.empty (note; INT-15),
// csrattrs.mac-address.old-form (warning; INT-17), csrattrs.template.version, csrattrs.template.duplicate,
// csrattrs.template.single-extension (warning; INT-16), csrattrs.duplicate (warning), plus der.* and x509.*.
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
[[nodiscard]] Attribute make_request_template(const RequestTemplate& wanted);

}  // namespace est::codec
