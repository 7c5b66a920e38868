#include "est/codec/base64.h"

#include <algorithm>
#include <array>
#include <utility>

#include "est/base/text.h"

namespace est::codec {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr Byte invalid = 0xff;

constexpr std::array<Byte, 256> make_values() {
  std::array<Byte, 256> values{};
  values.fill(invalid);
  for (std::size_t i = 0; i < alphabet.size(); ++i) values[static_cast<unsigned char>(alphabet[i])] = static_cast<Byte>(i);
  return values;
}

constexpr std::array<Byte, 256> digit_values = make_values();

bool is_white_space(char c) noexcept { return c == '\r' || c == '\n' || c == ' ' || c == '\t'; }

// base64 = *(4ALPHABET) [ 2ALPHABET "==" / 3ALPHABET "=" ]
class Base64Reader {
 public:
  Base64Reader(std::string_view text, Base64Mode mode, std::size_t limit) : text_(text), mode_(mode), limit_(limit) {}

  Decoded<Bytes> read() {
    out_.reserve(std::min(text_.size() / 4 * 3 + 3, limit_));
    if (trim(text_).starts_with("-----BEGIN ")) {
      refuse("base64.pem-armour", text_.find('-'), "PEM armour stands where bare base64 is expected");
    } else {
      for (at_ = 0; at_ < text_.size() && !failed_;) {
        if (take_groups()) continue;
        take(text_[at_]);
        ++at_;
      }
      if (!failed_) finish();
    }
    return {std::move(out_), std::move(findings_)};
  }

 private:
  // Groups of four characters, which is nearly all there is, up to the next character of another kind. That is left to take().
  bool take_groups() {
    if (held_ != 0 || pads_ != 0) return false;
    constexpr std::size_t at_once = 16;
    std::array<Byte, 3 * at_once> octets{};
    const std::size_t most = std::min({at_once, (text_.size() - at_) / 4, (limit_ - out_.size()) / 3});
    std::size_t groups = 0;
    while (groups < most && put_group(text_.substr(at_ + 4 * groups, 4), octets.data() + 3 * groups)) ++groups;
    if (groups == 0) return false;
    empty_ = false;
    append(out_, BytesView(octets).first(3 * groups));
    at_ += 4 * groups;
    return true;
  }

  // Whether all four characters are of the alphabet; then their three octets are at `to`.
  static bool put_group(std::string_view four, Byte* to) noexcept {
    std::uint32_t group = 0;
    unsigned all = 0;
    for (const char c : four) {
      const Byte value = digit_values[static_cast<unsigned char>(c)];
      all |= value;
      group = group << 6U | value;
    }
    if (all >= alphabet.size()) return false;
    to[0] = static_cast<Byte>(group >> 16U);
    to[1] = static_cast<Byte>(group >> 8U & 0xffU);
    to[2] = static_cast<Byte>(group & 0xffU);
    return true;
  }

  void take(char c) {
    const Byte value = digit_values[static_cast<unsigned char>(c)];
    if (value != invalid && pads_ == 0) return take_value(value);
    if (value != invalid) return refuse("base64.padding", at_, "characters follow the padding");
    if (is_white_space(c)) return take_white_space();
    if (c == '=') return take_pad();
    if (c == '-' || c == '_') return refuse("base64.url-alphabet", at_, "'-' and '_' belong to base64url, not to base64");
    refuse("base64.alphabet", at_, "'" + printable(std::string_view(&c, 1)) + "' is outside the base64 alphabet");
  }

  void take_value(Byte value) {
    empty_ = false;
    bits_ = bits_ << 6U | value;
    if (++held_ < 4) return;
    if (room_for(3)) put(3, 24);
  }

  void take_pad() {
    empty_ = false;
    if (held_ < 2 || held_ + ++pads_ > 4) refuse("base64.padding", at_, "'=' stands where no padding can be");
  }

  void take_white_space() {
    if (noted_white_space_) return;
    noted_white_space_ = true;
    if (mode_ == Base64Mode::strict) return refuse("base64.white-space", at_, "white space inside base64 (RFC 4648 3.1)");
    findings_.push_back({"base64.white-space", Severity::note, at_, "white space in base64, tolerated by RFC 8951 3.1"});
  }

  // The last group: two characters hold one octet and 4 idle bits, three hold two octets and 2 idle bits.
  void finish() {
    if (empty_) findings_.push_back({"base64.empty", Severity::note, 0, "there is no base64 at all"});
    if (held_ == 0) return;
    if (held_ == 1) return refuse("base64.length", text_.size(), "a single character is left over");
    const unsigned octets = held_ - 1;
    const unsigned bits = held_ * 6;
    const unsigned idle = bits - octets * 8;
    const bool idle_set = (bits_ & ((1U << idle) - 1)) != 0;
    const bool padded = held_ + pads_ == 4;
    if (!room_for(octets)) return;
    put(octets, bits);
    if (!padded) return refuse("base64.padding", text_.size(), "the last group lacks its padding");
    if (idle_set) refuse("base64.trailing-bits", text_.size(), "the unused bits of the last character are not zero (RFC 4648 3.5)");
  }

  bool room_for(std::size_t octets) {
    if (octets <= limit_ - out_.size()) return true;
    refuse("base64.size", at_, "more than " + std::to_string(limit_) + " octets");
    return false;
  }

  void put(unsigned octets, unsigned bits) {
    for (unsigned i = 1; i <= octets; ++i) out_.push_back(static_cast<Byte>(bits_ >> (bits - 8 * i) & 0xffU));
    bits_ = 0;
    held_ = 0;
  }

  void refuse(std::string id, std::size_t offset, std::string detail) {
    failed_ = true;
    findings_.push_back({std::move(id), Severity::error, offset, std::move(detail)});
  }

  std::string_view text_;
  Base64Mode mode_;
  std::size_t limit_;
  std::size_t at_ = 0;
  std::uint32_t bits_ = 0;
  unsigned held_ = 0;  // characters in the group
  unsigned pads_ = 0;
  bool empty_ = true;
  bool noted_white_space_ = false;
  bool failed_ = false;
  Bytes out_;
  Findings findings_;
};

}  // namespace

Decoded<Bytes> decode_base64(std::string_view text, Base64Mode mode, std::size_t limit) { return Base64Reader(text, mode, limit).read(); }

std::string encode_base64(BytesView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  char* to = text.data();
  const auto put = [&](std::uint32_t group) {
    to[0] = alphabet[group >> 18U];
    to[1] = alphabet[group >> 12U & 63U];
    to[2] = alphabet[group >> 6U & 63U];
    to[3] = alphabet[group & 63U];
    to += 4;
  };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) put(std::uint32_t{bytes[i]} << 16U | std::uint32_t{bytes[i + 1]} << 8U | bytes[i + 2]);
  const std::size_t left = bytes.size() - i;
  if (left > 0) put(std::uint32_t{bytes[i]} << 16U | (left > 1 ? std::uint32_t{bytes[i + 1]} << 8U : 0U));
  std::fill(text.end() - static_cast<std::ptrdiff_t>(left > 0 ? 3 - left : 0), text.end(), '=');
  return text;
}

std::string encode_base64(BytesView bytes, std::size_t line, std::string_view newline) {
  std::string text = encode_base64(bytes);
  if (line == 0) return text;
  std::string folded;
  folded.reserve(text.size() + (text.size() / line + 1) * newline.size());
  for (std::size_t i = 0; i < text.size(); i += line) folded.append(text, i, line).append(newline);
  return folded;
}

}  // namespace est::codec
