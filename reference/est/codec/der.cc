#include "est/codec/der.h"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "est/base/text.h"

namespace est::codec::der {
namespace {

constexpr std::size_t most_findings = 256;
constexpr std::size_t most_findings_with_errors = 2 * most_findings;

struct Problem {
  std::string_view id;
  std::size_t at = 0;  // from the identifier octet
  std::string_view detail;
};

// Identifier and length octets. `fatal` is set when the element cannot be delimited.
struct Head {
  Tag tag;
  std::size_t size = 0;  // of identifier and length octets
  std::size_t length = 0;
  std::optional<Problem> tag_flaw;
  std::optional<Problem> length_flaw;
  std::optional<Problem> fatal;
};

constexpr std::string_view cut_short = "the input ends inside this element";

// X.690 8.1.2: low-tag form in one octet; high-tag form in base-128 digits from the second octet.
void read_tag(BytesView input, Head& head) {
  const unsigned first = input[0];
  head.tag = {static_cast<Class>(first >> 6U), (first & 0x20U) != 0, first & 0x1fU};
  head.size = 1;
  if (head.tag.number != 0x1f) {
    if (head.tag.cls == Class::universal && head.tag.number == 0)
      head.fatal = {"der.tag.reserved", 0, "end-of-contents is not used in DER"};
    return;
  }
  std::uint64_t number = 0;
  while (true) {
    if (head.size >= input.size()) return void(head.fatal = {"der.truncated", 0, cut_short});
    const unsigned octet = input[head.size++];
    number = (number << 7U) | (octet & 0x7fU);
    if (number > std::numeric_limits<std::int32_t>::max()) return void(head.fatal = {"der.tag.too-large", 0, "tag number above 2^31 - 1"});
    if ((octet & 0x80U) == 0) break;
  }
  head.tag.number = static_cast<std::uint32_t>(number);
  const bool padded = input[1] == 0x80;
  if (padded || number < 0x1f) head.tag_flaw = {"der.tag.high-non-minimal", 0, "tag number is not in the shortest form"};
}

// X.690 8.1.3.5 and 10.1: the long form, minimal in DER.
void read_long_length(BytesView octets, std::size_t at, Head& head) {
  const auto significant = std::find_if(octets.begin(), octets.end(), [](Byte octet) { return octet != 0; });
  for (auto octet = significant; octet != octets.end(); ++octet) {
    if (head.length > std::numeric_limits<std::size_t>::max() >> 8U)
      return void(head.fatal = {"der.length.too-large", at, "length does not fit this machine"});
    head.length = (head.length << 8U) | *octet;
  }
  if (head.length < 0x80 || significant != octets.begin())
    head.length_flaw = {"der.length.non-minimal", at, "length is not in the shortest form"};
}

void read_length(BytesView input, Head& head) {
  const std::size_t at = head.size;
  if (at >= input.size()) return void(head.fatal = {"der.truncated", 0, cut_short});
  const unsigned first = input[at];
  ++head.size;
  if (first < 0x80) return void(head.length = first);
  if (first == 0x80) return void(head.fatal = {"der.length.indefinite", at, "indefinite length is BER, not DER"});
  if (first == 0xff) return void(head.fatal = {"der.length.reserved", at, "length octet FF is reserved"});
  const std::size_t count = first & 0x7fU;
  if (count > input.size() - head.size) return void(head.fatal = {"der.truncated", 0, cut_short});
  read_long_length(input.subspan(head.size, count), at, head);
  head.size += count;
}

// Precondition: `input` is not empty.
Head read_head(BytesView input, std::size_t size_limit) {
  Head head;
  read_tag(input, head);
  if (head.fatal) return head;
  const std::size_t length_at = head.size;
  read_length(input, head);
  if (head.fatal) return head;
  if (head.length > size_limit) {
    head.fatal = {"der.length.too-large", length_at, "length exceeds the limit"};
  } else if (head.length > input.size() - head.size) {
    head.fatal = {"der.truncated", 0, cut_short};
  }
  return head;
}

std::string labelled(std::string_view what, std::string_view detail) { return std::string(what) + ": " + std::string(detail); }

// --- Content rules by type. Each returns what is wrong, or an empty text.

std::string_view boolean_flaw(BytesView content) {
  if (content.size() != 1) return "BOOLEAN is not one octet";
  return content[0] == 0 || content[0] == 0xff ? "" : "BOOLEAN is neither 00 nor FF";
}

bool integer_is_minimal(BytesView content) {
  if (content.size() < 2) return true;
  const bool sign = (content[1] & 0x80U) != 0;
  return content[0] != (sign ? 0xff : 0x00);
}

bool bit_string_is_readable(BytesView content) { return !content.empty() && content[0] <= 7 && (content.size() > 1 || content[0] == 0); }

bool bit_string_padding_is_zero(BytesView content) { return content.size() < 2 || (content.back() & ((1U << content[0]) - 1U)) == 0; }

struct CalendarTime {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

std::optional<int> two_digits(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const std::optional<std::uint64_t> value = parse_decimal(text.substr(0, 2));
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}

bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_in(int year, int month) {
  constexpr std::array days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[static_cast<std::size_t>(month - 1)];
}

bool in_calendar(const CalendarTime& t) {
  return t.month >= 1 && t.month <= 12 && t.day >= 1 && t.day <= days_in(t.year, t.month) && t.hour < 24 && t.minute < 60 && t.second < 60;
}

// "MMDDHHMMSS"
std::optional<CalendarTime> calendar(int year, std::string_view digits) {
  CalendarTime t;
  t.year = year;
  for (int* field : {&t.month, &t.day, &t.hour, &t.minute, &t.second}) {
    const std::optional<int> value = two_digits(digits);
    if (!value) return std::nullopt;
    *field = *value;
    digits.remove_prefix(2);
  }
  if (!digits.empty() || !in_calendar(t)) return std::nullopt;
  return t;
}

// YYMMDDHHMMSSZ; RFC 5280 4.1.2.5.1: YY >= 50 is 19YY.
std::optional<CalendarTime> utc_time(std::string_view text) {
  if (text.size() != 13 || text.back() != 'Z') return std::nullopt;
  const std::optional<int> year = two_digits(text);
  if (!year) return std::nullopt;
  return calendar(*year + (*year >= 50 ? 1900 : 2000), text.substr(2, 10));
}

// YYYYMMDDHHMMSSZ; X.690 11.7 permits a fraction without trailing zeros, RFC 5280 4.1.2.5.2 does not.
std::optional<CalendarTime> generalized_time(std::string_view text, bool fraction_allowed) {
  if (text.size() < 15 || text.back() != 'Z') return std::nullopt;
  const std::string_view fraction = text.substr(14, text.size() - 15);
  const bool fraction_ok =
      fraction.empty() || (fraction_allowed && fraction.size() > 1 && fraction[0] == '.' && fraction.back() != '0' &&
                           std::all_of(fraction.begin() + 1, fraction.end(), [](char c) { return c >= '0' && c <= '9'; }));
  const std::optional<int> century = two_digits(text);
  const std::optional<int> year = two_digits(text.substr(2));
  if (!fraction_ok || !century || !year) return std::nullopt;
  return calendar(*century * 100 + *year, text.substr(4, 10));
}

// Days since 1970-01-01 in the proleptic Gregorian calendar; years are counted from March so that leap days come last.
std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

UnixTime unix_time(const CalendarTime& t) {
  return days_from_civil(t.year, t.month, t.day) * 86400 + (t.hour * 60 + t.minute) * std::int64_t{60} + t.second;
}

CalendarTime calendar_time(UnixTime time) {
  const std::int64_t days = (time >= 0 ? time : time - 86399) / 86400;
  const std::int64_t seconds = time - days * 86400;
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  CalendarTime t;
  t.day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  t.month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  t.year = static_cast<int>(year_of_era + era * 400 + (t.month <= 2 ? 1 : 0));
  t.hour = static_cast<int>(seconds / 3600);
  t.minute = static_cast<int>(seconds / 60 % 60);
  t.second = static_cast<int>(seconds % 60);
  return t;
}

// --- Strings

void append_utf8(std::string& text, std::uint32_t point) {
  const auto push = [&text](std::uint32_t octet) { text.push_back(static_cast<char>(octet)); };
  if (point < 0x80) return push(point);
  if (point < 0x800) {
    push(0xc0U | point >> 6U);
  } else if (point < 0x10000) {
    push(0xe0U | point >> 12U);
    push(0x80U | (point >> 6U & 0x3fU));
  } else {
    push(0xf0U | point >> 18U);
    push(0x80U | (point >> 12U & 0x3fU));
    push(0x80U | (point >> 6U & 0x3fU));
  }
  push(0x80U | (point & 0x3fU));
}

bool is_scalar(std::uint32_t point) { return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff); }

// The length of the well-formed sequence at the start (RFC 3629 section 4), 0 if there is none.
std::size_t utf8_sequence(BytesView text) {
  const unsigned first = text[0];
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  std::uint32_t point = first & (0xffU >> (length + 1));
  for (const Byte octet : text.subspan(1, length - 1)) {
    if ((octet & 0xc0U) != 0x80) return 0;
    point = point << 6U | (octet & 0x3fU);
  }
  constexpr std::array<std::uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  return point >= least[length] && is_scalar(point) ? length : 0;
}

bool is_utf8(BytesView text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text = text.subspan(length);
  }
  return true;
}

// BMPString (2 octets a character) and UniversalString (4).
std::optional<std::string> wide_string(BytesView content, std::size_t width) {
  if (content.size() % width != 0) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < content.size(); i += width) {
    std::uint32_t point = 0;
    for (const Byte octet : content.subspan(i, width)) point = point << 8U | octet;
    if (!is_scalar(point)) return std::nullopt;
    append_utf8(text, point);
  }
  return text;
}

