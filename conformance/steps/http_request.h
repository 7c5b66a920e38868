// The octets of one HTTP request, as the script wants them.
#pragma once

#include <string>
#include <string_view>

#include "conformance/steps/context.h"
#include "est/base/bytes.h"

namespace conformance::steps {

// What the verb itself decides; the script's parameters (method, headers, content-type, accept, transfer ...) have the last word.
struct RequestLine {
  std::string method;
  std::string target;
  std::string content_type;   // empty: none
  std::string authorization;  // field value; empty: none
};

struct RequestOctets {
  est::Bytes head;  // with the empty line
  est::Bytes body;  // as framed: chunks when chunked
  [[nodiscard]] est::Bytes whole() const;
};
[[nodiscard]] RequestOctets compose_request(const Doing& doing, const RequestLine& line, est::BytesView body);

}  // namespace conformance::steps
