#include <algorithm>
#include <map>
#include <utility>

#include "est/base/text.h"
#include "est/codec/media_type.h"
#include "est/http/framing.h"
#include "est/http/parser.h"

namespace est::http {
namespace {

constexpr std::size_t most_findings_of_a_kind = 8;
constexpr std::size_t most_interim = 32;
constexpr unsigned most_empty_lines_before_status = 4;
constexpr std::size_t usual_head = 512, usual_line = 128;
constexpr std::size_t most_reserved = std::size_t{1} << 16U;
constexpr std::string_view status_beginning = "HTTP/";

enum class ResponsePhase { status_line, fields, body, chunk_line, chunk_data, chunk_end, trailers, until_close };

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

struct ResponseParser::Impl {
  Impl(std::string request_method, ParserLimits given) : method(std::move(request_method)), limits(given) {
    seen.raw_head.reserve(usual_head);
    line.reserve(usual_line);
  }

  std::size_t feed(BytesView data) {
    std::size_t taken = 0;
    while (taken < data.size() && state == State::need_more) {
      const bool bulk = phase == ResponsePhase::body || phase == ResponsePhase::chunk_data || phase == ResponsePhase::until_close;
      const BytesView rest = data.subspan(taken);
      const std::size_t count = bulk ? take_body(rest) : take_of_line(rest);
      taken += count;
      offset += count;
    }
    return taken;
  }

  // --- Lines

  std::size_t take_of_line(BytesView data) {
    if (const std::size_t run = take_run(data); run > 0) return run;
    take_octet(static_cast<char>(data.front()));
    return 1;
  }

  // Within a line nothing happens before its end, or before it or the head is larger than may be.
  std::size_t take_run(BytesView data) {
    const std::string_view text = as_text(data).substr(0, room_for_run(as_text(data)));
    const std::string_view run = text.substr(0, text.find('\n'));
    if (run.empty()) return 0;
    if (line.empty()) line_start = offset;
    line += run;
    append(seen.raw_head, as_bytes(run));
    return run.size();
  }

  [[nodiscard]] std::size_t room_for_run(std::string_view text) const {
    const std::size_t head = limits.head - std::min(limits.head, seen.raw_head.size());
    if (phase == ResponsePhase::fields) return head;
    if (phase != ResponsePhase::status_line) return 0;
    // It is looked at by the octet until it has begun as one.
    const bool begun = line.empty() ? text.starts_with(status_beginning) : line.size() > status_beginning.size();
    if (!begun) return 0;
    return std::min(head, limits.start_line - std::min(limits.start_line, line.size()));
  }

  void take_octet(char c) {
    const bool in_head = phase == ResponsePhase::status_line || phase == ResponsePhase::fields;
    if (in_head) seen.raw_head.push_back(static_cast<Byte>(c));
    if (phase == ResponsePhase::chunk_end && c != '\n' && !(c == '\r' && line.empty()))
      return fail("http.chunk.syntax", "a chunk is longer than its size says");
    if (line.empty()) line_start = offset;
    if (c != '\n') {
      line.push_back(c);
      return check_bounds();
    }
    if (line.ends_with('\r')) {
      line.pop_back();
    } else {
      tell("http.bare-lf", Severity::error, "a line ends in LF without CR");
    }
    end_line();
    line.clear();
  }

  void check_bounds() {
    if (phase == ResponsePhase::status_line && line.size() <= status_beginning.size() && !status_beginning.starts_with(line) &&
        line != "\r")
      return fail("http.status-line", "what came does not begin with 'HTTP/': '" + printable(line, 20) + "'");
    const bool line_too_long =
        (phase == ResponsePhase::status_line || phase == ResponsePhase::chunk_line) && line.size() > limits.start_line + 1;
    const bool trailer = phase == ResponsePhase::trailers;
    if (trailer) ++trailer_octets;
    if (line_too_long || seen.raw_head.size() > limits.head || trailer_octets > limits.head)
      fail("http.size", "a line or the head is larger than the limit");
  }

