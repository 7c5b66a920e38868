// One incremental HTTP/1.1 parser without I/O. Bytes in; `need more`, a message, or a refusal out.
// Any chunking of the same bytes gives the same result.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "est/base/bytes.h"
#include "est/base/finding.h"
#include "est/http/message.h"

namespace est::http {

struct ParserLimits {
  std::size_t start_line = 8U << 10U;  // beyond: 414 for a request
  std::size_t head = 32U << 10U;       // start line and fields; beyond: 431
  std::size_t fields = 100;            // beyond: 431
  std::size_t body = 256U << 10U;      // beyond: 413
};

// Why the server refuses, decided on the head where it can be (RFC 9112, RFC 9110): the caller answers and closes.
struct Refusal {
  int status = 400;    // 400, 411, 413, 414, 417, 431, 501 or 505
  std::string reason;  // one sentence, text/plain for the peer
};

// Strict request parser for servers. No smuggling: Content-Length together with Transfer-Encoding, differing or malformed
// Content-Length, white space before the colon, obs-fold, bare CR or LF, NUL, a transfer coding other than chunked and a missing Host are
// refused.
class RequestParser {
 public:
  enum class State { need_head, need_body, complete, refused };

  explicit RequestParser(ParserLimits limits = {});

  // Consumes octets until one message is complete or refused; returns how many were taken (the rest belongs to the next, pipelined,
  // request).
  std::size_t feed(BytesView data);
  [[nodiscard]] State state() const noexcept;
  [[nodiscard]] bool started() const noexcept;  // at least one octet of a request has been seen
  // True once, when the head is complete, asks "Expect: 100-continue" and the body has not begun: send 100 then.
  [[nodiscard]] bool wants_continue();
  // The head, valid from need_body on.
  [[nodiscard]] const Request& head() const noexcept;
  // Precondition: complete. Leaves the parser ready for the next request.
  [[nodiscard]] Request take();
  // Precondition: refused.
  [[nodiscard]] const Refusal& refusal() const noexcept;
  // By the message's version and Connection field. Precondition: complete or later taken.
  [[nodiscard]] bool keep_alive() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// A response as the suite sees it: every octet kept, every defect a finding, nothing guessed silently.
// Finding ids: http.status-line, http.version, http.reason.missing (note), http.field.syntax, http.field.space-before-colon,
// http.obs-fold, http.bare-lf, http.content-length.invalid, http.content-length.differing, http.content-length.with-transfer-encoding,
// http.transfer-encoding.unknown, http.chunk.syntax, http.body.truncated, http.body.excess, http.body.forbidden, http.interim (note),
// http.body.until-close (note), http.size.
struct ObservedResponse {
  Response message;
  std::vector<Response> interim;  // 1xx, in order
  Bytes raw_head;                 // of the final response, as received
  bool chunked = false;
  bool complete = false;  // framing reached its end
  bool ended_by_close = false;
  Findings findings;
};

// Lenient response parser for clients and the suite.
class ResponseParser {
 public:
  enum class State { need_more, complete, failed };

  // `method` decides whether a body follows (HEAD). Limits bound what is kept.
  explicit ResponseParser(std::string method, ParserLimits limits = {8U << 10U, 64U << 10U, 1000, 16U << 20U});

  std::size_t feed(BytesView data);
  // The peer closed: completes a body that runs until close, or marks the message truncated.
  void end_of_input();
  [[nodiscard]] State state() const noexcept;
  [[nodiscard]] bool keep_alive() const noexcept;
  [[nodiscard]] const ObservedResponse& observed() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Parses all of `raw` as the answer to `method`: what a check does with recorded evidence.
[[nodiscard]] ObservedResponse parse_response(BytesView raw, std::string_view method, bool closed_after);

}  // namespace est::http
