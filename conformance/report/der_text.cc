#include "conformance/report/der_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "conformance/report/der_fields.h"
#include "est/base/text.h"
#include "est/codec/base64.h"
#include "est/codec/der.h"
#include "est/codec/oid.h"

namespace conformance::report {
namespace {

namespace der = est::codec::der;
namespace tags = est::codec::der::tags;

constexpr std::size_t most_octets = 48;  // of a value, in hexadecimal
constexpr std::size_t deepest = 24;

std::string in_hex(est::BytesView octets) {
  std::string text = est::hex(octets.first(std::min(octets.size(), most_octets)));
  if (octets.size() > most_octets) text += fmt::format("... ({} octets)", octets.size());
  return text;
}

bool is_time(const der::Tag& tag) { return tag == tags::utc_time || tag == tags::generalized_time; }

// What stands behind the tag of an element that is not constructed.
std::string value_of(const der::Tlv& tlv) {
  est::Findings ignored;
  if (tlv.tag == tags::oid) {
    const auto oid = est::codec::Oid::from_content(tlv.content);
    if (!oid) return in_hex(tlv.content);
    return oid->name() == oid->dotted() ? oid->dotted() : oid->name() + " (" + oid->dotted() + ")";
  }
  if (tlv.tag == tags::integer && tlv.content.size() <= 4) {
    der::Reader reader(tlv.whole, ignored);
    if (const auto number = reader.small_integer("number")) return std::to_string(*number);
  }
  if (tlv.tag == tags::boolean && tlv.content.size() == 1) return tlv.content[0] == 0 ? "FALSE" : "TRUE";
  if (is_time(tlv.tag)) return est::printable(est::as_text(tlv.content), 60);
  if (const auto text = der::string_value(tlv, ignored)) return "\"" + est::printable(*text, 200) + "\"";
  return in_hex(tlv.content);
}

std::string dotted(const der::Tlv& tlv) {
  const auto oid = est::codec::Oid::from_content(tlv.content);
  return oid ? oid->dotted() : std::string();
}

class Printer {
 public:
  explicit Printer(std::size_t most_lines) : most_lines_(most_lines) {}

  std::string print(est::BytesView octets) {
    est::Findings findings;
    der::Reader reader(octets, findings, {.depth = deepest + 2});
    elements(reader, 0, nullptr);
    for (const auto& finding : findings) {
      if (!line(fmt::format("       ! {} at octet {}: {}", finding.id, finding.offset, est::printable(finding.detail)))) break;
    }
    return std::move(text_);
  }

 private:
  bool line(const std::string& words) {
    if (lines_ == most_lines_) text_ += "       ... the rest is in the message itself\n";
    if (++lines_ > most_lines_) return false;
    text_ += words + "\n";
    return true;
  }

  // `fields` are of the element that these stand in; null for one that has no names.
  void elements(der::Reader& reader, std::size_t depth, const Fields* fields) {
    std::size_t next = 0;
    std::string type;  // the last OBJECT IDENTIFIER among them
    while (!reader.at_end() && lines_ <= most_lines_) {
      const auto tlv = reader.any("element");
      if (!tlv) return;
      Field field = take_field(fields, next, tlv->tag);
      if (field.typed) field.of = fields_of_type(type);
      element(reader, *tlv, depth, field);
      if (tlv->tag == tags::oid) type = dotted(*tlv);
    }
  }

  // The field that an element with this tag is, from `next` on, which moves behind it.
  static Field take_field(const Fields* fields, std::size_t& next, const der::Tag& tag) {
    if (fields == nullptr) return {};
    if (fields->many) next = 0;
    while (next < fields->all.size() && !fields->all[next].fits(tag)) ++next;
    return next < fields->all.size() ? fields->all[next++] : Field{};
  }

  void element(const der::Reader& reader, const der::Tlv& tlv, std::size_t depth, const Field& field) {
    const Kind kind = field.of != nullptr ? Kind{{}, field.of} : depth == 0 ? kind_of_message(tlv) : kind_of(tlv);
    std::string name(field.name);
    if (!kind.name.empty()) name += (name.empty() ? "" : " ") + std::string(kind.name);
    const std::string value = tlv.tag.constructed ? fmt::format("({} octets)", tlv.content.size())
                              : field.text        ? "\"" + est::printable(est::as_text(tlv.content), 200) + "\""
                                                  : value_of(tlv);
    const std::string words = fmt::format("{:>6} {}{}{} {}", tlv.offset, std::string(2 * depth, ' '), name.empty() ? "" : name + ": ",
                                          der::to_string(tlv.tag), tlv.tag == tags::null ? "" : value);
    if (!line(std::string(words.substr(0, words.find_last_not_of(' ') + 1))) || depth >= deepest) return;
    if (tlv.tag.constructed) {
      der::Reader inside = reader.inside(tlv);
      elements(inside, depth + 1, kind.fields);
    } else if (tlv.tag == tags::octet_string) {
      wrapped(tlv, depth, field.of);
    }
  }

  // Extension values and the like.
  void wrapped(const der::Tlv& tlv, std::size_t depth, const Fields* fields) {
    est::Findings findings;
    der::Reader reader(tlv.content, findings, {}, tlv.content_offset());
    const auto inner = reader.any("element");
    if (!inner || !reader.at_end() || !findings.empty() || inner->tag.cls != der::Class::universal || inner->content.empty()) return;
    der::Reader again(tlv.content, findings, {}, tlv.content_offset());
    elements(again, depth + 1, fields);
  }

  std::size_t most_lines_;
  std::size_t lines_ = 0;
  std::string text_;
};

bool is_one_element(est::BytesView octets) {
  est::Findings findings;
  der::Reader reader(octets, findings);
  const auto tlv = reader.any("message");
  return tlv && tlv->tag.cls == der::Class::universal && tlv->tag.constructed && reader.at_end();
}

// The text between the first pair of PEM's boundary lines, or all of it.
std::string_view armoured(std::string_view text) {
  const auto begin = text.find("-----BEGIN ");
  const auto line = begin == std::string_view::npos ? begin : text.find('\n', begin);
  if (line == std::string_view::npos) return text;
  return text.substr(line + 1, text.find("-----END ", line) - line - 1);
}

}  // namespace

std::string der_text(est::BytesView octets, std::size_t most_lines) { return Printer(most_lines).print(octets); }

std::optional<est::Bytes> der_in(est::BytesView octets) {
  if (octets.empty()) return std::nullopt;
  if (is_one_element(octets)) return est::to_bytes(octets);
  const auto decoded = est::codec::decode_base64(armoured(est::as_text(octets)), est::codec::Base64Mode::lenient);
  if (!decoded.value || !is_one_element(*decoded.value)) return std::nullopt;
  return *decoded.value;
}

}  // namespace conformance::report