  void end_line() {
    switch (phase) {
      case ResponsePhase::status_line:
        return line.empty() ? skip_empty_line() : read_status_line();
      case ResponsePhase::fields:
        return line.empty() ? finish_head() : read_field(seen.message.fields);
      case ResponsePhase::chunk_line:
        return read_chunk_line();
      case ResponsePhase::chunk_end:
        phase = ResponsePhase::chunk_line;
        return;
      case ResponsePhase::trailers:
        return line.empty() ? finish() : read_field(seen.trailers);
      default:
        return;  // bodies have no lines
    }
  }

  void skip_empty_line() {
    tell("http.status-line", Severity::error, "an empty line stands before the status line");
    if (++empty_lines > most_empty_lines_before_status) fail("http.status-line", "only empty lines came");
  }

  // status-line = HTTP-version SP status-code SP [ reason-phrase ]
  void read_status_line() {
    const std::string_view text = line;
    if (!text.starts_with(status_beginning)) return fail("http.status-line", "'" + printable(text, 60) + "' does not begin with 'HTTP/'");
    const std::size_t space = std::min(text.find(' '), text.size());
    read_version(text.substr(5, space - 5));
    const std::string_view rest = trim(text.substr(space), " ");
    if (text.substr(space).starts_with("  ")) tell("http.status-line", Severity::error, "the parts are not separated by single spaces");
    read_status(rest, text.ends_with(' '));
  }

  // HTTP-version = "HTTP" "/" DIGIT "." DIGIT
  void read_version(std::string_view version) {
    const bool formed = version.size() == 3 && is_digit(version[0]) && version[1] == '.' && is_digit(version[2]);
    seen.message.minor_version = formed && version[0] == '1' ? version[2] - '0' : 1;
    if (version != "1.1" && version != "1.0") tell("http.version", Severity::error, "'HTTP/" + printable(version, 20) + "'");
  }

  // status-code = 3DIGIT
  void read_status(std::string_view rest, bool ends_in_space) {
    const bool formed =
        rest.size() >= 3 && is_digit(rest[0]) && is_digit(rest[1]) && is_digit(rest[2]) && (rest.size() == 3 || rest[3] == ' ');
    if (!formed) return fail("http.status-line", "there is no status code of three digits in '" + printable(line, 60) + "'");
    seen.message.status = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
    if (rest[0] < '1' || rest[0] > '5') tell("http.status-line", Severity::error, "the status code is outside 100 to 599");
    if (rest.size() == 3 && !ends_in_space)
      tell("http.reason.missing", Severity::note, "the space after the status code and the reason are missing");
    seen.message.reason = rest.size() > 4 ? rest.substr(4) : "";
    if (!is_field_value(seen.message.reason)) tell("http.status-line", Severity::error, "the reason holds a control character");
    phase = ResponsePhase::fields;
  }

  // field-line = field-name ":" OWS field-value OWS
  void read_field(Fields& into) {
    if (line.front() == ' ' || line.front() == '\t') return unfold(into);
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) return tell("http.field.syntax", Severity::error, "'" + printable(line, 60) + "' has no colon");
    const std::string_view whole_name = std::string_view(line).substr(0, colon);
    const std::string_view name = trim(whole_name, " \t");
    const std::string_view value = trim(std::string_view(line).substr(colon + 1), " \t");
    if (name.size() < whole_name.size())
      tell("http.field.space-before-colon", Severity::error, "after the name '" + printable(name, 60) + "'");
    if (!codec::is_token(name)) tell("http.field.syntax", Severity::error, "the name '" + printable(name, 60) + "' is no token");
    if (!is_field_value(value)) tell("http.field.syntax", Severity::error, "a control character in the value of " + printable(name, 60));
    if (into.list().size() >= limits.fields) return fail("http.size", "more than " + std::to_string(limits.fields) + " fields");
    into.add(std::string(name), std::string(value));
  }

  // RFC 9112 5.2: a user agent replaces a fold by spaces.
  void unfold(Fields& into) {
    if (into.list().empty()) return tell("http.field.syntax", Severity::error, "a continuation line stands before the first field");
    tell("http.obs-fold", Severity::error, "the field " + printable(into.list().back().name, 60) + " is folded");
    into.extend_last(" " + std::string(trim(line, " \t")));
  }

  // --- The end of a head