std::string latin1_string(BytesView content) {
  std::string text;
  for (const Byte octet : content) append_utf8(text, octet);
  return text;
}

bool all_of(BytesView content, bool (*accepts)(unsigned)) {
  return std::all_of(content.begin(), content.end(), [accepts](Byte octet) { return accepts(octet); });
}

bool is_printable_octet(unsigned c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         (c != 0 && std::string_view(" '()+,-./:=?").find(static_cast<char>(c)) != std::string_view::npos);
}

bool in_repertoire(const Tag& tag, BytesView content) {
  if (tag == tags::printable_string) return all_of(content, is_printable_octet);
  if (tag == tags::numeric_string) return all_of(content, [](unsigned c) { return (c >= '0' && c <= '9') || c == ' '; });
  if (tag == tags::visible_string) return all_of(content, [](unsigned c) { return c >= 0x20 && c < 0x7f; });
  return all_of(content, [](unsigned c) { return c < 0x80; });
}

// --- The schema-free walk

class Validator {
 public:
  explicit Validator(Findings& findings) : findings_(findings) {}

  void element(const Reader& reader, const Tlv& tlv) {
    if (tlv.tag.cls == Class::universal && !universal_form(tlv)) return;
    if (!tlv.tag.constructed) return;
    Reader inside = reader.inside(tlv);
    const bool ordered = tlv.tag == tags::set;
    BytesView previous;
    while (!inside.at_end()) {
      const std::optional<Tlv> child = inside.any("element");
      if (!child) return;
      if (ordered && std::lexicographical_compare(child->whole.begin(), child->whole.end(), previous.begin(), previous.end()))
        report(findings_, "der.set.order", Severity::error, child->offset, "elements of the SET OF are not in ascending order");
      previous = child->whole;
      element(inside, *child);
    }
  }

