// The parts that certs-only messages and signed messages have in common (RFC 5652 3, 5.1, 10.2). For the sources of this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace est::codec {

// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY DEFINED BY contentType }
// `read` takes the content from a cursor. Errors: cms.content-info (no ContentInfo), cms.content-type (another type).
template <class Read>
auto read_content_info(der::Reader& from, const Oid& wanted, Read read) -> decltype(read(from)) {
  der::Reader fields = from.enter(der::tags::sequence, "ContentInfo");
  const std::size_t type_at = fields.offset();
  const std::optional<der::Tag> first = fields.peek();
  if (first && *first != der::tags::oid) {
    fields.report("cms.content-info", Severity::error, type_at, "no ContentInfo, which starts with an OBJECT IDENTIFIER");
    return std::nullopt;
  }
  const std::optional<Oid> type = fields.oid("contentType");
  if (!type) return std::nullopt;
  if (*type != wanted) {
    fields.report("cms.content-type", Severity::error, type_at, "contentType is " + type->name() + ", not " + wanted.name());
    return std::nullopt;
  }
  der::Reader content = fields.enter(der::tags::context(0, true), "content");
  auto value = read(content);
  content.finish("content");
  fields.finish("ContentInfo");
  return value;
}

// CertificateSet and RevocationInfoChoices: SET OF CHOICE, where a plain SEQUENCE is the X.509 form.
struct CmsBag {
  std::vector<Bytes> items;
  bool sorted = true;
  bool others = false;  // choices other than the X.509 form; each is an error under `choice_id`
};
[[nodiscard]] std::optional<CmsBag> read_cms_bag(der::Reader& from, const der::Tlv& tagged, std::string_view what,
                                                 std::string_view choice_id);

// [number] IMPLICIT SET OF, sorted.
[[nodiscard]] Bytes tagged_set(std::uint32_t number, std::vector<Bytes> items);

}  // namespace est::codec
