// Property: octet by octet or all at once, the lenient parser observes the same message and the same defects.
#include "est/http/parser.h"
#include "fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using est::http::ResponseParser;
  ResponseParser whole("GET");
  whole.feed({data, size});
  ResponseParser parts("GET");
  for (std::size_t i = 0; i < size && parts.state() == ResponseParser::State::need_more; ++i) parts.feed({data + i, 1});
  if (whole.state() == ResponseParser::State::need_more) whole.end_of_input();
  if (parts.state() == ResponseParser::State::need_more) parts.end_of_input();
  fuzz::require(whole.state() == parts.state(), "any chunking gives the same state");
  fuzz::require(whole.observed().message.status == parts.observed().message.status, "the same status");
  fuzz::require(whole.observed().message.body == parts.observed().message.body, "the same body");
  return 0;
}