 private:
  void flaw(const Tlv& tlv, std::string_view id, std::string_view detail) {
    report(findings_, id, Severity::error, tlv.content_offset(), std::string(detail));
  }

  // Checks the form, and the content of primitive types. False if there is no sense in looking inside.
  bool universal_form(const Tlv& tlv) {
    const bool structured = tlv.tag.number == tags::sequence.number || tlv.tag.number == tags::set.number || tlv.tag.number == 8 ||
                            tlv.tag.number == 11;  // EXTERNAL, EMBEDDED PDV
    if (structured && !tlv.tag.constructed) {
      report(findings_, "der.tag.unexpected", Severity::error, tlv.offset, to_string(tlv.tag) + " must be constructed");
      return false;
    }
    if (structured) return true;
    if (tlv.tag.constructed) {
      report(findings_, "der.constructed-string", Severity::error, tlv.offset, to_string(tlv.tag) + " must be primitive in DER");
      return true;
    }
    content(tlv);
    return false;
  }

  void content(const Tlv& tlv) {
    const Tag& tag = tlv.tag;
    if (tag == tags::boolean && !boolean_flaw(tlv.content).empty()) flaw(tlv, "der.boolean", boolean_flaw(tlv.content));
    if (tag == tags::integer || tag == tags::enumerated) integer(tlv);
    if (tag == tags::oid && !Oid::from_content(tlv.content)) flaw(tlv, "der.oid", "not a valid OBJECT IDENTIFIER");
    if (tag == tags::null && !tlv.content.empty()) flaw(tlv, "der.null", "NULL has content");
    if (tag == tags::bit_string && (!bit_string_is_readable(tlv.content) || !bit_string_padding_is_zero(tlv.content)))
      flaw(tlv, "der.bit-string", "wrong count of unused bits, or unused bits that are not zero");
    if (tag == tags::utc_time && !utc_time(as_text(tlv.content))) flaw(tlv, "der.time", "not YYMMDDHHMMSSZ");
    if (tag == tags::generalized_time && !generalized_time(as_text(tlv.content), true)) flaw(tlv, "der.time", "not YYYYMMDDHHMMSS[.f]Z");
    if (is_string(tag)) static_cast<void>(string_value(tlv, findings_));
  }

