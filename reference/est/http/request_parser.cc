#include <algorithm>
#include <limits>
#include <utility>

#include "est/base/text.h"
#include "est/codec/media_type.h"
#include "est/http/framing.h"
#include "est/http/parser.h"
#include "est/http/values.h"

namespace est::http {
namespace {

constexpr unsigned most_empty_lines = 4;
constexpr std::size_t plain_chunk_line = 8;  // digits of a chunk size that cost nothing of the budget

enum class Phase { request_line, fields, body, chunk_line, chunk_data, chunk_end, trailers };

bool method_needs_length(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

}  // namespace

struct RequestParser::Impl {
  explicit Impl(ParserLimits given) : limits(given) {}

  std::size_t feed(BytesView data) {
    std::size_t taken = 0;
    while (taken < data.size() && (state == State::need_head || state == State::need_body)) {
      if (phase == Phase::body || phase == Phase::chunk_data) {
        taken += take_body(data.subspan(taken));
      } else if (const std::size_t run = take_run(data.subspan(taken)); run > 0) {
        taken += run;
      } else {
        take_octet(static_cast<char>(data[taken++]));
      }
    }
    return taken;
  }

  // Within a header field nothing happens before the end of its line, or of what the head may hold.
  std::size_t take_run(BytesView data) {
    if (phase != Phase::fields || line.ends_with('\r') || section > limits.head) return 0;
    const BytesView room = data.first(std::min(data.size(), limits.head - section));
    const auto end = std::find_if(room.begin(), room.end(), [](Byte c) { return c == '\r' || c == '\n' || c == '\0'; });
    line.append(room.begin(), end);
    const auto count = static_cast<std::size_t>(end - room.begin());
    section += count;
    return count;
  }

  // Lines end in CRLF; CR and LF appear nowhere else.
  void take_octet(char c) {
    const bool after_cr = !line.empty() && line.back() == '\r';
    if (phase != Phase::request_line && phase != Phase::fields) body_begun = true;
    if (c == '\n') {
      if (!after_cr) return refuse(400, "A line feed stands without carriage return.");
      line.pop_back();
      ++section;
      end_line();
      line.clear();
      return;
    }
    if (after_cr) return refuse(400, "A carriage return stands without line feed.");
    if (c == '\0') return refuse(400, "A NUL octet stands in the message head.");
    line.push_back(c);
    ++section;
    if (c != '\r') check_bounds();
  }

  void check_bounds() {
    switch (phase) {
      case Phase::request_line:
        if (line.size() > limits.start_line || section > limits.head) refuse_long_request_line();
        return;
      case Phase::fields:
      case Phase::trailers:
        if (section > limits.head) refuse(431, "The header fields are larger than " + std::to_string(limits.head) + " octets.");
        return;
      case Phase::chunk_line:
        if (line.size() > plain_chunk_line && ++extensions > limits.head) refuse(400, "The chunk extensions are too large.");
        return;
      default:  // chunk_end
        refuse(400, "A chunk is longer than its size says.");
        return;
    }
  }

  void refuse_long_request_line() {
    if (line.find(' ') == std::string::npos) return refuse(400, "The request does not begin with a method and a target.");
    refuse(414, "The request line is longer than " + std::to_string(std::min(limits.start_line, limits.head)) + " octets.");
  }

  void end_line() {
    switch (phase) {
      case Phase::request_line:
        return line.empty() ? skip_empty_line() : read_request_line();
      case Phase::fields:
        return line.empty() ? finish_head() : read_field(true);
      case Phase::chunk_line:
        return read_chunk_line();
      case Phase::chunk_end:
        section = 0;
        phase = Phase::chunk_line;
        return;
      case Phase::trailers:
        return line.empty() ? finish_message() : read_field(false);
      default:
        return;  // bodies have no lines
    }
  }

  void skip_empty_line() {
    section = 0;
    if (++empty_lines > most_empty_lines) refuse(400, "Empty lines stand where a request is expected.");
  }

