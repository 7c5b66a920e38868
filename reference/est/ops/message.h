// Builds and reads the bodies of EST messages: base64 outside, DER inside (RFC 7030 4.1.3, 4.2.3, 4.5.2; RFC 8951 3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"
#include "est/codec/csrattrs.h"
#include "est/codec/pkcs10.h"
#include "est/codec/signed_data.h"
#include "est/http/message.h"
#include "est/http/values.h"
#include "est/ops/operation.h"

namespace est::ops {

// What RFC 7030 and 5273 call the types, spelled as we send them.
inline constexpr std::string_view certs_only_type = "application/pkcs7-mime; smime-type=certs-only";
inline constexpr std::string_view cmc_response_type = "application/pkcs7-mime; smime-type=CMC-response";
inline constexpr std::string_view csrattrs_type = "application/csrattrs";
inline constexpr std::string_view error_text_type = "text/plain; charset=utf-8";

// How a base64 body is laid out. Receivers should take both (RFC 8951 3.1), yet deployed ones do not: strongSwan reads nothing but
// one line (which is what RFC 4648 3.1 asks of senders), libEST nothing but lines.
enum class Base64Lines { one, folded };

// --- Responses a server sends. No Content-Transfer-Encoding (RFC 8951 3). Content-Length and Date are the caller's.
[[nodiscard]] http::Response cacerts_response(const std::vector<Bytes>& certificates, Base64Lines lines = Base64Lines::one);
// Any number of certificates: a Simple PKI Response to a Full PKI Request (RFC 5272 4.1).
[[nodiscard]] http::Response certs_only_response(const std::vector<Bytes>& certificates, Base64Lines lines = Base64Lines::one);
// A Full PKI Response; `der` is its ContentInfo (RFC 7030 4.3.2).
[[nodiscard]] http::Response cmc_response(int status, BytesView der, Base64Lines lines = Base64Lines::one);
[[nodiscard]] http::Response enroll_response(BytesView certificate, Base64Lines lines = Base64Lines::one);
// RFC 7030 4.4.2 as RFC 8951 updates it: multipart/mixed, the key first. `key` is a PrivateKeyInfo, or, when `enveloped`, a ContentInfo
// with EnvelopedData. The body holds the key: see crypto::wipe.
[[nodiscard]] http::Response serverkeygen_response(BytesView key, bool enveloped, BytesView certificate,
                                                   Base64Lines lines = Base64Lines::one);
// 204 when there are none (RFC 7030 4.5.2, INT-18).
[[nodiscard]] http::Response csrattrs_response(const codec::CsrAttrs& attributes, Base64Lines lines = Base64Lines::one);
// text/plain; the sentence says what is wrong and what to do (RFC 7030 4.2.3, RFC 8951 5).
[[nodiscard]] http::Response text_response(int status, std::string_view sentence);
[[nodiscard]] http::Response pending_response(const http::RetryAfter& retry, std::string_view sentence);  // 202 (RFC 7030 4.2.3)

// --- Requests a client sends; their base64 is folded. `host` goes into the Host field as it is ("est.example:8443").
[[nodiscard]] http::Request get_request(Operation operation, std::string_view label, std::string_view host);
[[nodiscard]] http::Request enroll_request(Operation operation, std::string_view label, std::string_view host, BytesView request_der);

// --- What both read
// Base64 with RFC 8951's white space, then PKCS #10. No value when the base64 is broken. Offsets of findings from base64 count characters,
// those from DER octets.
[[nodiscard]] Decoded<codec::CertificationRequest> read_enroll_body(BytesView body);
// Base64, then a signed message: /fullcmc in both directions.
[[nodiscard]] Decoded<codec::SignedData> read_signed_data_body(BytesView body);
// Base64, then certs-only.
[[nodiscard]] Decoded<std::vector<Bytes>> read_certs_only_body(BytesView body);

// RFC 7030 3.5: base64 of the binding (tls-unique on TLS 1.2, the exporter on TLS 1.3 by RFC 9266; INT-01).
[[nodiscard]] std::string channel_binding_text(BytesView binding);

}  // namespace est::ops