  void integer(const Tlv& tlv) {
    if (tlv.content.empty()) return flaw(tlv, "der.integer.empty", "INTEGER without content");
    if (!integer_is_minimal(tlv.content)) flaw(tlv, "der.integer.non-minimal", "INTEGER is not in the shortest form");
  }

  Findings& findings_;
};

}  // namespace

void report(Findings& findings, std::string_view id, Severity severity, std::size_t offset, std::string detail) {
  const std::size_t most = severity == Severity::error ? most_findings_with_errors : most_findings;
  if (findings.size() < most) findings.push_back({std::string(id), severity, offset, std::move(detail)});
}

void merge(Findings& findings, Findings&& more) {
  const std::size_t before = findings.size();
  for (Finding& finding : more) {
    const auto end = findings.begin() + static_cast<std::ptrdiff_t>(before);
    const bool known =
        std::any_of(findings.begin(), end, [&](const Finding& f) { return f.id == finding.id && f.offset == finding.offset; });
    if (!known) report(findings, finding.id, finding.severity, finding.offset, std::move(finding.detail));
  }
}

void tidy(Findings& findings) {
  const auto key = [](const Finding& f) { return std::tie(f.offset, f.id); };
  std::stable_sort(findings.begin(), findings.end(), [&](const Finding& a, const Finding& b) { return key(a) < key(b); });
  const auto same = [&](const Finding& a, const Finding& b) { return key(a) == key(b); };
  findings.erase(std::unique(findings.begin(), findings.end(), same), findings.end());
}

