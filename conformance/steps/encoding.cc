#include "conformance/steps/encoding.h"

#include <algorithm>
#include <functional>

#include "est/codec/base64.h"
#include "est/codec/pem.h"

namespace conformance::steps {
namespace {

using Text = std::optional<std::string>;

std::string one_line(est::BytesView der) { return est::codec::encode_base64(der); }

// Space and tab after every eighth character.
Text with_spaces(est::BytesView der) {
  const std::string line = one_line(der);
  std::string text;
  for (std::size_t i = 0; i < line.size(); i += 8) text += line.substr(i, 8) + (i % 16 == 0 ? " " : "\t");
  return text;
}

Text url_alphabet(est::BytesView der) {
  std::string text = one_line(der);
  if (text.find_first_of("+/") == std::string::npos) return std::nullopt;
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

Text without_padding(est::BytesView der) {
  std::string text = one_line(der);
  if (text.empty() || text.back() != '=') return std::nullopt;
  text.erase(text.find('='));
  return text;
}

// Each character in two octets, most significant first.
Text in_utf_16(est::BytesView der) {
  std::string text;
  for (const char c : one_line(der)) text += std::string("\0", 1) + c;
  return text;
}

Text nul_inside(est::BytesView der) {
  std::string text = one_line(der);
  text.insert(text.size() / 2, std::string("\0", 1));
  return text;
}

// A second request right behind the padding of the first.
Text after_padding(est::BytesView der) {
  const std::string text = one_line(der);
  if (text.empty() || text.back() != '=') return std::nullopt;
  return text + text;
}

// The bits of the last character that belong to no octet are set (RFC 4648 3.5).
Text with_unused_bits(est::BytesView der) {
  std::string text = one_line(der);
  const auto padding = text.find('=');
  if (padding == std::string::npos || padding == 0) return std::nullopt;
  // The unused bits are zero, so the next letter of the alphabet sets the lowest of them: 'A' to 'B', '0' to '1', '/' never ends so.
  char& last = text[padding - 1];
  const bool at_end_of_run = last == 'Z' || last == 'z' || last == '9' || last == '+' || last == '/';
  if (at_end_of_run) return std::nullopt;
  ++last;
  return text;
}

constexpr std::size_t megabyte = std::size_t{1} << 20U;

struct Encoding {
  std::string name;
  std::function<Text(est::BytesView)> write;
};

const std::vector<Encoding>& encoding_table() {
  static const std::vector<Encoding> encodings{
      {"folded-64", [](auto der) -> Text { return est::codec::encode_base64(der, 64, "\n"); }},
      {"one-line", [](auto der) -> Text { return one_line(der); }},
      {"folded-76-crlf", [](auto der) -> Text { return est::codec::encode_base64(der, 76, "\r\n"); }},
      {"trailing-newline", [](auto der) -> Text { return one_line(der) + "\n"; }},
      {"spaces", with_spaces},
      {"pem", [](auto der) -> Text { return est::codec::encode_pem("CERTIFICATE REQUEST", der); }},
      {"der", [](auto der) -> Text { return est::to_string(der); }},
      {"not-base64", [](auto) -> Text { return "This is {not} base64; it never was."; }},
      {"url-alphabet", url_alphabet},
      {"twice", [](auto der) -> Text { return est::codec::encode_base64(est::as_bytes(one_line(der))); }},
      {"empty", [](auto) -> Text { return ""; }},
      {"missing-padding", without_padding},
      {"utf-16", in_utf_16},
      {"nul-inside", nul_inside},
      {"byte-order-mark", [](auto der) -> Text { return "\xef\xbb\xbf" + one_line(der); }},
      {"after-padding", after_padding},
      {"padding-only", [](auto) -> Text { return std::string(4096, '='); }},
      {"unused-bits", with_unused_bits},
      {"carriage-returns", [](auto der) -> Text { return est::codec::encode_base64(der, 64, "\r"); }},
      {"blank-10-megabytes", [](auto der) -> Text { return std::string(10 * megabyte, ' ') + one_line(der); }},
      {"base64-8-megabytes", [](auto) -> Text { return std::string(8 * megabyte, 'A'); }},
  };
  return encodings;
}

}  // namespace

const std::vector<std::string>& encodings() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& encoding : encoding_table()) list.push_back(encoding.name);
    return list;
  }();
  return names;
}

std::optional<est::Bytes> encode_body(std::string_view name, est::BytesView der) {
  for (const auto& encoding : encoding_table()) {
    if (encoding.name != name) continue;
    const auto text = encoding.write(der);
    return text ? std::optional(est::to_bytes(*text)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace conformance::steps
