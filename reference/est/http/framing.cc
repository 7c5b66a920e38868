#include "est/http/framing.h"

#include <algorithm>
#include <limits>

#include "est/base/text.h"
#include "est/codec/media_type.h"

namespace est::http {
namespace {

bool is_field_char(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
bool valid_extension(std::string_view rest) {
  if (!is_field_value(rest)) return false;
  while (!rest.empty()) {
    codec::skip_blanks(rest);
    if (!rest.starts_with(';')) return false;
    rest.remove_prefix(1);
    codec::skip_blanks(rest);
    if (codec::take_token(rest).empty()) return false;
    std::string_view ahead = rest;
    codec::skip_blanks(ahead);
    if (!ahead.starts_with('=')) continue;
    ahead.remove_prefix(1);
    codec::skip_blanks(ahead);
    if (!codec::take_token_or_quoted(ahead)) return false;
    rest = ahead;
  }
  return true;
}

}  // namespace

bool is_field_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_field_char(c); });
}

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
