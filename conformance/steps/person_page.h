// The page that tells a person what to do with the client under test. Pure: a request in, a response out.
//
//   GET /         the instruction as HTML; looks for the next one by itself
//   GET /now      the same as JSON: {"step", "token", "operation", "instructions", "seconds-left"}
//   POST /answer  token=TOKEN&answer=done|gave-up|cannot
#pragma once

#include <string>

#include "conformance/steps/client_start.h"
#include "conformance/steps/operator.h"
#include "est/http/message.h"

namespace conformance::steps {

struct Question {
  std::size_t number = 1;
  std::string token;  // of this question; other pages of the browser do not know it
  std::string operation;
  Instructions instructions;
  est::Milliseconds left{0};
  std::string host;  // what a request's Host must be, 127.0.0.1:PORT, so that no other name leads here
};

struct PageReply {
  est::http::Response response;
  Said said = Said::nothing;
};

[[nodiscard]] PageReply page_reply(const est::http::Request& request, const Question& question);

}  // namespace conformance::steps