std::string to_string(const Tag& tag) {
  if (tag.cls == Class::universal) {
    constexpr std::array<std::string_view, 31> names = {"end-of-contents",
                                                        "BOOLEAN",
                                                        "INTEGER",
                                                        "BIT STRING",
                                                        "OCTET STRING",
                                                        "NULL",
                                                        "OBJECT IDENTIFIER",
                                                        "ObjectDescriptor",
                                                        "EXTERNAL",
                                                        "REAL",
                                                        "ENUMERATED",
                                                        "EMBEDDED PDV",
                                                        "UTF8String",
                                                        "RELATIVE-OID",
                                                        "TIME",
                                                        "",
                                                        "SEQUENCE",
                                                        "SET",
                                                        "NumericString",
                                                        "PrintableString",
                                                        "TeletexString",
                                                        "VideotexString",
                                                        "IA5String",
                                                        "UTCTime",
                                                        "GeneralizedTime",
                                                        "GraphicString",
                                                        "VisibleString",
                                                        "GeneralString",
                                                        "UniversalString",
                                                        "CHARACTER STRING",
                                                        "BMPString"};
    const bool structured = tag.number == tags::sequence.number || tag.number == tags::set.number;
    const std::string name = tag.number < names.size() && !names[tag.number].empty() ? std::string(names[tag.number])
                                                                                     : "universal " + std::to_string(tag.number);
    return name + (tag.constructed == structured ? "" : tag.constructed ? " constructed" : " primitive");
  }
  constexpr std::array<std::string_view, 4> classes = {"", "APPLICATION ", "", "PRIVATE "};
  return "[" + std::string(classes[static_cast<std::size_t>(tag.cls)]) + std::to_string(tag.number) + "]" +
         (tag.constructed ? " constructed" : "");
}

Reader::Reader(BytesView input, Findings& findings, Limits limits, std::size_t base)
    : input_(input), base_(base), limits_(limits), findings_(&findings) {
  if (input.size() > limits.size) static_cast<void>(fail("der.length.too-large", base, "the input exceeds the size limit"));
}

std::nullopt_t Reader::fail(std::string_view id, std::size_t at, std::string detail) {
  if (!failed_) report(id, Severity::error, at, std::move(detail));
  failed_ = true;
  return std::nullopt;
}

void Reader::report(std::string_view id, Severity severity, std::size_t at, std::string detail) const {
  der::report(*findings_, id, severity, at, std::move(detail));
}

bool Reader::at_end() const noexcept { return failed_ || position_ >= input_.size(); }

std::size_t Reader::offset() const noexcept { return base_ + position_; }

std::optional<Tag> Reader::peek() const noexcept {
  if (at_end()) return std::nullopt;
  Head head;
  read_tag(input_.subspan(position_), head);
  if (head.fatal) return std::nullopt;
  return head.tag;
}

std::optional<Tlv> Reader::any(std::string_view what) {
  if (failed_) return std::nullopt;
  const std::size_t start = offset();
  if (position_ >= input_.size()) return fail("der.missing", start, std::string(what) + " is missing");
  const BytesView rest = input_.subspan(position_);
  const Head head = read_head(rest, limits_.size);
  if (head.fatal) return fail(head.fatal->id, start + head.fatal->at, labelled(what, head.fatal->detail));
  for (const std::optional<Problem>& flaw : {head.tag_flaw, head.length_flaw})
    if (flaw) report(flaw->id, Severity::error, start + flaw->at, labelled(what, flaw->detail));
  position_ += head.size + head.length;
  return Tlv{head.tag, start, rest.first(head.size + head.length), rest.subspan(head.size, head.length)};
}

std::optional<Tlv> Reader::expect(Tag tag, std::string_view what) {
  if (failed_) return std::nullopt;
  const std::optional<Tag> next = peek();
  if (next && *next != tag)
    return fail("der.tag.unexpected", offset(), labelled(what, "expected " + to_string(tag) + ", found " + to_string(*next)));
  return any(what);
}

