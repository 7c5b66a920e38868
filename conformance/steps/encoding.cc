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

struct Encoding {
  std::string name;
  std::function<Text(est::BytesView)> write;
};

const std::vector<Encoding>& table() {
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
  };
  return encodings;
}

}  // namespace

const std::vector<std::string>& encodings() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& encoding : table()) list.push_back(encoding.name);
    return list;
  }();
  return names;
}

std::optional<est::Bytes> encode_body(std::string_view name, est::BytesView der) {
  for (const auto& encoding : table()) {
    if (encoding.name != name) continue;
    const auto text = encoding.write(der);
    return text ? std::optional(est::to_bytes(*text)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace conformance::steps