  // request-line = method SP request-target SP HTTP-version
  void read_request_line() {
    const std::vector<std::string_view> parts = split(line, ' ');
    if (parts.size() != 3) return refuse(400, "The request line is not 'METHOD target HTTP/1.1' with single spaces.");
    request.method = parts[0];
    request.target = parts[1];
    if (!codec::is_token(request.method)) return refuse(400, "The request method is not a token.");
    read_version(parts[2]);
    if (state == State::refused) return;
    if (request.method == "CONNECT") return refuse(501, "This server is no proxy: CONNECT is not implemented.");
    const bool asterisk = request.target == "*" && request.method == "OPTIONS";
    if (!asterisk && !parse_target(request.target)) return refuse(400, "The request target is malformed.");
    phase = Phase::fields;
  }

  // HTTP-version = "HTTP" "/" DIGIT "." DIGIT
  void read_version(std::string_view version) {
    const auto digit = [&](std::size_t at) { return version[at] >= '0' && version[at] <= '9'; };
    if (version.size() != 8 || !version.starts_with("HTTP/") || version[6] != '.' || !digit(5) || !digit(7))
      return refuse(400, "The HTTP version is malformed.");
    if (version[5] != '1') return refuse(505, "Only HTTP/1.1 and HTTP/1.0 are served.");
    request.minor_version = version[7] - '0';
  }

  // field-line = field-name ":" OWS field-value OWS ; trailers are checked and forgotten
  void read_field(bool keep) {
    if (line.front() == ' ' || line.front() == '\t') return refuse(400, "A header field is folded over several lines.");
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) return refuse(400, "A header field has no colon.");
    const std::string_view name = std::string_view(line).substr(0, colon);
    const std::string_view value = trim(std::string_view(line).substr(colon + 1), " \t");
    if (name.ends_with(' ') || name.ends_with('\t')) return refuse(400, "White space stands before the colon of a header field.");
    if (!codec::is_token(name)) return refuse(400, "A header field name is not a token.");
    if (!is_field_value(value)) return refuse(400, "A header field value holds a control character.");
    if (++field_count > limits.fields) return refuse(431, "There are more than " + std::to_string(limits.fields) + " header fields.");
    if (keep) request.fields.add(std::string(name), std::string(value));
  }

  void finish_head() {
    check_host();
    if (state != State::refused) check_framing();
    if (state != State::refused) check_expectation();
    if (state == State::refused) return;
    field_count = 0;
    section = 0;
    if (chunked || body_left > 0) {
      state = State::need_body;
      phase = chunked ? Phase::chunk_line : Phase::body;
    } else {
      finish_message();
    }
  }

  // RFC 9112 3.2
  void check_host() {
    const std::vector<std::string> hosts = request.fields.all("Host");
    if (hosts.empty() && request.minor_version >= 1) return refuse(400, "The Host header field is missing.");
    if (hosts.size() > 1) return refuse(400, "There is more than one Host header field.");
    if (!hosts.empty() && !valid_host(hosts.front())) return refuse(400, "The Host header field is malformed.");
  }

  // RFC 9112 6.1 to 6.3
  void check_framing() {
    const std::vector<std::string> lengths = request.fields.all("Content-Length");
    const bool coded = request.fields.has("Transfer-Encoding");
    if (coded && !lengths.empty()) return refuse(400, "Content-Length and Transfer-Encoding stand together.");
    if (coded) return check_codings();
    if (lengths.size() > 1) return refuse(400, "There is more than one Content-Length.");
    if (lengths.empty()) {
      if (method_needs_length(request.method)) refuse(411, "Send a Content-Length, or Transfer-Encoding: chunked.");
      return;
    }
    check_length(lengths.front());
  }