std::optional<Tlv> Reader::optional(Tag tag, std::string_view what) {
  const std::optional<Tag> next = peek();
  if (!next || *next != tag) return std::nullopt;
  return any(what);
}

Reader Reader::scout(Findings& elsewhere) const {
  Reader copy = *this;
  copy.findings_ = &elsewhere;
  return copy;
}

Reader Reader::inside(const Tlv& tlv) const {
  Reader inner(tlv.content, *findings_, limits_, tlv.content_offset());
  inner.depth_ = depth_ + 1;
  inner.failed_ = inner.failed_ || failed_;
  if (inner.depth_ > limits_.depth) static_cast<void>(inner.fail("der.depth", tlv.offset, "nested too deeply"));
  return inner;
}

Reader Reader::enter(Tag tag, std::string_view what) {
  const std::optional<Tlv> tlv = expect(tag, what);
  if (tlv) return inside(*tlv);
  Reader nothing(BytesView{}, *findings_, limits_, offset());
  nothing.failed_ = true;
  return nothing;
}

std::optional<bool> Reader::boolean(std::string_view what) {
  const std::optional<Tlv> tlv = expect(tags::boolean, what);
  if (!tlv) return std::nullopt;
  const std::string_view flaw = boolean_flaw(tlv->content);
  if (tlv->content.size() != 1) return fail("der.boolean", tlv->content_offset(), labelled(what, flaw));
  if (!flaw.empty()) report("der.boolean", Severity::error, tlv->content_offset(), labelled(what, flaw));
  return tlv->content[0] != 0;
}

std::optional<Bytes> Reader::integer(std::string_view what) {
  const std::optional<Tlv> tlv = expect(tags::integer, what);
  if (!tlv) return std::nullopt;
  if (tlv->content.empty()) return fail("der.integer.empty", tlv->content_offset(), labelled(what, "INTEGER without content"));
  if (!integer_is_minimal(tlv->content))
    report("der.integer.non-minimal", Severity::error, tlv->content_offset(), labelled(what, "INTEGER is not in the shortest form"));
  return to_bytes(tlv->content);
}