  void finish_head() {
    const int status = seen.message.status;
    if (status >= 100 && status < 200 && status != 101) return finish_interim();
    const bool no_content = status == 204 || status == 101;
    if (no_content) check_no_length();
    if (method == "HEAD" || status == 304 || no_content || (method == "CONNECT" && status >= 200 && status < 300)) return finish();
    if (seen.message.fields.has("Transfer-Encoding")) return frame_by_coding();
    if (seen.message.fields.has("Content-Length")) return frame_by_length();
    frame_by_close();
  }

  void finish_interim() {
    tell("http.interim", Severity::note, "status " + std::to_string(seen.message.status));
    check_no_length();
    if (seen.interim.size() >= most_interim) return fail("http.size", "more than " + std::to_string(most_interim) + " interim responses");
    seen.interim.push_back(std::exchange(seen.message, {}));
    seen.raw_head.clear();
    phase = ResponsePhase::status_line;
  }

  // RFC 9110 8.6, RFC 9112 6.1: neither field is sent with 1xx and 204.
  void check_no_length() {
    const auto length = seen.message.fields.get("Content-Length");
    const std::string with = "status " + std::to_string(seen.message.status) + " with ";
    if (seen.message.fields.has("Transfer-Encoding")) tell("http.body.forbidden", Severity::error, with + "Transfer-Encoding");
    if (length) tell("http.body.forbidden", *length == "0" ? Severity::warning : Severity::error, with + "Content-Length");
  }

  // RFC 9112 6.3 items 3 and 4
  void frame_by_coding() {
    if (seen.message.fields.has("Content-Length"))
      tell("http.content-length.with-transfer-encoding", Severity::error, "Transfer-Encoding decides");
    if (seen.message.minor_version == 0) tell("http.transfer-encoding.version", Severity::error, "HTTP/1.0 has no Transfer-Encoding");
    const std::vector<std::string> codings = list_elements(seen.message.fields, "Transfer-Encoding");
    seen.chunked = !codings.empty() && iequals(codings.back(), "chunked");
    if (!seen.chunked || codings.size() > 1)
      tell("http.transfer-encoding.unknown", Severity::error, "'" + printable(join(codings, ", "), 60) + "'");
    if (!seen.chunked) return frame_by_close();
    phase = ResponsePhase::chunk_line;
  }

