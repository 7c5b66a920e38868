#include "est/codec/multipart.h"

#include <algorithm>

#include "est/base/text.h"
#include "est/codec/media_type.h"

namespace est::codec {
namespace {

constexpr std::size_t longest_boundary = 70;
constexpr std::size_t most_fields = 64;

struct BodyLine {
  std::size_t start = 0;
  std::size_t end = 0;   // without its CRLF or LF
  std::size_t next = 0;  // start of the following line
  bool bare_lf = false;
};

BodyLine body_line_at(std::string_view text, std::size_t start) {
  const std::size_t feed = text.find('\n', start);
  if (feed == std::string_view::npos) return {start, text.size(), text.size(), false};
  const bool crlf = feed > start && text[feed - 1] == '\r';
  return {start, crlf ? feed - 1 : feed, feed + 1, !crlf};
}

// boundary := 0*69<bchars> bcharsnospace
bool valid_boundary(std::string_view boundary) {
  constexpr std::string_view bchars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'()+_,-./:=? ";
  return !boundary.empty() && boundary.size() <= longest_boundary && boundary.back() != ' ' &&
         boundary.find_first_not_of(bchars) == std::string_view::npos;
}

// multipart-body := [preamble CRLF] dash-boundary transport-padding CRLF body-part *encapsulation
//                   close-delimiter transport-padding [CRLF epilogue]
class MultipartReader {
 public:
  MultipartReader(std::string_view body, std::string_view boundary, std::size_t most_parts)
      : body_(body), delimiter_("--" + std::string(boundary)), most_parts_(most_parts) {}

  Decoded<std::vector<Part>> read() {
    BodyLine previous;
    while (at_ < body_.size() && !closed_ && !stopped_) {
      const BodyLine line = body_line_at(body_, at_);
      at_ = line.next;
      if (text_of(line).starts_with(delimiter_)) take_delimiter(line, previous);
      previous = line;
    }
    finish();
    if (parts_.empty()) return {std::nullopt, std::move(findings_)};
    return {std::move(parts_), std::move(findings_)};
  }

 private:
  [[nodiscard]] std::string_view text_of(const BodyLine& line) const { return body_.substr(line.start, line.end - line.start); }

  // delimiter := CRLF "--" boundary ; close-delimiter := delimiter "--"
  void take_delimiter(const BodyLine& line, const BodyLine& previous) {
    if (line.bare_lf || (line.start > 0 && previous.bare_lf)) bare_lf(line.start);
    if (in_part_) {
      read_part(part_start_, std::max(part_start_, previous.end));
    } else if (line.start > 0) {
      tell("multipart.preamble", Severity::note, 0, "text stands before the first delimiter");
    }
    std::string_view rest = text_of(line).substr(delimiter_.size());
    closed_ = rest.starts_with("--");
    if (closed_) rest.remove_prefix(2);
    if (!trim(rest, " \t").empty()) tell("multipart.boundary", Severity::error, line.start, "text follows a delimiter on its line");
    in_part_ = !closed_;
    part_start_ = line.next;
  }

  void finish() {
    if (stopped_) return;
    if (in_part_) {
      read_part(part_start_, body_.size());
      tell("multipart.unterminated", Severity::error, body_.size(), "the closing delimiter is missing");
    }
    if (parts_.empty() && !stopped_) tell("multipart.no-parts", Severity::error, 0, "there is no part");
    if (closed_ && !trim(body_.substr(at_)).empty()) tell("multipart.epilogue", Severity::note, at_, "text follows the closing delimiter");
  }

  // body-part := MIME-part-headers [CRLF *OCTET]
  void read_part(std::size_t start, std::size_t end) {
    if (parts_.size() >= most_parts_) {
      stopped_ = true;
      return tell("multipart.too-many-parts", Severity::error, start, "more than " + std::to_string(most_parts_) + " parts");
    }
    Part& part = parts_.emplace_back();
    const std::string_view text = body_.substr(0, end);
    std::size_t at = start;
    while (at < end) {
      const BodyLine line = body_line_at(text, at);
      if (line.bare_lf) bare_lf(at);
      if (part.headers.size() > most_fields) {
        tell("multipart.size", Severity::error, at, "more than " + std::to_string(most_fields) + " fields in a part");
        break;
      }
      at = line.next;
      if (line.end == line.start) break;
      read_field(part, line);
    }
    part.body = to_bytes(text.substr(std::min(at, end)));
  }

  // field-name ":" OWS value, possibly folded
  void read_field(Part& part, const BodyLine& line) {
    const std::string_view text = text_of(line);
    if (text.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos)
      tell("multipart.part-header", Severity::error, line.start, "a CR or NUL stands inside a field");
    if ((text.front() == ' ' || text.front() == '\t') && !part.headers.empty()) {
      part.headers.back().second += " " + std::string(trim(text, " \t"));
      return;
    }
    const std::size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name))
      return tell("multipart.part-header", Severity::error, line.start, "'" + printable(text, 60) + "' is no field");
    part.headers.emplace_back(std::string(name), std::string(trim(text.substr(colon + 1), " \t")));
  }

  void bare_lf(std::size_t offset) {
    if (!contains(findings_, "multipart.bare-lf")) tell("multipart.bare-lf", Severity::error, offset, "a line ends in LF without CR");
  }

  void tell(std::string id, Severity severity, std::size_t offset, std::string detail) {
    constexpr std::size_t most_findings = 100;
    if (findings_.size() < most_findings) findings_.push_back({std::move(id), severity, offset, std::move(detail)});
  }

  std::string_view body_;
  std::string delimiter_;
  std::size_t most_parts_;
  std::size_t at_ = 0;
  std::size_t part_start_ = 0;
  bool in_part_ = false;
  bool closed_ = false;
  bool stopped_ = false;
  std::vector<Part> parts_;
  Findings findings_;
};

void append_on_one_line(Bytes& to, std::string_view text) {
  for (const char c : text) to.push_back(static_cast<Byte>(c == '\r' || c == '\n' ? ' ' : c));
}

}  // namespace

std::optional<std::string> Part::header(std::string_view name) const {
  for (const auto& [header_name, value] : headers)
    if (iequals(header_name, name)) return value;
  return std::nullopt;
}

Decoded<std::vector<Part>> decode_multipart(BytesView body, std::string_view boundary, std::size_t most_parts) {
  if (!valid_boundary(boundary))
    return {std::nullopt,
            {{"multipart.boundary", Severity::error, 0, "'" + printable(boundary, 80) + "' is no boundary (RFC 2046 5.1.1)"}}};
  return MultipartReader(as_text(body), boundary, most_parts).read();
}

Bytes encode_multipart(const std::vector<Part>& parts, std::string_view boundary) {
  const std::string delimiter = "--" + std::string(boundary);
  Bytes body;
  for (const Part& part : parts) {
    append(body, delimiter + "\r\n");
    for (const auto& [name, value] : part.headers) {
      append_on_one_line(body, name);
      append(body, ": ");
      append_on_one_line(body, value);
      append(body, "\r\n");
    }
    append(body, "\r\n");
    append(body, part.body);
    append(body, "\r\n");
  }
  append(body, delimiter + "--\r\n");
  return body;
}

}  // namespace est::codec
