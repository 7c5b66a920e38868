// Certs-only CMS (RFC 5652 SignedData without content and signers; RFC 5272 4.1 "Simple PKI Response").
// Finding ids, beside der.*. Errors: cms.content-info (no ContentInfo: a bare SignedData or certificate), cms.content-type,
// cms.version (RFC 5652 5.1), cms.encap-content-type (not id-data), cms.encap-content (eContent present), cms.signers,
// cms.no-certificates, cms.certificate-choice (other than Certificate), cms.crl-choice (other than CertificateList).
// Warnings: cms.digest-algorithms (not empty), cms.certificates.order (not in the order of a SET OF). Note: cms.crls.
// The certificates are delimited and free of schema-less DER violations when nothing is found; decode them to know more.
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
