#include "est/http/framing.h"

#include <algorithm>
#include <limits>

#include "est/base/text.h"

namespace est::http {
namespace {

bool is_tchar(char c) noexcept {
  if ((c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_field_char(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void skip_blanks(std::string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size())); }

bool skip_token(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_tchar(text[end])) ++end;
  text.remove_prefix(end);
  return end > 0;
}

// quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
bool skip_quoted_string(std::string_view& text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
bool valid_extension(std::string_view rest) {
  if (!is_field_value(rest)) return false;
  while (!rest.empty()) {
    skip_blanks(rest);
    if (!rest.starts_with(';')) return false;
    rest.remove_prefix(1);
    skip_blanks(rest);
    if (!skip_token(rest)) return false;
    std::string_view ahead = rest;
    skip_blanks(ahead);
    if (!ahead.starts_with('=')) continue;
    ahead.remove_prefix(1);
    skip_blanks(ahead);
    if (!(ahead.starts_with('"') ? skip_quoted_string(ahead) : skip_token(ahead))) return false;
    rest = ahead;
  }
  return true;
}

}  // namespace

bool is_token(std::string_view text) noexcept { return !text.empty() && std::all_of(text.begin(), text.end(), is_tchar); }

bool is_field_value(std::string_view text) noexcept { return std::all_of(text.begin(), text.end(), is_field_char); }

std::vector<std::string> list_elements(const Fields& fields, std::string_view name) {
  std::vector<std::string> elements;
  for (const Field& field : fields.list()) {
    if (!iequals(field.name, name)) continue;
    for (const std::string_view part : split(field.value, ','))
      if (const std::string_view element = trim(part, " \t"); !element.empty()) elements.emplace_back(element);
  }
  return elements;
}

bool persistent(int minor_version, const Fields& fields) {
  bool close = false;
  bool keep = false;
  for (const std::string& option : list_elements(fields, "Connection")) {
    close = close || iequals(option, "close");
    keep = keep || iequals(option, "keep-alive");
  }
  return !close && (minor_version >= 1 || keep);
}

std::optional<ChunkLine> parse_chunk_line(std::string_view line) {
  ChunkLine chunk;
  std::size_t digits = 0;
  for (; digits < line.size(); ++digits) {
    const int value = hex_digit(line[digits]);
    if (value < 0) break;
    const bool overflows = chunk.size >> 60U != 0;
    chunk.size = overflows ? std::numeric_limits<std::uint64_t>::max() : chunk.size << 4U | static_cast<unsigned>(value);
  }
  if (digits == 0) return std::nullopt;
  chunk.extension_ok = valid_extension(line.substr(digits));
  return chunk;
}

}  // namespace est::http
