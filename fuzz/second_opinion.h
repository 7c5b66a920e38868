// What OpenSSL makes of the same octets: the other side of the differential targets. Values only; nothing when OpenSSL refuses, or leaves
// octets at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "est/base/bytes.h"

namespace fuzz {

struct OpensslRequest {
  std::int64_t version = 0;
  est::Bytes subject, public_key_info, signature;
  int attributes = 0;
  bool operator==(const OpensslRequest&) const = default;
};
[[nodiscard]] std::optional<OpensslRequest> openssl_request(est::BytesView der);
// The key can be read and the signature verifies with it.
[[nodiscard]] bool openssl_verifies_request(est::BytesView der);

struct OpensslCertificate {
  est::Bytes subject, issuer, serial, public_key_info, signature;
  int extensions = 0;
  bool operator==(const OpensslCertificate&) const = default;
};
[[nodiscard]] std::optional<OpensslCertificate> openssl_certificate(est::BytesView der);

struct OpensslSignedData {
  std::vector<est::Bytes> certificates, crls;  // DER, in the order of the message
  std::optional<est::Bytes> content;
  std::vector<est::Bytes> signatures;
  bool operator==(const OpensslSignedData&) const = default;
};
// ContentInfo with SignedData; nothing for any other type.
[[nodiscard]] std::optional<OpensslSignedData> openssl_signed_data(est::BytesView der);

struct OpensslEnvelopedData {
  std::vector<int> recipients;  // CMS_RECIPINFO_*
  est::Bytes encrypted_content;
  bool operator==(const OpensslEnvelopedData&) const = default;
};
[[nodiscard]] std::optional<OpensslEnvelopedData> openssl_enveloped_data(est::BytesView der);

}  // namespace fuzz