std::optional<std::int64_t> Reader::small_integer(std::string_view what) {
  const std::optional<Bytes> content = integer(what);
  if (!content) return std::nullopt;
  if (content->size() > sizeof(std::int64_t))
    return fail("der.integer.range", offset() - content->size(), labelled(what, "INTEGER is out of range"));
  std::uint64_t value = (content->front() & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
  for (const Byte octet : *content) value = value << 8U | octet;
  return static_cast<std::int64_t>(value);
}

std::optional<Oid> Reader::oid(std::string_view what) {
  const std::optional<Tlv> tlv = expect(tags::oid, what);
  if (!tlv) return std::nullopt;
  std::optional<Oid> value = Oid::from_content(tlv->content);
  if (!value) return fail("der.oid", tlv->content_offset(), labelled(what, "not a valid OBJECT IDENTIFIER"));
  return value;
}

std::optional<BytesView> Reader::octet_string(std::string_view what) {
  const std::optional<Tlv> tlv = expect(tags::octet_string, what);
  return tlv ? std::optional<BytesView>(tlv->content) : std::nullopt;
}

std::optional<Reader::BitString> Reader::bit_string(std::string_view what) {
  const std::optional<Tlv> tlv = expect(tags::bit_string, what);
  return tlv ? bit_string_in(*tlv, what) : std::nullopt;
}

std::optional<Reader::BitString> Reader::bit_string_in(const Tlv& tlv, std::string_view what) {
  const BytesView content = tlv.content;
  if (!bit_string_is_readable(content)) return fail("der.bit-string", tlv.content_offset(), labelled(what, "wrong count of unused bits"));
  if (!bit_string_padding_is_zero(content))
    report("der.bit-string", Severity::error, tlv.content_offset(), labelled(what, "unused bits are not zero"));
  return BitString{content.subspan(1), content[0]};
}

std::optional<UnixTime> Reader::time(std::string_view what) {
  const bool general = peek() == tags::generalized_time;
  const std::optional<Tlv> tlv = expect(general ? tags::generalized_time : tags::utc_time, what);
  if (!tlv) return std::nullopt;
  const std::string_view text = as_text(tlv->content);
  const std::optional<CalendarTime> time = general ? generalized_time(text, false) : utc_time(text);
  if (!time) return fail("der.time", tlv->content_offset(), labelled(what, general ? "not YYYYMMDDHHMMSSZ" : "not YYMMDDHHMMSSZ"));
  return unix_time(*time);
}

bool Reader::null(std::string_view what) {
  const std::optional<Tlv> tlv = expect(tags::null, what);
  if (!tlv) return false;
  if (!tlv->content.empty()) report("der.null", Severity::error, tlv->content_offset(), labelled(what, "NULL has content"));
  return true;
}

void Reader::finish(std::string_view what) {
  if (!at_end()) static_cast<void>(fail("der.trailing", offset(), labelled(what, "octets left over at the end")));
}

bool is_string(const Tag& tag) noexcept {
  constexpr std::array kinds = {tags::utf8_string, tags::printable_string, tags::ia5_string,     tags::teletex_string,
                                tags::bmp_string,  tags::universal_string, tags::numeric_string, tags::visible_string};
  return std::find(kinds.begin(), kinds.end(), tag) != kinds.end();
}

bool is_printable_string(std::string_view text) noexcept { return all_of(as_bytes(text), is_printable_octet); }

std::optional<std::string> string_value(const Tlv& tlv, Findings& findings) {
  const Tag& tag = tlv.tag;
  const auto flaw = [&](std::string_view detail) {
    report(findings, "der.string", Severity::error, tlv.content_offset(), labelled(to_string(tag), detail));
    return std::optional<std::string>();
  };
  if (!is_string(tag)) return flaw("not a string type");
  if (tag == tags::utf8_string) return is_utf8(tlv.content) ? std::optional(std::string(as_text(tlv.content))) : flaw("ill-formed UTF-8");
  if (tag == tags::teletex_string) return latin1_string(tlv.content);
  if (tag == tags::bmp_string || tag == tags::universal_string) {
    std::optional<std::string> text = wide_string(tlv.content, tag == tags::bmp_string ? 2 : 4);
    return text ? text : flaw("not whole characters");
  }
  if (!in_repertoire(tag, tlv.content)) static_cast<void>(flaw("a character the type does not have"));
  return latin1_string(tlv.content);
}

bool validate(BytesView input, Findings& findings, Limits limits, std::size_t base) {
  Findings found;
  Reader reader(input, found, limits, base);
  if (const std::optional<Tlv> outermost = reader.any("message")) {
    Validator(found).element(reader, *outermost);
    reader.finish("message");
  }
  const bool clean = !has_errors(found);
  merge(findings, std::move(found));
  return clean;
}

// --- Building

namespace {

void append_base128(Bytes& to, std::uint32_t number) {
  for (unsigned shift = 28; shift > 0; shift -= 7)
    if (number >> shift != 0) to.push_back(static_cast<Byte>(0x80U | (number >> shift & 0x7fU)));
  to.push_back(static_cast<Byte>(number & 0x7fU));
}

void append_length(Bytes& to, std::size_t length) {
  if (length < 0x80) return to.push_back(static_cast<Byte>(length));
  unsigned count = 0;
  for (std::size_t rest = length; rest > 0; rest >>= 8U) ++count;
  to.push_back(static_cast<Byte>(0x80U | count));
  for (unsigned i = count; i > 0; --i) to.push_back(static_cast<Byte>(length >> (8U * (i - 1))));
}

template <typename Parts>
std::size_t total_size(const Parts& parts) {
  std::size_t total = 0;
  for (const BytesView part : parts) total += part.size();
  return total;
}

// Identifier, length and the parts one after the other, each octet written once.
template <typename Parts>
Bytes framed(Tag tag, const Parts& parts) {
  constexpr std::size_t longest_head = 6 + 9;
  const std::size_t length = total_size(parts);
  Bytes whole;
  whole.reserve(longest_head + length);
  const unsigned leading = static_cast<unsigned>(tag.cls) << 6U | (tag.constructed ? 0x20U : 0U);
  whole.push_back(static_cast<Byte>(leading | std::min<std::uint32_t>(tag.number, 0x1f)));
  if (tag.number >= 0x1f) append_base128(whole, tag.number);
  append_length(whole, length);
  for (const BytesView part : parts) append(whole, part);
  return whole;
}

Bytes text_tlv(Tag tag, std::string_view value) { return tlv(tag, as_bytes(value)); }

}  // namespace

Bytes tlv(Tag tag, BytesView content) { return framed(tag, std::array{content}); }

Bytes concat(std::initializer_list<BytesView> parts) {
  Bytes all;
  all.reserve(total_size(parts));
  for (const BytesView part : parts) append(all, part);
  return all;
}

Bytes sequence(std::initializer_list<BytesView> parts) { return framed(tags::sequence, parts); }
Bytes sequence_of(const std::vector<Bytes>& parts) { return framed(tags::sequence, parts); }

Bytes set_of(std::vector<Bytes> parts) {
  std::sort(parts.begin(), parts.end());
  return framed(tags::set, parts);
}

Bytes context(std::uint32_t number, BytesView content, bool constructed) { return tlv(tags::context(number, constructed), content); }

Bytes boolean(bool value) { return tlv(tags::boolean, Bytes{static_cast<Byte>(value ? 0xff : 0x00)}); }

Bytes integer(std::int64_t value) {
  std::array<Byte, 8> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = static_cast<Byte>(static_cast<std::uint64_t>(value) >> (56 - 8 * i));
  BytesView content(octets);
  while (!integer_is_minimal(content)) content = content.subspan(1);
  return tlv(tags::integer, content);
}

Bytes unsigned_integer(BytesView magnitude) {
  Bytes content{0};
  append(content, magnitude);
  while (!integer_is_minimal(content)) content.erase(content.begin());
  return tlv(tags::integer, content);
}

Bytes oid(const Oid& value) { return tlv(tags::oid, value.content()); }
Bytes octet_string(BytesView value) { return tlv(tags::octet_string, value); }

Bytes bit_string(BytesView value, unsigned unused) {
  Bytes content{static_cast<Byte>(unused)};
  append(content, value);
  return tlv(tags::bit_string, content);
}

Bytes null() { return tlv(tags::null, {}); }
Bytes utf8_string(std::string_view value) { return text_tlv(tags::utf8_string, value); }
Bytes printable_string(std::string_view value) { return text_tlv(tags::printable_string, value); }
Bytes ia5_string(std::string_view value) { return text_tlv(tags::ia5_string, value); }

Bytes time(UnixTime value) {
  constexpr UnixTime year_zero = -62167219200;
  constexpr UnixTime end_of_9999 = 253402300799;  // RFC 5280 4.1.2.5: the "no well-defined expiration" value
  const CalendarTime t = calendar_time(std::clamp(value, year_zero, end_of_9999));
  std::string whole;
  append_decimal(whole, t.year, 4);
  for (const int part : {t.month, t.day, t.hour, t.minute, t.second}) append_decimal(whole, part, 2);
  whole += 'Z';
  const bool short_form = t.year >= 1950 && t.year <= 2049;
  return short_form ? text_tlv(tags::utc_time, std::string_view(whole).substr(2)) : text_tlv(tags::generalized_time, whole);
}

}  // namespace est::codec::der
