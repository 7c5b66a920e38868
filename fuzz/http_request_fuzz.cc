// Property: octet by octet or all at once, the strict parser says the same and takes the same number of octets.
#include "est/http/parser.h"
#include "fuzz/property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using est::http::RequestParser;
  RequestParser whole;
  const std::size_t taken = whole.feed({data, size});
  RequestParser parts;
  std::size_t position = 0;
  while (position < size && parts.state() != RequestParser::State::complete && parts.state() != RequestParser::State::refused)
    position += parts.feed({data + position, 1});
  fuzz::require(whole.state() == parts.state(), "any chunking gives the same state");
  if (whole.state() == RequestParser::State::refused)
    fuzz::require(whole.refusal().status == parts.refusal().status, "and the same refusal");
  if (whole.state() != RequestParser::State::complete) return 0;
  fuzz::require(taken == position, "and ends at the same octet");
  fuzz::require(whole.take().body == parts.take().body, "and gives the same body");
  return 0;
}
