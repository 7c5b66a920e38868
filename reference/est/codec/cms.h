// Certs-only CMS (RFC 5652 SignedData without content and signers; RFC 5272 4.1 "Simple PKI Response").
// Finding ids: cms.content-type, cms.version, cms.digest-algorithms (warning when not empty), cms.encap-content-type,
// cms.encap-content (error: eContent present), cms.signers (error), cms.no-certificates, cms.crls (note),
// cms.certificate-choice (error: other than Certificate), cms.certificates.order (warning), plus der.* and x509.*.
#pragma once

#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"

namespace est::codec {

struct CertsOnly {
  std::vector<Bytes> certificates;  // DER, in the order of the message
  std::vector<Bytes> crls;
};

[[nodiscard]] Decoded<CertsOnly> decode_certs_only(BytesView der);
// ContentInfo{ id-signedData, SignedData v1 } with the certificates in DER SET OF order.
[[nodiscard]] Bytes encode_certs_only(const std::vector<Bytes>& certificates, const std::vector<Bytes>& crls = {});

}  // namespace est::codec