  // RFC 9112 6.3 items 5 and 6
  void frame_by_length() {
    std::optional<std::uint64_t> length;
    std::size_t count = 0;
    for (const auto& [name, value] : seen.message.fields.list()) {
      if (!iequals(name, "Content-Length")) continue;
      for (const std::string_view part : split(value, ',')) {
        const auto number = parse_decimal(trim(part, " \t"));
        if (!number) return fail("http.content-length.invalid", "'" + printable(value, 60) + "'");
        if (length && *length != *number)
          return fail("http.content-length.differing", "'" + printable(value, 60) + "' and an earlier value");
        length = number;
        ++count;
      }
    }
    if (count > 1) tell("http.content-length.repeated", Severity::error, "the same value stands " + std::to_string(count) + " times");
    body_left = *length;
    if (body_left > limits.body) return fail("http.size", "the body would be larger than " + std::to_string(limits.body) + " octets");
    phase = ResponsePhase::body;
    seen.message.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(body_left, most_reserved)));
    if (body_left == 0) finish();
  }

  void frame_by_close() {
    tell("http.body.until-close", Severity::note, "the body runs until the connection closes");
    phase = ResponsePhase::until_close;
  }

  // --- Bodies

  void read_chunk_line() {
    const auto chunk = parse_chunk_line(line);
    if (!chunk) return fail("http.chunk.syntax", "'" + printable(line, 40) + "' does not begin with a chunk size");
    if (!chunk->extension_ok) tell("http.chunk.syntax", Severity::error, "'" + printable(line, 40) + "' has a malformed extension");
    if (chunk->size > limits.body - seen.message.body.size())
      return fail("http.size", "the body is larger than " + std::to_string(limits.body) + " octets");
    body_left = chunk->size;
    phase = body_left == 0 ? ResponsePhase::trailers : ResponsePhase::chunk_data;
  }

  std::size_t take_body(BytesView data) {
    if (phase == ResponsePhase::until_close) return take_until_close(data);
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(body_left, data.size()));
    append(seen.message.body, data.first(count));
    body_left -= count;
    if (body_left == 0 && phase == ResponsePhase::body) finish();
    if (body_left == 0 && phase == ResponsePhase::chunk_data) phase = ResponsePhase::chunk_end;
    return count;
  }

  std::size_t take_until_close(BytesView data) {
    const std::size_t room = limits.body - seen.message.body.size();
    const std::size_t count = std::min(room, data.size());
    append(seen.message.body, data.first(count));
    if (count < data.size()) {
      offset += count;  // a failure names its place, whatever the pieces the octets came in
      fail("http.size", "the body is larger than " + std::to_string(limits.body) + " octets");
      offset -= count;
    }
    return count;
  }

  void finish() {
    state = State::complete;
    seen.complete = true;
  }

  void end_of_input() {
    if (state != State::need_more) return;
    seen.ended_by_close = true;
    if (phase == ResponsePhase::until_close) return finish();
    if (phase != ResponsePhase::status_line && phase != ResponsePhase::fields) return fail("http.body.truncated", missing_body());
    const bool nothing = seen.raw_head.empty();
    const std::string_view where = nothing && seen.interim.empty() ? "before an answer"
                                   : nothing                       ? "before a final answer"
                                                                   : "inside the head";
    fail("http.head.truncated", "the connection ended " + std::string(where));
  }

  [[nodiscard]] std::string missing_body() const {
    const std::string got = "the connection ended after " + std::to_string(seen.message.body.size()) + " octets of the body; ";
    if (phase == ResponsePhase::body) return got + std::to_string(body_left) + " are missing";
    return got + "the last chunk did not come";
  }

  // --- Findings

  void tell(std::string_view id, Severity severity, std::string detail) {
    if (told[std::string(id)]++ < most_findings_of_a_kind)
      seen.findings.push_back({std::string(id), severity, line.empty() ? offset : line_start, std::move(detail)});
  }

  void fail(std::string_view id, std::string detail) {
    state = State::failed;
    seen.findings.push_back({std::string(id), Severity::error, offset, std::move(detail)});
  }

  std::string method;
  ParserLimits limits;
  State state = State::need_more;
  ResponsePhase phase = ResponsePhase::status_line;
  ObservedResponse seen;
  std::string line;
  std::size_t line_start = 0;
  std::size_t offset = 0;  // octets taken
  std::size_t trailer_octets = 0;
  std::uint64_t body_left = 0;
  unsigned empty_lines = 0;
  std::map<std::string, std::size_t> told;
};

ResponseParser::ResponseParser(std::string method, ParserLimits limits) : impl_(std::make_unique<Impl>(std::move(method), limits)) {}
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;
ResponseParser::~ResponseParser() = default;

std::size_t ResponseParser::feed(BytesView data) { return impl_->feed(data); }

void ResponseParser::end_of_input() { impl_->end_of_input(); }

ResponseParser::State ResponseParser::state() const noexcept { return impl_->state; }

bool ResponseParser::keep_alive() const noexcept {
  const ObservedResponse& seen = impl_->seen;
  return seen.complete && impl_->phase != ResponsePhase::until_close && seen.message.status != 101 &&
         persistent(seen.message.minor_version, seen.message.fields);
}

const ObservedResponse& ResponseParser::observed() const noexcept { return impl_->seen; }

ObservedResponse parse_response(BytesView raw, std::string_view method, bool closed_after) {
  ResponseParser parser{std::string(method)};
  const std::size_t taken = parser.feed(raw);
  if (closed_after) parser.end_of_input();
  ObservedResponse seen = parser.observed();
  if (parser.state() != ResponseParser::State::complete || taken == raw.size()) return seen;
  const int status = seen.message.status;
  const bool bodiless = method == "HEAD" || status == 204 || status == 304;
  seen.findings.push_back({bodiless ? "http.body.forbidden" : "http.body.excess", Severity::error, taken,
                           std::to_string(raw.size() - taken) + " octets follow the end of the message"});
  return seen;
}

}  // namespace est::http
