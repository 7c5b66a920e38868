#include "est/ops/message.h"

#include <iterator>
#include <utility>

#include "est/codec/base64.h"
#include "est/codec/cms.h"
#include "est/codec/generated_key.h"

namespace est::ops {
namespace {

constexpr std::size_t line_length = 64;
// Holds a character that base64 has not, so no part can contain it.
constexpr std::string_view boundary = "est-server-generated-key";

Bytes armoured(BytesView der, Base64Lines lines) {
  return to_bytes(lines == Base64Lines::one ? codec::encode_base64(der) : codec::encode_base64(der, line_length, "\n"));
}

http::Response response_with(int status, std::string_view type, Bytes body) {
  http::Response response;
  response.status = status;
  response.reason = http::reason_phrase(status);
  response.fields.add("Content-Type", std::string(type));
  response.body = std::move(body);
  return response;
}

template <class T>
void append_findings(Findings& findings, Decoded<T>& from) {
  findings.insert(findings.end(), std::make_move_iterator(from.findings.begin()), std::make_move_iterator(from.findings.end()));
}

}  // namespace

http::Response cacerts_response(const std::vector<Bytes>& certificates, Base64Lines lines) {
  return response_with(200, certs_only_type, armoured(codec::encode_certs_only(certificates), lines));
}

http::Response certs_only_response(const std::vector<Bytes>& certificates, Base64Lines lines) {
  return response_with(200, certs_only_type, armoured(codec::encode_certs_only(certificates), lines));
}

http::Response cmc_response(int status, BytesView der, Base64Lines lines) {
  return response_with(status, cmc_response_type, armoured(der, lines));
}

http::Response enroll_response(BytesView certificate, Base64Lines lines) {
  return response_with(200, certs_only_type, armoured(codec::encode_certs_only({to_bytes(certificate)}), lines));
}

http::Response serverkeygen_response(BytesView key, bool enveloped, BytesView certificate, Base64Lines lines) {
  const std::string_view key_type = enveloped ? codec::generated_key_type : codec::pkcs8_type;
  const Bytes certificates = armoured(codec::encode_certs_only({to_bytes(certificate)}), lines);
  const std::vector<codec::Part> parts{{{{"Content-Type", std::string(key_type)}}, armoured(key, lines)},
                                       {{{"Content-Type", std::string(certs_only_type)}}, certificates}};
  return response_with(200, "multipart/mixed; boundary=" + std::string(boundary), codec::encode_multipart(parts, boundary));
}

http::Response csrattrs_response(const codec::CsrAttrs& attributes, Base64Lines lines) {
  if (!attributes.elements.empty()) return response_with(200, csrattrs_type, armoured(codec::encode(attributes), lines));
  http::Response none;
  none.status = 204;
  none.reason = http::reason_phrase(204);
  return none;
}

http::Response text_response(int status, std::string_view sentence) {
  return response_with(status, error_text_type, to_bytes(std::string(sentence) + "\n"));
}

http::Response pending_response(const http::RetryAfter& retry, std::string_view sentence) {
  http::Response response = text_response(202, sentence);
  response.fields.add("Retry-After", http::encode(retry));
  return response;
}

http::Request get_request(Operation operation, std::string_view label, std::string_view host) {
  http::Request request;
  request.method = "GET";
  request.target = path_of(operation, label);
  request.fields.add("Host", std::string(host));
  return request;
}

http::Request enroll_request(Operation operation, std::string_view label, std::string_view host, BytesView request_der) {
  http::Request request = get_request(operation, label, host);
  request.method = "POST";
  request.fields.add("Content-Type", std::string(request_media_type(operation)));
  request.body = armoured(request_der, Base64Lines::folded);
  return request;
}

Decoded<codec::CertificationRequest> read_enroll_body(BytesView body) {
  auto der = codec::decode_base64(as_text(body), codec::Base64Mode::lenient);
  if (!der.accepted()) return {std::nullopt, std::move(der.findings)};
  auto request = codec::decode_certification_request(*der.value);
  append_findings(der.findings, request);
  return {std::move(request.value), std::move(der.findings)};
}

Decoded<codec::SignedData> read_signed_data_body(BytesView body) {
  auto der = codec::decode_base64(as_text(body), codec::Base64Mode::lenient);
  if (!der.accepted()) return {std::nullopt, std::move(der.findings)};
  auto message = codec::decode_signed_data(*der.value);
  append_findings(der.findings, message);
  return {std::move(message.value), std::move(der.findings)};
}

Decoded<std::vector<Bytes>> read_certs_only_body(BytesView body) {
  auto der = codec::decode_base64(as_text(body), codec::Base64Mode::lenient);
  if (!der.accepted()) return {std::nullopt, std::move(der.findings)};
  auto message = codec::decode_certs_only(*der.value);
  append_findings(der.findings, message);
  if (!message.value) return {std::nullopt, std::move(der.findings)};
  return {std::move(message.value->certificates), std::move(der.findings)};
}

std::string channel_binding_text(BytesView binding) { return codec::encode_base64(binding); }

}  // namespace est::ops
