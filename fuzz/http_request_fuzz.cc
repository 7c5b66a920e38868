// The strict request parser. Any chunking gives the same result; a message ends where the plainest reading of its head says; written again
// with another request behind it, it is read as these two and nothing else (no desynchronisation).
#include <optional>

#include "est/base/text.h"
#include "est/http/parser.h"
#include "fuzz/target.h"

namespace {

using est::http::Request;
using est::http::RequestParser;
using State = RequestParser::State;

bool is_over(const RequestParser& parser) { return parser.state() == State::complete || parser.state() == State::refused; }

// Feeds pieces of a length that changes with the octets themselves; `most` 1 means one octet at a time.
std::size_t feed_in_pieces(RequestParser& parser, est::BytesView input, std::size_t most) {
  std::size_t position = 0;
  while (position < input.size() && !is_over(parser)) {
    const std::size_t wanted = most == 1 ? 1 : 1 + input[position] % most;
    position += parser.feed(input.subspan(position, std::min(wanted, input.size() - position)));
  }
  return position;
}

void require_same_message(const Request& left, const Request& right) {
  fuzz::require(left.method == right.method && left.target == right.target && left.body == right.body, "the same request");
  fuzz::require(left.fields.list().size() == right.fields.list().size(), "with as many fields");
}

// An independent reading: lengths by Content-Length alone; chunked bodies end at the octets the parser took.
void require_plain_framing(const Request& request, est::BytesView taken) {
  std::string_view text = est::as_text(taken);
  while (text.starts_with("\r\n")) text.remove_prefix(2);
  const std::size_t head = text.find("\r\n\r\n");
  fuzz::require(head != std::string_view::npos, "a head ends with an empty line");
  const std::size_t body = text.size() - (head + 4);
  if (request.fields.has("Transfer-Encoding")) return fuzz::require(text.ends_with("\r\n"), "a chunked body ends with a line");
  const auto length = request.fields.get("Content-Length");
  fuzz::require(body == (length ? est::parse_decimal(*length).value_or(0) : 0), "the body is as long as the head says");
}

void require_no_desynchronisation(Request request) {
  if (request.fields.has("Transfer-Encoding")) {
    request.fields.remove("Transfer-Encoding");
    request.fields.set("Content-Length", std::to_string(request.body.size()));
  }
  est::Bytes wire = est::http::encode(request);
  const std::size_t first = wire.size();
  est::append(wire, std::string_view("GET /sentinel HTTP/1.1\r\nHost: h\r\n\r\n"));
  RequestParser parser;
  fuzz::require(parser.feed(wire) == first && parser.state() == State::complete, "what was read, written again, ends where it ended");
  require_same_message(request, parser.take());
  fuzz::require(parser.feed(est::BytesView(wire).subspan(first)) == wire.size() - first && parser.state() == State::complete &&
                    parser.take().target == "/sentinel",
                "the next request is the next one sent");
}

}  // namespace

FUZZ_TARGET(http_request) {
  RequestParser whole;
  const std::size_t taken = whole.feed(input);
  std::optional<Request> request;
  if (whole.state() == State::complete) request = whole.take();
  for (const std::size_t most : {std::size_t{1}, std::size_t{7}, std::size_t{40}}) {
    RequestParser parts;
    const std::size_t position = feed_in_pieces(parts, input, most);
    fuzz::require(request ? parts.state() == State::complete : parts.state() == whole.state(), "any chunking gives the same state");
    if (whole.state() == State::refused)
      fuzz::require(whole.refusal().status == parts.refusal().status && whole.refusal().reason == parts.refusal().reason, "and refusal");
    if (!request) continue;
    fuzz::require(taken == position, "and ends at the same octet");
    require_same_message(*request, parts.take());
  }
  if (!request) return;
  require_plain_framing(*request, input.first(taken));
  require_no_desynchronisation(*std::move(request));
}
