#include "est/http/message.h"

#include <algorithm>
#include <array>
#include <utility>

#include "est/base/text.h"

namespace est::http {
namespace {

using Phrase = std::pair<int, std::string_view>;

// RFC 9110 15, RFC 6585.
constexpr std::array phrases{
    Phrase{100, "Continue"},
    Phrase{101, "Switching Protocols"},
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{203, "Non-Authoritative Information"},
    Phrase{204, "No Content"},
    Phrase{205, "Reset Content"},
    Phrase{206, "Partial Content"},
    Phrase{300, "Multiple Choices"},
    Phrase{301, "Moved Permanently"},
    Phrase{302, "Found"},
    Phrase{303, "See Other"},
    Phrase{304, "Not Modified"},
    Phrase{307, "Temporary Redirect"},
    Phrase{308, "Permanent Redirect"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{402, "Payment Required"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},
    Phrase{407, "Proxy Authentication Required"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{410, "Gone"},
    Phrase{411, "Length Required"},
    Phrase{412, "Precondition Failed"},
    Phrase{413, "Content Too Large"},
    Phrase{414, "URI Too Long"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{416, "Range Not Satisfiable"},
    Phrase{417, "Expectation Failed"},
    Phrase{421, "Misdirected Request"},
    Phrase{422, "Unprocessable Content"},
    Phrase{426, "Upgrade Required"},
    Phrase{428, "Precondition Required"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
    Phrase{505, "HTTP Version Not Supported"},
};

// Whatever a value holds, the line it becomes part of stays one line (RFC 9110 5.5).
void append_on_one_line(Bytes& wire, std::string_view text) {
  for (const char c : text) wire.push_back(static_cast<Byte>(c == '\r' || c == '\n' || c == '\0' ? ' ' : c));
}

void append_line(Bytes& wire, std::string_view line) {
  append_on_one_line(wire, line);
  append(wire, "\r\n");
}

void append_fields(Bytes& wire, const Fields& fields) {
  for (const Field& field : fields.list()) append_line(wire, field.name + ": " + field.value);
}

bool framed(const Fields& fields) { return fields.has("Content-Length") || fields.has("Transfer-Encoding"); }

void append_end_of_head(Bytes& wire, bool add_length, std::size_t length) {
  if (add_length) append_line(wire, "Content-Length: " + std::to_string(length));
  append(wire, "\r\n");
}

bool status_forbids_body(int status) { return status < 200 || status == 204 || status == 304; }

bool method_calls_for_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

std::string version(int minor) { return "HTTP/1." + std::to_string(minor); }

}  // namespace

void Fields::add(std::string name, std::string value) {
  constexpr std::size_t usual = 8;
  if (fields_.empty()) fields_.reserve(usual);
  fields_.push_back({std::move(name), std::move(value)});
}

void Fields::set(std::string_view name, std::string value) {
  const auto named = [name](const Field& field) { return iequals(field.name, name); };
  const auto first = std::find_if(fields_.begin(), fields_.end(), named);
  if (first == fields_.end()) return add(std::string(name), std::move(value));
  *first = {std::string(name), std::move(value)};
  fields_.erase(std::remove_if(first + 1, fields_.end(), named), fields_.end());
}

void Fields::remove(std::string_view name) {
  std::erase_if(fields_, [name](const Field& field) { return iequals(field.name, name); });
}

void Fields::extend_last(std::string_view more) {
  if (!fields_.empty()) fields_.back().value += more;
}

std::optional<std::string> Fields::get(std::string_view name) const {
  for (const Field& field : fields_)
    if (iequals(field.name, name)) return field.value;
  return std::nullopt;
}

bool Fields::has(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(), [name](const Field& field) { return iequals(field.name, name); });
}

std::vector<std::string> Fields::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const Field& field : fields_)
    if (iequals(field.name, name)) values.push_back(field.value);
  return values;
}

std::string_view reason_phrase(int status) noexcept {
  const auto found = std::find_if(phrases.begin(), phrases.end(), [status](const Phrase& phrase) { return phrase.first == status; });
  return found == phrases.end() ? "Unknown" : found->second;
}

Bytes encode(const Response& response, bool head_only) {
  Bytes wire;
  const std::string_view reason = response.reason.empty() ? reason_phrase(response.status) : std::string_view(response.reason);
  append_line(wire, version(response.minor_version) + " " + std::to_string(response.status) + " " + std::string(reason));
  append_fields(wire, response.fields);
  const bool bodiless = status_forbids_body(response.status);
  append_end_of_head(wire, !bodiless && !framed(response.fields), response.body.size());
  if (!bodiless && !head_only) append(wire, response.body);
  return wire;
}

Bytes encode(const Request& request) {
  Bytes wire;
  append_line(wire, request.method + " " + request.target + " " + version(request.minor_version));
  append_fields(wire, request.fields);
  const bool has_body = !request.body.empty() || method_calls_for_body(request.method);
  append_end_of_head(wire, has_body && !framed(request.fields), request.body.size());
  append(wire, request.body);
  return wire;
}

Bytes encode_chunked(BytesView body, std::size_t chunk) {
  constexpr std::string_view digits = "0123456789abcdef";
  Bytes wire;
  const std::size_t most = chunk == 0 ? std::max<std::size_t>(body.size(), 1) : chunk;
  for (std::size_t at = 0; at < body.size(); at += most) {
    const BytesView piece = body.subspan(at, std::min(most, body.size() - at));
    std::string size;
    for (std::size_t left = piece.size(); left > 0; left /= 16) size.insert(size.begin(), digits[left % 16]);
    append(wire, size + "\r\n");
    append(wire, piece);
    append(wire, "\r\n");
  }
  append(wire, "0\r\n\r\n");
  return wire;
}

}  // namespace est::http
