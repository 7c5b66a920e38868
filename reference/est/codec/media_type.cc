#include "est/codec/media_type.h"

#include <algorithm>
#include <array>

#include "est/base/text.h"

namespace est::codec {
namespace {

constexpr std::size_t most_parameters = 32;

// RFC 9110 5.6.2
constexpr std::array<bool, 256> tchars = [] {
  std::array<bool, 256> among{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
    among.at(static_cast<unsigned char>(c)) = true;
  return among;
}();

bool is_tchar(char c) noexcept { return tchars[static_cast<unsigned char>(c)]; }

// HTAB / SP / VCHAR / obs-text
bool is_quotable(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

class MediaTypeReader {
 public:
  explicit MediaTypeReader(std::string_view text) : text_(text), rest_(text) {}

  // media-type = type "/" subtype parameters
  Decoded<MediaType> read() {
    skip_blanks(rest_);
    const std::string_view type = take_token(rest_);
    const bool slash = !type.empty() && rest_.starts_with('/');
    if (slash) rest_.remove_prefix(1);
    const std::string_view subtype = slash ? take_token(rest_) : std::string_view();
    if (type.empty() || subtype.empty()) {
      refuse("media-type.syntax", "'" + printable(text_, 60) + "' is not type/subtype");
      return {std::nullopt, std::move(findings_)};
    }
    value_.type = ascii_lower(type);
    value_.subtype = ascii_lower(subtype);
    read_parameters();
    return {std::move(value_), std::move(findings_)};
  }

 private:
  // parameters = *( OWS ";" OWS [ parameter ] )
  void read_parameters() {
    while (true) {
      skip_blanks(rest_);
      if (rest_.empty()) return;
      if (rest_.front() != ';') return refuse("media-type.syntax", "'" + printable(rest_, 40) + "' follows without ';'");
      rest_.remove_prefix(1);
      skip_blanks(rest_);
      if (rest_.empty() || rest_.front() == ';') continue;
      if (!read_parameter()) return;
    }
  }

  // parameter = parameter-name "=" parameter-value
  bool read_parameter() {
    const std::string_view start = rest_;
    const std::string name = ascii_lower(take_token(rest_));
    std::optional<std::string> value;
    if (!name.empty() && rest_.starts_with('=')) {
      rest_.remove_prefix(1);
      value = take_token_or_quoted(rest_);
    }
    if (!value || value_.parameters.size() >= most_parameters) {
      rest_ = start;
      refuse("media-type.parameter", "'" + printable(start, 60) + "' is no parameter");
      return false;
    }
    if (value_.parameter(name)) refuse("media-type.duplicate-parameter", "'" + printable(name, 60) + "' stands twice");
    value_.parameters.emplace_back(name, std::move(*value));
    return true;
  }

  void refuse(std::string id, std::string detail) {
    findings_.push_back({std::move(id), Severity::error, text_.size() - rest_.size(), std::move(detail)});
  }

  std::string_view text_;
  std::string_view rest_;
  MediaType value_;
  Findings findings_;
};

}  // namespace

std::optional<std::string> MediaType::parameter(std::string_view name) const {
  for (const auto& [parameter_name, value] : parameters)
    if (parameter_name == name) return value;
  return std::nullopt;
}

Decoded<MediaType> decode_media_type(std::string_view text) { return MediaTypeReader(text).read(); }

std::string encode(const MediaType& type) {
  std::string text = type.essence();
  for (const auto& [name, value] : type.parameters) text += "; " + name + "=" + (is_token(value) ? value : codec::quoted(value));
  return text;
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_tchar(c); });
}

void skip_blanks(std::string_view& text) noexcept { text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size())); }

std::string_view take_token(std::string_view& text) noexcept {
  std::size_t end = 0;
  while (end < text.size() && is_tchar(text[end])) ++end;
  const std::string_view token = text.substr(0, end);
  text.remove_prefix(end);
  return token;
}

// quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
std::optional<std::string> take_quoted_string(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
    if (!is_quotable(text[i])) return std::nullopt;
    value.push_back(text[i]);
  }
  return std::nullopt;
}

std::optional<std::string> take_token_or_quoted(std::string_view& text) {
  if (text.starts_with('"')) return take_quoted_string(text);
  const std::string_view token = take_token(text);
  return token.empty() ? std::nullopt : std::optional<std::string>(token);
}

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text.push_back('\\');
    text.push_back(c);
  }
  return text + "\"";
}

}  // namespace est::codec
