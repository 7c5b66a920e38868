#include "est/codec/pem.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "est/base/text.h"
#include "est/codec/base64.h"

namespace est::codec {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";
constexpr std::string_view dashes = "-----";

struct Line {
  std::size_t start = 0;
  std::size_t next = 0;   // start of the following line
  std::string_view text;  // without white space around it
};

// eol = CRLF / CR / LF
Line line_at(std::string_view text, std::size_t start) {
  const std::size_t end = std::min(text.find_first_of("\r\n", start), text.size());
  const std::size_t next = text.substr(end).starts_with("\r\n") ? end + 2 : std::min(end + 1, text.size());
  return {start, next, trim(text.substr(start, end - start), " \t\v\f")};
}

// labelchar = %x21-2C / %x2E-7E ; label = [ labelchar *( ["-" / SP] labelchar ) ]
bool valid_label(std::string_view label) {
  bool after_separator = true;
  for (const char c : label) {
    const bool separator = c == '-' || c == ' ';
    if (c < 0x20 || c > 0x7e || (separator && after_separator)) return false;
    after_separator = separator;
  }
  return label.empty() || !after_separator;
}

// preeb = "-----BEGIN " label "-----" ; posteb = "-----END " label "-----"
std::optional<std::string_view> label_of(std::string_view line, std::string_view mark) {
  if (!line.starts_with(mark) || !line.ends_with(dashes) || line.size() < mark.size() + dashes.size()) return std::nullopt;
  const std::string_view label = line.substr(mark.size(), line.size() - mark.size() - dashes.size());
  return valid_label(label) ? std::optional(label) : std::nullopt;
}

class PemReader {
 public:
  explicit PemReader(std::string_view text) : text_(text) {}

  Decoded<std::vector<PemBlock>> read() {
    while (at_ < text_.size()) {
      const Line line = line_at(text_, at_);
      at_ = line.next;
      if (line.text.starts_with(begin_mark)) {
        read_block(line);
      } else if (line.text.starts_with(end_mark)) {
        refuse("pem.end", line.start, "an END line without its BEGIN");
      }
    }
    if (blocks_.empty() && findings_.empty()) refuse("pem.no-block", 0, "there is no '-----BEGIN ...-----' line");
    return {std::move(blocks_), std::move(findings_)};
  }

 private:
  void read_block(const Line& begin) {
    const auto label = label_of(begin.text, begin_mark);
    if (!label) return refuse("pem.label", begin.start, "malformed line '" + printable(begin.text, 80) + "'");
    const std::size_t start = at_;
    while (at_ < text_.size()) {
      const Line line = line_at(text_, at_);
      if (line.text.starts_with(begin_mark)) break;  // read again as a block of its own
      at_ = line.next;
      if (line.text.starts_with(end_mark)) return finish_block(*label, start, line);
    }
    refuse("pem.end", begin.start, "the block '" + printable(*label, 80) + "' has no END line");
  }

  void finish_block(std::string_view label, std::size_t start, const Line& end) {
    if (label_of(end.text, end_mark) != label)
      return refuse("pem.end", end.start, "'" + printable(end.text, 80) + "' does not end the block '" + printable(label, 80) + "'");
    auto content = decode_base64(text_.substr(start, end.start - start), Base64Mode::lenient);
    for (const Finding& finding : content.findings) {
      if (finding.severity != Severity::error) continue;
      return refuse("pem.base64", start + finding.offset, "in the block '" + printable(label, 80) + "': " + finding.detail);
    }
    if (content.value->empty()) return refuse("pem.base64", start, "the block '" + printable(label, 80) + "' is empty");
    blocks_.push_back({std::string(label), std::move(*content.value)});
  }

  void refuse(std::string id, std::size_t offset, std::string detail) {
    findings_.push_back({std::move(id), Severity::error, offset, std::move(detail)});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<PemBlock> blocks_;
  Findings findings_;
};

}  // namespace

Decoded<std::vector<PemBlock>> decode_pem(std::string_view text) { return PemReader(text).read(); }

std::string encode_pem(std::string_view label, BytesView der) {
  const std::string name(label);
  return "-----BEGIN " + name + "-----\n" + encode_base64(der, 64, "\n") + "-----END " + name + "-----\n";
}

}  // namespace est::codec
