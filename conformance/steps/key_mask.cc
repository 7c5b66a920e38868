#include "conformance/steps/key_mask.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/generated_key.h"
#include "est/http/parser.h"

namespace conformance::steps {
namespace {

using est::Byte;
using est::Bytes;
using est::BytesView;
using Place = std::vector<std::size_t>;  // where each octet of a text stands in a larger one

constexpr Byte star = '*';
constexpr std::size_t shortest_key_part = 16;
constexpr int deepest = 32;
constexpr Byte integer_octet = 0x02, octet_string_octet = 0x04, object_identifier_octet = 0x06, sequence_octet = 0x30, constructed = 0x20;

// --- DER

struct Element {
  Byte tag = 0;
  std::size_t start = 0;  // of the content
  std::size_t end = 0;
};

// One element with a single-octet tag and a definite length; nothing when there is none within [at, end).
std::optional<Element> element_at(const Bytes& der, std::size_t at, std::size_t end) {
  if (end - at < 2 || (der[at] & 0x1fU) == 0x1fU) return {};
  Element element{der[at], at + 2, 0};
  std::size_t length = der[at + 1];
  if (length == 0x80 || length > 0x84) return {};
  if (length > 0x80) {
    const std::size_t count = length & 0x7fU;
    if (end - element.start < count) return {};
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8U | der[element.start++];
  }
  if (length > end - element.start) return {};
  element.end = element.start + length;
  return element;
}

bool well_formed(const Bytes& der, std::size_t at, std::size_t end, int depth) {
  if (depth > deepest) return false;
  while (at < end) {
    const auto element = element_at(der, at, end);
    if (!element) return false;
    if ((element->tag & constructed) != 0 && !well_formed(der, element->start, element->end, depth + 1)) return false;
    at = element->end;
  }
  return true;
}

bool holds_der(const Bytes& der, const Element& element) {
  if (element.tag != octet_string_octet || element.start == element.end) return false;
  const Byte first = der[element.start];
  const auto inner = element_at(der, element.start, element.end);
  return (first == sequence_octet || first == octet_string_octet) && inner && inner->end == element.end &&
         well_formed(der, element.start, element.end, 0);
}

void mask_elements(Bytes& der, std::size_t at, std::size_t end, int depth) {
  while (at < end) {
    const auto element = element_at(der, at, end);
    if (!element) return;
    const bool inside = (element->tag & constructed) != 0 || (depth < deepest && holds_der(der, *element));
    const bool secret = element->tag == integer_octet || element->tag == octet_string_octet;
    if (inside)
      mask_elements(der, element->start, element->end, depth + 1);
    else if (secret && element->end - element->start >= shortest_key_part)
      std::fill(der.begin() + static_cast<std::ptrdiff_t>(element->start), der.begin() + static_cast<std::ptrdiff_t>(element->end), star);
    at = element->end;
  }
}

// --- Text

void overwrite_visible(Bytes& text) {
  for (Byte& octet : text)
    if (octet != '\r' && octet != '\n') octet = star;
}

bool is_base64(Byte octet) {
  const auto c = static_cast<char>(octet);
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

// Writes the base64 of `masked` over the characters of `text`, which is base64 of octets of the same number.
bool rewrite_base64(Bytes& text, const Bytes& masked) {
  const std::string encoded = est::codec::encode_base64(masked);
  if (static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_base64)) != encoded.size()) return false;
  std::size_t at = 0;
  for (Byte& octet : text)
    if (is_base64(octet)) octet = static_cast<Byte>(encoded[at++]);
  return true;
}

bool mask_base64(Bytes& text) {
  auto decoded = est::codec::decode_base64(est::as_text(text), est::codec::Base64Mode::lenient);
  if (!decoded.accepted() || decoded.value->empty()) return false;
  return mask_key(*decoded.value) && rewrite_base64(text, *decoded.value);
}

// A CMS message begins with an OBJECT IDENTIFIER, a certificate with a SEQUENCE; keys begin with an INTEGER.
bool is_message_or_certificate(BytesView der) {
  const Bytes copy = est::to_bytes(der);
  const auto outer = element_at(copy, 0, copy.size());
  if (!outer || outer->tag != sequence_octet) return false;
  const auto first = element_at(copy, outer->start, outer->end);
  return first && (first->tag == object_identifier_octet || first->tag == sequence_octet);
}

// Only what is known to be none of a key stays as it is.
bool is_public(const est::codec::GeneratedKeyPart& part) {
  if (part.kind != est::codec::PartKind::certificates && part.kind != est::codec::PartKind::enveloped_key) return false;
  const auto decoded = est::codec::decode_base64(est::as_text(part.part.body), est::codec::Base64Mode::lenient);
  return is_message_or_certificate(decoded.accepted() ? BytesView(*decoded.value) : BytesView(part.part.body));
}

void mask_part(Bytes& body) {
  if (mask_base64(body)) return;
  if (!body.empty() && body.front() == sequence_octet && mask_key(body)) return;
  overwrite_visible(body);
}

Bytes masked_body(std::string_view content_type, const Bytes& body) {
  Bytes masked = body;
  const auto answer = est::codec::decode_generated_key_answer(content_type, body);
  if (!answer.value) {
    overwrite_visible(masked);
    return masked;
  }
  auto from = masked.begin();
  for (const auto& part : answer.value->parts) {
    Bytes octets = part.part.body;
    const auto at = std::search(from, masked.end(), octets.begin(), octets.end());
    if (at == masked.end() && !octets.empty()) {
      overwrite_visible(masked);
      return masked;
    }
    if (!is_public(part)) mask_part(octets);
    from = std::copy(octets.begin(), octets.end(), at);
  }
  return masked;
}

// --- Where the body stands

// The octets of the chunks that begin at `at` (RFC 9112 7.1).
Place chunk_places(std::string_view raw, std::size_t at) {
  Place places;
  while (at < raw.size()) {
    const std::size_t line = raw.find('\n', at);
    if (line == std::string_view::npos) break;
    const std::size_t size = std::strtoul(std::string(raw.substr(at, line - at)).c_str(), nullptr, 16);
    if (size == 0 || size > raw.size() - line - 1) break;
    for (std::size_t i = 0; i < size; ++i) places.push_back(line + 1 + i);
    at = line + 1 + size;
    if (raw.substr(at).starts_with("\r\n")) at += 2;
  }
  return places;
}

// Start of the final response's body.
std::size_t body_start(std::string_view raw) {
  std::size_t head = raw.find(" 200");
  if (head == std::string_view::npos) head = 0;
  const std::size_t end = raw.find("\r\n\r\n", head);
  if (end != std::string_view::npos) return end + 4;
  const std::size_t bare = raw.find("\n\n", head);
  return bare == std::string_view::npos ? raw.size() : bare + 2;
}

Place places_of(std::string_view raw, std::size_t start, const est::http::Response& response) {
  if (response.fields.has("Transfer-Encoding")) return chunk_places(raw, start);
  Place places;
  for (std::size_t i = 0; i < response.body.size() && start + i < raw.size(); ++i) places.push_back(start + i);
  return places;
}

}  // namespace

bool mask_key(Bytes& der) {
  const auto whole = element_at(der, 0, der.size());
  if (!whole || whole->end != der.size() || !well_formed(der, 0, der.size(), 0)) {
    std::fill(der.begin(), der.end(), star);
    return false;
  }
  mask_elements(der, 0, der.size(), 0);
  return true;
}

void mask_key_answer(Bytes& octets) {
  const auto observed = est::http::parse_response(octets, "POST", true);
  if (observed.message.status != 200) return;
  const std::size_t start = body_start(est::as_text(octets));
  const Place places = places_of(est::as_text(octets), start, observed.message);
  const Bytes masked = masked_body(observed.message.fields.get("Content-Type").value_or(""), observed.message.body);
  if (places.size() != masked.size()) {
    std::fill(octets.begin() + static_cast<std::ptrdiff_t>(start), octets.end(), star);
    return;
  }
  for (std::size_t i = 0; i < places.size(); ++i) octets[places[i]] = masked[i];
}

bool looks_like_key(std::string_view answer) {
  const std::string text = est::ascii_lower(answer);
  const auto has = [&](std::string_view word) { return text.find(word) != std::string::npos; };
  return has("application/pkcs8") || has("private key-----") || has("server-generated-key");
}

}  // namespace conformance::steps
