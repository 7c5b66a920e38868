// The lenient response parser. Any chunking observes the same message with the same defects, as does parsing what was recorded.
#include "est/http/parser.h"
#include "fuzz/target.h"

namespace {

using est::http::ObservedResponse;
using est::http::ResponseParser;

bool same_findings(const est::Findings& left, const est::Findings& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](const est::Finding& a, const est::Finding& b) {
    return a.id == b.id && a.offset == b.offset && a.severity == b.severity;
  });
}

void require_same(const ObservedResponse& left, const ObservedResponse& right) {
  fuzz::require(left.message.status == right.message.status && left.message.body == right.message.body, "the same message");
  fuzz::require(left.message.fields.list().size() == right.message.fields.list().size(), "with as many fields");
  fuzz::require(left.raw_head == right.raw_head && left.interim.size() == right.interim.size(), "the same heads");
  fuzz::require(left.chunked == right.chunked && left.complete == right.complete && left.ended_by_close == right.ended_by_close,
                "and framing");
  fuzz::require(left.trailers.list().size() == right.trailers.list().size(), "and trailers");
  fuzz::require(same_findings(left.findings, right.findings), "and defects");
}

ResponseParser parsed(est::BytesView input, const char* method, std::size_t most) {
  ResponseParser parser(method);
  std::size_t position = 0;
  while (position < input.size() && parser.state() == ResponseParser::State::need_more) {
    const std::size_t wanted = most == 0 ? input.size() : 1 + input[position] % most;
    position += parser.feed(input.subspan(position, std::min(wanted, input.size() - position)));
  }
  if (parser.state() == ResponseParser::State::need_more) parser.end_of_input();
  return parser;
}

}  // namespace

FUZZ_TARGET(http_response) {
  for (const char* method : {"GET", "HEAD"}) {
    const ResponseParser whole = parsed(input, method, 0);
    for (const std::size_t most : {std::size_t{1}, std::size_t{9}}) {
      const ResponseParser parts = parsed(input, method, most);
      fuzz::require(whole.state() == parts.state() && whole.keep_alive() == parts.keep_alive(), "any chunking gives the same state");
      require_same(whole.observed(), parts.observed());
    }
    const ObservedResponse recorded = est::http::parse_response(input, method, true);
    fuzz::require(recorded.message.status == whole.observed().message.status && recorded.message.body == whole.observed().message.body,
                  "what was recorded reads the same");
  }
}
