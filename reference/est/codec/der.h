// A strict DER reader and builder (X.690 clauses 8, 10 and 11). Nothing here allocates per element while reading,
// nothing reads outside its input, depth and size are bounded.
//
// Finding ids (all Severity::error unless said): der.truncated, der.tag.high-non-minimal, der.length.indefinite,
// der.length.non-minimal, der.length.reserved, der.length.too-large, der.depth, der.trailing, der.tag.unexpected,
// der.missing, der.boolean, der.integer.empty, der.integer.non-minimal, der.oid, der.bit-string, der.null, der.string,
// der.time, der.set.order, der.constructed-string, der.default-encoded.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/clock.h"
#include "est/base/finding.h"
#include "est/codec/oid.h"

namespace est::codec::der {

enum class Class : std::uint8_t { universal = 0, application = 1, context = 2, private_use = 3 };

struct Tag {
  Class cls = Class::universal;
  bool constructed = false;
  std::uint32_t number = 0;
  auto operator<=>(const Tag&) const = default;
};

[[nodiscard]] std::string to_string(const Tag& tag);  // "SEQUENCE", "[0] constructed" ...

namespace tags {
inline constexpr Tag boolean{Class::universal, false, 1}, integer{Class::universal, false, 2};
inline constexpr Tag bit_string{Class::universal, false, 3}, octet_string{Class::universal, false, 4};
inline constexpr Tag null{Class::universal, false, 5}, oid{Class::universal, false, 6};
inline constexpr Tag enumerated{Class::universal, false, 10}, utf8_string{Class::universal, false, 12};
inline constexpr Tag sequence{Class::universal, true, 16}, set{Class::universal, true, 17};
inline constexpr Tag printable_string{Class::universal, false, 19}, teletex_string{Class::universal, false, 20};
inline constexpr Tag ia5_string{Class::universal, false, 22}, utc_time{Class::universal, false, 23};
inline constexpr Tag generalized_time{Class::universal, false, 24}, universal_string{Class::universal, false, 28};
inline constexpr Tag bmp_string{Class::universal, false, 30};
// Context-specific: [n] primitive (IMPLICIT of a primitive type) and [n] constructed (EXPLICIT, or IMPLICIT of one).
[[nodiscard]] constexpr Tag context(std::uint32_t number, bool constructed) { return {Class::context, constructed, number}; }
}  // namespace tags

struct Tlv {
  Tag tag;
  std::size_t offset = 0;  // of the identifier octet, from the start of the outermost input
  BytesView whole;         // identifier, length and content
  BytesView content;
  [[nodiscard]] std::size_t content_offset() const { return offset + (whole.size() - content.size()); }
};

struct Limits {
  std::size_t depth = 32;
  std::size_t size = std::size_t{16} << 20U;
};

// A cursor over consecutive TLVs. Findings go to the list given at the start, with offsets in the outermost input.
// After a failed call the cursor is spent: at_end() is true and every further call returns nothing *without* adding
// another finding, so a parser may read on and test once.
// BER shapes that can still be delimited (non-minimal lengths) are reported as errors and read on; indefinite lengths end the reading.
class Reader {
 public:
  Reader(BytesView input, Findings& findings, Limits limits = {});

  [[nodiscard]] bool at_end() const noexcept;
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::size_t offset() const noexcept;
  // The tag that comes next, without moving; nothing at the end or when it cannot be read (no finding is added).
  [[nodiscard]] std::optional<Tag> peek() const noexcept;

  [[nodiscard]] std::optional<Tlv> any(std::string_view what);
  [[nodiscard]] std::optional<Tlv> expect(Tag tag, std::string_view what);
  [[nodiscard]] std::optional<Tlv> optional(Tag tag, std::string_view what);  // nothing, without finding, if another tag is next

  // A reader over the content of a constructed TLV; one level deeper.
  [[nodiscard]] Reader inside(const Tlv& tlv) const;
  [[nodiscard]] Reader enter(Tag tag, std::string_view what);  // expect + inside; a failed reader if absent

  // Typed reads: value plus finding on violation.
  [[nodiscard]] std::optional<bool> boolean(std::string_view what);
  [[nodiscard]] std::optional<Bytes> integer(std::string_view what);  // content octets, two's complement, minimal
  [[nodiscard]] std::optional<std::int64_t> small_integer(std::string_view what);
  [[nodiscard]] std::optional<Oid> oid(std::string_view what);
  [[nodiscard]] std::optional<BytesView> octet_string(std::string_view what);
  struct BitString {
    BytesView bits;
    unsigned unused = 0;
  };
  [[nodiscard]] std::optional<BitString> bit_string(std::string_view what);
  [[nodiscard]] std::optional<UnixTime> time(std::string_view what);  // UTCTime or GeneralizedTime by RFC 5280 4.1.2.5
  [[nodiscard]] bool null(std::string_view what);

  // "der.trailing" if anything is left.
  void finish(std::string_view what);

 private:
  BytesView input_;
  std::size_t position_ = 0;
  std::size_t base_ = 0;
  std::size_t depth_ = 0;
  Limits limits_;
  Findings* findings_;
  bool failed_ = false;
};

// Reads a directory or other string type as UTF-8; nothing (with a "der.string" error) if it is not a string type or ill-formed.
[[nodiscard]] std::optional<std::string> string_value(const Tlv& tlv, Findings& findings);

// Walks every element of `input` (constructed ones inside) and reports all DER violations that need no schema,
// including wrong SET OF order. True if the whole input is one well-formed TLV.
bool validate(BytesView input, Findings& findings, Limits limits = {});

// --- Building. All functions return complete TLVs; nothing can fail.
[[nodiscard]] Bytes tlv(Tag tag, BytesView content);
[[nodiscard]] Bytes concat(std::initializer_list<BytesView> parts);
[[nodiscard]] Bytes sequence(std::initializer_list<BytesView> parts);
[[nodiscard]] Bytes sequence_of(const std::vector<Bytes>& parts);
[[nodiscard]] Bytes set_of(std::vector<Bytes> parts);  // sorts as DER demands (X.690 11.6)
[[nodiscard]] Bytes context(std::uint32_t number, BytesView content, bool constructed = true);
[[nodiscard]] Bytes boolean(bool value);
[[nodiscard]] Bytes integer(std::int64_t value);
[[nodiscard]] Bytes unsigned_integer(BytesView magnitude);  // big-endian; leading zeros handled
[[nodiscard]] Bytes oid(const Oid& value);
[[nodiscard]] Bytes octet_string(BytesView value);
[[nodiscard]] Bytes bit_string(BytesView value, unsigned unused = 0);
[[nodiscard]] Bytes null();
[[nodiscard]] Bytes utf8_string(std::string_view value);
[[nodiscard]] Bytes printable_string(std::string_view value);
[[nodiscard]] Bytes ia5_string(std::string_view value);
[[nodiscard]] Bytes time(UnixTime value);  // UTCTime until 2049, GeneralizedTime after (RFC 5280 4.1.2.5)

}  // namespace est::codec::der