  void check_codings() {
    if (request.minor_version == 0) return refuse(400, "HTTP/1.0 has no Transfer-Encoding.");
    const std::vector<std::string> codings = list_elements(request.fields, "Transfer-Encoding");
    if (codings.empty() || !iequals(codings.back(), "chunked")) return refuse(400, "The last transfer coding is not chunked.");
    const auto chunks = std::count_if(codings.begin(), codings.end(), [](const std::string& coding) { return iequals(coding, "chunked"); });
    if (chunks > 1) return refuse(400, "The transfer coding chunked is applied twice.");
    if (codings.size() > 1) return refuse(501, "No transfer coding but chunked is implemented.");
    chunked = true;
  }

  void check_length(std::string_view text) {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
      return refuse(400, "Content-Length is not a decimal number.");
    body_left = parse_decimal(text).value_or(std::numeric_limits<std::uint64_t>::max());
    if (body_left > limits.body) refuse_large_body();
  }

  void refuse_large_body() { refuse(413, "The body is larger than " + std::to_string(limits.body) + " octets."); }

  // RFC 9110 10.1.1; HTTP/1.0 knows no expectations and they are ignored there.
  void check_expectation() {
    if (request.minor_version == 0) return;
    for (const std::string& expectation : list_elements(request.fields, "Expect")) {
      if (!iequals(expectation, "100-continue")) return refuse(417, "No expectation but 100-continue can be met.");
      expects_continue = true;
    }
  }

  void read_chunk_line() {
    const auto chunk = parse_chunk_line(line);
    if (!chunk || !chunk->extension_ok) return refuse(400, "A chunk does not begin with a well-formed size line.");
    if (chunk->size > limits.body - request.body.size()) return refuse_large_body();
    body_left = chunk->size;
    section = 0;
    phase = body_left == 0 ? Phase::trailers : Phase::chunk_data;
  }

  std::size_t take_body(BytesView data) {
    body_begun = true;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(body_left, data.size()));
    append(request.body, data.first(count));
    body_left -= count;
    if (body_left > 0) return count;
    if (phase == Phase::body) {
      finish_message();
    } else {
      phase = Phase::chunk_end;
    }
    return count;
  }

  void finish_message() {
    state = State::complete;
    keep_alive = persistent(request.minor_version, request.fields);
  }

  void refuse(int status, std::string reason) {
    state = State::refused;
    refusal = {status, std::move(reason)};
    keep_alive = false;
  }

  ParserLimits limits;
  State state = State::need_head;
  Phase phase = Phase::request_line;
  Request request;
  Refusal refusal;
  std::string line;            // the line under way; its CR only until the LF
  std::size_t section = 0;     // octets of the head or of the trailers
  std::size_t extensions = 0;  // octets of chunk lines beyond a plain size
  std::size_t field_count = 0;
  std::uint64_t body_left = 0;  // of the body or of the chunk
  unsigned empty_lines = 0;
  bool chunked = false;
  bool expects_continue = false;
  bool body_begun = false;
  bool keep_alive = false;
};

RequestParser::RequestParser(ParserLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(BytesView data) { return impl_->feed(data); }

RequestParser::State RequestParser::state() const noexcept { return impl_->state; }

bool RequestParser::started() const noexcept {
  return impl_->section > 0 || impl_->state != State::need_head || impl_->phase != Phase::request_line;
}

bool RequestParser::wants_continue() {
  const bool wants = impl_->state == State::need_body && impl_->expects_continue && !impl_->body_begun;
  impl_->expects_continue = impl_->expects_continue && !wants;
  return wants;
}

const Request& RequestParser::head() const noexcept { return impl_->request; }

Request RequestParser::take() {
  Request request = std::move(impl_->request);
  const bool keep_alive = impl_->keep_alive;
  *impl_ = Impl(impl_->limits);
  impl_->keep_alive = keep_alive;
  return request;
}

const Refusal& RequestParser::refusal() const noexcept { return impl_->refusal; }

bool RequestParser::keep_alive() const noexcept { return impl_->keep_alive; }

}  // namespace est::http
