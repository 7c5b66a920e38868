#include "conformance/report/der_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

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

// The fields of a SEQUENCE in their order. One with a context tag may be absent, one without must be there; `of` names what is inside.
struct Field {
  std::string_view name;
  int context = -1;
  std::span<const Field> of = {};
};

constexpr std::array<Field, 2> algorithm_fields{{{"algorithm"}, {"parameters"}}};
constexpr std::array<Field, 2> key_fields{{{"algorithm", -1, algorithm_fields}, {"subjectPublicKey"}}};
constexpr std::array<Field, 2> validity_fields{{{"notBefore"}, {"notAfter"}}};
constexpr std::array<Field, 10> tbs_fields{{{"version", 0},
                                            {"serialNumber"},
                                            {"signature", -1, algorithm_fields},
                                            {"issuer"},
                                            {"validity", -1, validity_fields},
                                            {"subject"},
                                            {"subjectPublicKeyInfo", -1, key_fields},
                                            {"issuerUniqueID", 1},
                                            {"subjectUniqueID", 2},
                                            {"extensions", 3}}};
constexpr std::array<Field, 3> certificate_fields{
    {{"tbsCertificate", -1, tbs_fields}, {"signatureAlgorithm", -1, algorithm_fields}, {"signature"}}};
constexpr std::array<Field, 4> request_info_fields{{{"version"}, {"subject"}, {"subjectPKInfo", -1, key_fields}, {"attributes", 0}}};
constexpr std::array<Field, 3> request_fields{
    {{"certificationRequestInfo", -1, request_info_fields}, {"signatureAlgorithm", -1, algorithm_fields}, {"signature"}}};
constexpr std::array<Field, 2> content_fields{{{"eContentType"}, {"eContent", 0}}};
constexpr std::array<Field, 6> signed_fields{
    {{"version"}, {"digestAlgorithms"}, {"encapContentInfo", -1, content_fields}, {"certificates", 0}, {"crls", 1}, {"signerInfos"}}};
constexpr std::array<Field, 1> signed_content{{{"SignedData", -1, signed_fields}}};
constexpr std::array<Field, 2> message_fields{{{"contentType"}, {"content", 0, signed_content}}};

struct Kind {
  std::string_view name;
  std::span<const Field> fields;
};

// The tags of the first elements inside.
std::vector<der::Tag> tags_inside(const der::Tlv& tlv) {
  std::vector<der::Tag> found;
  est::Findings ignored;
  der::Reader inside(tlv.content, ignored);
  while (found.size() < 5 && !inside.at_end()) {
    const auto next = inside.any("element");
    if (!next) break;
    found.push_back(next->tag);
  }
  return found;
}

Kind kind_of(const der::Tlv& tlv) {
  if (tlv.tag != tags::sequence) return {};
  const auto outer = tags_inside(tlv);
  if (outer.size() == 2 && outer[0] == tags::oid && outer[1] == tags::context(0, true)) return {"ContentInfo", message_fields};
  if (outer.size() != 3 || outer[0] != tags::sequence || outer[1] != tags::sequence || outer[2] != tags::bit_string) return {};
  est::Findings ignored;
  der::Reader inside(tlv.content, ignored);
  const auto signed_part = inside.any("signed part");
  const auto inner = signed_part ? tags_inside(*signed_part) : std::vector<der::Tag>();
  if (inner.size() == 4 && inner[0] == tags::integer && inner[3] == tags::context(0, true)) return {"CertificationRequest", request_fields};
  if (inner.size() == 5 && (inner[0] == tags::context(0, true) || inner[0] == tags::integer)) return {"Certificate", certificate_fields};
  return {};
}

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

class Printer {
 public:
  explicit Printer(std::size_t most_lines) : most_lines_(most_lines) {}

  std::string print(est::BytesView octets) {
    est::Findings findings;
    der::Reader reader(octets, findings, {.depth = deepest + 2});
    elements(reader, 0, {});
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

  void elements(der::Reader& reader, std::size_t depth, std::span<const Field> fields) {
    std::size_t next = 0;
    while (!reader.at_end() && lines_ <= most_lines_) {
      const auto tlv = reader.any("element");
      if (!tlv) return;
      const auto is_absent = [&](const Field& field) {
        return field.context >= 0 && !(tlv->tag.cls == der::Class::context && tlv->tag.number == static_cast<std::uint32_t>(field.context));
      };
      while (next < fields.size() && is_absent(fields[next])) ++next;
      element(reader, *tlv, depth, next < fields.size() ? fields[next] : Field{});
      ++next;
    }
  }

  void element(const der::Reader& reader, const der::Tlv& tlv, std::size_t depth, const Field& field) {
    const Kind kind = field.of.empty() ? kind_of(tlv) : Kind{{}, field.of};
    std::string name(field.name);
    if (!kind.name.empty()) name += (name.empty() ? "" : " ") + std::string(kind.name);
    const std::string value = tlv.tag.constructed ? fmt::format("({} octets)", tlv.content.size()) : value_of(tlv);
    const std::string words = fmt::format("{:>6} {}{}{} {}", tlv.offset, std::string(2 * depth, ' '), name.empty() ? "" : name + ": ",
                                          der::to_string(tlv.tag), tlv.tag == tags::null ? "" : value);
    if (!line(std::string(words.substr(0, words.find_last_not_of(' ') + 1))) || depth >= deepest) return;
    if (tlv.tag.constructed) {
      der::Reader inside = reader.inside(tlv);
      elements(inside, depth + 1, kind.fields);
    } else if (tlv.tag == tags::octet_string) {
      wrapped(tlv, depth);
    }
  }

  // Extension values and the like.
  void wrapped(const der::Tlv& tlv, std::size_t depth) {
    est::Findings findings;
    der::Reader reader(tlv.content, findings, {}, tlv.content_offset());
    const auto inner = reader.any("element");
    if (!inner || !reader.at_end() || !findings.empty() || inner->tag.cls != der::Class::universal || inner->content.empty()) return;
    der::Reader again(tlv.content, findings, {}, tlv.content_offset());
    elements(again, depth + 1, {});
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
