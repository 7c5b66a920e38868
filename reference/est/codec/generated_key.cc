#include "est/codec/generated_key.h"

#include <algorithm>
#include <string>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace est::codec {
namespace {

void tell(Findings& findings, std::string id, Severity severity, std::string detail) {
  findings.push_back({std::move(id), severity, 0, std::move(detail)});
}

// contentType of the ContentInfo in a base64 part; nothing when there is none.
std::optional<Oid> content_type_of(BytesView base64) {
  const auto decoded = decode_base64(as_text(base64), Base64Mode::lenient);
  if (!decoded.value) return {};
  Findings unheard;
  der::Reader outer(*decoded.value, unheard);
  der::Reader info = outer.enter(der::tags::sequence, "ContentInfo");
  return info.oid("contentType");
}

// By smime-type; without one the content tells (INT-04).
PartKind kind_of_pkcs7(const GeneratedKeyPart& part, Findings& findings) {
  const auto smime = part.type->parameter("smime-type");
  if (smime) {
    if (iequals(*smime, "server-generated-key")) return PartKind::enveloped_key;
    return iequals(*smime, "certs-only") ? PartKind::certificates : PartKind::other;
  }
  tell(findings, "keygen.smime-type", Severity::warning, "an application/pkcs7-mime part has no smime-type");
  return content_type_of(part.part.body) == oids::enveloped_data ? PartKind::enveloped_key : PartKind::certificates;
}

PartKind kind_of(const GeneratedKeyPart& part, Findings& findings) {
  if (!part.type) return PartKind::other;
  if (part.type->is(pkcs8_type)) return PartKind::private_key;
  return part.type->is("application/pkcs7-mime") ? kind_of_pkcs7(part, findings) : PartKind::other;
}

void check_transfer_encoding(const Part& part, Findings& findings) {
  const auto value = part.header("Content-Transfer-Encoding");
  if (value && !iequals(trim(*value), "base64"))
    tell(findings, "keygen.transfer-encoding", Severity::warning, "a part has the Content-Transfer-Encoding " + printable(*value, 40));
}

GeneratedKeyPart sort_part(Part part, Findings& findings) {
  GeneratedKeyPart sorted;
  if (const auto type = part.header("Content-Type")) sorted.type = decode_media_type(*type).value;
  check_transfer_encoding(part, findings);
  sorted.part = std::move(part);
  sorted.kind = kind_of(sorted, findings);
  return sorted;
}

bool holds_key(const GeneratedKeyPart& part) { return part.kind == PartKind::private_key || part.kind == PartKind::enveloped_key; }
bool holds_certificates(const GeneratedKeyPart& part) { return part.kind == PartKind::certificates; }

template <class Test>
std::optional<std::size_t> only(const std::vector<GeneratedKeyPart>& parts, Test test, std::string_view id, std::string_view what,
                                Findings& findings) {
  const auto first = std::find_if(parts.begin(), parts.end(), test);
  const auto count = std::count_if(parts.begin(), parts.end(), test);
  if (count != 1) tell(findings, std::string(id), Severity::error, std::to_string(count) + " parts hold " + std::string(what));
  if (first == parts.end()) return {};
  return static_cast<std::size_t>(first - parts.begin());
}

}  // namespace

Decoded<GeneratedKeyAnswer> decode_generated_key_answer(std::string_view content_type, BytesView body) {
  auto type = decode_media_type(content_type);
  Findings findings = std::move(type.findings);
  if (!type.value || !type.value->is("multipart/mixed"))
    tell(findings, "keygen.media-type", Severity::error, "the type is '" + printable(content_type, 80) + "', not multipart/mixed");
  const auto boundary = type.value ? type.value->parameter("boundary") : std::nullopt;
  if (!boundary) {
    tell(findings, "keygen.boundary", Severity::error, "the media type has no boundary");
    return {std::nullopt, std::move(findings)};
  }
  auto parts = decode_multipart(body, *boundary);
  findings.insert(findings.end(), parts.findings.begin(), parts.findings.end());
  if (!parts.value) return {std::nullopt, std::move(findings)};
  GeneratedKeyAnswer answer;
  for (Part& part : *parts.value) answer.parts.push_back(sort_part(std::move(part), findings));
  if (answer.parts.size() != 2)
    tell(findings, "keygen.part-count", Severity::error, "the body has " + std::to_string(answer.parts.size()) + " parts, not two");
  answer.key = only(answer.parts, holds_key, "keygen.key-part", "a private key", findings);
  answer.certificates = only(answer.parts, holds_certificates, "keygen.certificate-part", "certificates", findings);
  return {std::move(answer), std::move(findings)};
}

}  // namespace est::codec
