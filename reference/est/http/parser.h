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

// Strict request parser for servers. No smuggling: Content-Length together with Transfer-Encoding, repeated or malformed
// Content-Length, white space before the colon, obs-fold, bare CR or LF, NUL and other controls, and a missing, repeated or malformed
// Host are 400; so is a transfer coding with HTTP/1.0 or one that does not end in chunked (RFC 9112 6.1, 6.3), while any other coding
// before chunked is 501. CONNECT is 501; a major version other than 1, the HTTP/2 preface too, is 505. POST, PUT and PATCH without a
// length are 411; an expectation other than 100-continue is 417. Chunk extensions and trailers are checked, bounded by limits.head and
// forgotten. Up to four empty lines before a request are skipped (RFC 9112 2.2).
// Threads: one at a time. A moved-from parser may only be destroyed or assigned to.
class RequestParser {
 public:
  enum class State { need_head, need_body, complete, refused };

  explicit RequestParser(ParserLimits limits = {});
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  // Consumes octets until one message is complete or refused; returns how many were taken (the rest belongs to the next, pipelined,
  // request). Takes nothing when complete or refused.
  std::size_t feed(BytesView data);
  [[nodiscard]] State state() const noexcept;
  [[nodiscard]] bool started() const noexcept;  // at least one octet of a request has been seen
  // True once, when the head is complete, asks "Expect: 100-continue" and the body has not begun: send 100 then.
  [[nodiscard]] bool wants_continue();
  // The head, valid in need_body and complete; the body grows here.
  [[nodiscard]] const Request& head() const noexcept;
  // Precondition: complete. Leaves the parser ready for the next request.
  [[nodiscard]] Request take();
  // Precondition: refused.
  [[nodiscard]] const Refusal& refusal() const noexcept;
  // By the message's version and Connection field, of the message complete or last taken; false when refused.
  [[nodiscard]] bool keep_alive() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A response as the suite sees it: every octet kept, every defect a finding, nothing guessed silently.
// Finding ids (errors unless said otherwise; offsets from the first octet fed):
//   http.status-line                            malformed; fatal when there is no status code to read
//   http.version                                other than HTTP/1.0 and HTTP/1.1
//   http.reason.missing (note)                  the space after the status code is missing too
//   http.field.syntax                           no colon, a name that is no token, a control (CR, NUL ...) in a value
//   http.field.space-before-colon, http.obs-fold, http.bare-lf
//   http.content-length.invalid                 not a number (fatal)
//   http.content-length.differing               several values that differ (fatal)
//   http.content-length.repeated                several equal values
//   http.content-length.with-transfer-encoding  Transfer-Encoding wins
//   http.transfer-encoding.unknown              other codings than chunked; the body stays encoded
//   http.transfer-encoding.version              in an HTTP/1.0 message
//   http.chunk.syntax                           fatal except inside an extension
//   http.head.truncated, http.body.truncated    the peer closed too early (fatal)
//   http.body.excess                            octets after the end of the message (parse_response only)
//   http.body.forbidden                         length or octets of a body where none may be: 1xx, 204; octets after 304 or HEAD
//   http.interim (note), http.body.until-close (note)
//   http.size                                   a limit was reached (fatal)
// The same defect is told at most eight times.
struct ObservedResponse {
  Response message;
  std::vector<Response> interim;  // 1xx, in order
  Bytes raw_head;                 // of the final response, as received
  Fields trailers;                // after the last chunk
  bool chunked = false;
  bool complete = false;  // framing reached its end
  bool ended_by_close = false;
  Findings findings;
};

inline constexpr ParserLimits response_limits{8U << 10U, 64U << 10U, 1000, 16U << 20U};

// Lenient response parser for clients and the suite. Threads: one at a time. A moved-from parser may only be destroyed or assigned to.
class ResponseParser {
 public:
  enum class State { need_more, complete, failed };

  // `method` decides whether a body follows (HEAD, CONNECT). Limits bound what is kept.
  explicit ResponseParser(std::string method, ParserLimits limits = response_limits);
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;
  ~ResponseParser();

  // Returns how many octets were taken: fewer than given only when the message is complete or has failed.
  std::size_t feed(BytesView data);
  // The peer closed: completes a body that runs until close, or marks the message truncated.
  void end_of_input();
  [[nodiscard]] State state() const noexcept;
  // By version, Connection field and framing; false until complete.
  [[nodiscard]] bool keep_alive() const noexcept;
  // What was read so far; valid in every state.
  [[nodiscard]] const ObservedResponse& observed() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Parses all of `raw` as the answer to `method`: what a check does with recorded evidence. Octets left over are findings.
[[nodiscard]] ObservedResponse parse_response(BytesView raw, std::string_view method, bool closed_after);

}  // namespace est::http
