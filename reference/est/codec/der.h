// A strict DER reader and builder (X.690 clauses 8, 10 and 11). Nothing here allocates per element while reading,
// nothing reads outside its input, depth and size are bounded.
//
// Finding ids (all Severity::error unless said) and what their offset points at:
//   the identifier octet:    der.truncated, der.tag.high-non-minimal, der.tag.too-large (tag number above 2^31 - 1),
//                            der.tag.reserved (end-of-contents), der.tag.unexpected, der.constructed-string,
//                            der.default-encoded, der.set.order (the element that should have come earlier)
//   the first length octet:  der.length.indefinite, der.length.non-minimal, der.length.reserved, der.length.too-large
//   the first content octet: der.boolean, der.integer.empty, der.integer.non-minimal, der.integer.range, der.oid,
//                            der.bit-string, der.named-bits (trailing zero bits, X.690
//                            11.2.2; a warning: published root certificates have them), der.null, der.string, der.time
//   where something should have been: der.missing; the first octet too many: der.trailing; the element too deep: der.depth.
// At most a few hundred findings are kept per list, so that a hostile message cannot fill the memory with them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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
inline constexpr Tag numeric_string{Class::universal, false, 18}, visible_string{Class::universal, false, 26};
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
  BytesView whole;         // identifier, length and content; borrowed from the reader's input
  BytesView content;
  [[nodiscard]] std::size_t content_offset() const { return offset + (whole.size() - content.size()); }
};

struct Limits {
  std::size_t depth = 32;
  std::size_t size = std::size_t{16} << 20U;
};

// Adds to the list unless it is full. Errors still find room when notes and warnings no longer do.
void report(Findings& findings, std::string_view id, Severity severity, std::size_t offset, std::string detail);
// Adds those of `more` that are not in `findings` yet (same id and offset).
void merge(Findings& findings, Findings&& more);
// In the order of the offsets, each (offset, id) once.
void tidy(Findings& findings);

// A cursor over consecutive TLVs. Findings go to the list given at the start, with offsets in the outermost input.
// After a failed call the cursor is spent: at_end() is true and every further call returns nothing *without* adding
// another finding, so a parser may read on and test once.
// BER shapes that can still be delimited (non-minimal lengths) are reported as errors and read on; indefinite lengths end the reading.
// Likewise a typed read returns a value beside its finding when the content still has an obvious meaning (TRUE as 01,
// an integer with leading zeros); it returns nothing, and spends the cursor, only when it has none.
class Reader {
 public:
  // `base` is where `input` starts in the outermost input: for parts that were kept and are read later.
  Reader(BytesView input, Findings& findings, Limits limits = {}, std::size_t base = 0);

  [[nodiscard]] bool at_end() const noexcept;
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::size_t offset() const noexcept;
  // The tag that comes next, without moving; nothing at the end or when it cannot be read (no finding is added).
  [[nodiscard]] std::optional<Tag> peek() const noexcept;

  [[nodiscard]] std::optional<Tlv> any(std::string_view what);
  [[nodiscard]] std::optional<Tlv> expect(Tag tag, std::string_view what);
  [[nodiscard]] std::optional<Tlv> optional(Tag tag, std::string_view what);  // nothing, without finding, if another tag is next

  // A copy for looking ahead: it stands where this one does and reports elsewhere.
  [[nodiscard]] Reader scout(Findings& elsewhere) const;

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
  [[nodiscard]] std::optional<BitString> bit_string_in(const Tlv& tlv, std::string_view what);  // that has been read, IMPLICIT
  [[nodiscard]] std::optional<UnixTime> time(std::string_view what);  // UTCTime or GeneralizedTime by RFC 5280 4.1.2.5
  [[nodiscard]] bool null(std::string_view what);                     // true when a NULL was there

  // A finding about the element the caller is at; the cursor stays usable.
  void report(std::string_view id, Severity severity, std::size_t at, std::string detail) const;
  [[nodiscard]] Findings& findings() const noexcept { return *findings_; }

  // "der.trailing" if anything is left.
  void finish(std::string_view what);

 private:
  std::nullopt_t fail(std::string_view id, std::size_t at, std::string detail);

  BytesView input_;
  std::size_t position_ = 0;
  std::size_t base_ = 0;
  std::size_t depth_ = 0;
  Limits limits_;
  Findings* findings_;
  bool failed_ = false;
};

// Reads a directory or other string type as UTF-8; nothing (with a "der.string" error) if it is not a string type or ill-formed.
// Text and finding together when only the repertoire is wrong ('@' in a PrintableString). TeletexString is read as Latin-1.
[[nodiscard]] std::optional<std::string> string_value(const Tlv& tlv, Findings& findings);
[[nodiscard]] bool is_string(const Tag& tag) noexcept;
[[nodiscard]] bool is_printable_string(std::string_view text) noexcept;  // X.680 41.4

// Walks every element of `input` (constructed ones inside) and reports all DER violations that need no schema,
// including wrong SET OF order. True if the whole input is one well-formed TLV.
// Every universal SET is taken for a SET OF: EST's messages contain no other.
bool validate(BytesView input, Findings& findings, Limits limits = {}, std::size_t base = 0);

// Reads one whole structure: what `read` takes from the cursor, then "der.trailing" and every schema-free violation
// that reading by the schema did not meet. Findings come out in the order of their offsets.
template <class Read>
[[nodiscard]] auto decode_whole(BytesView input, std::string_view what, Read read)
    -> Decoded<typename decltype(read(std::declval<Reader&>()))::value_type> {
  Decoded<typename decltype(read(std::declval<Reader&>()))::value_type> decoded;
  Reader reader(input, decoded.findings);
  decoded.value = read(reader);
  reader.finish(what);
  validate(input, decoded.findings);
  tidy(decoded.findings);
  return decoded;
}

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
