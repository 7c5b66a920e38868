#include <gtest/gtest.h>

#include "est/base/text.h"
#include "est/http/parser.h"

namespace est::http {
namespace {

using State = RequestParser::State;

const std::string host = "Host: a\r\n";

struct RequestOutcome {
  State state = State::need_head;
  int status = 0;
  std::size_t taken = 0;
  Request request;
  bool keep_alive = false;
  friend bool operator==(const RequestOutcome& a, const RequestOutcome& b) {
    return a.state == b.state && a.status == b.status && a.taken == b.taken && a.request.method == b.request.method &&
           a.request.target == b.request.target && a.request.body == b.request.body &&
           a.request.fields.list().size() == b.request.fields.list().size() && a.keep_alive == b.keep_alive;
  }
};

// Feeds `wire` in pieces that end at the given places.
RequestOutcome run(std::string_view wire, const std::vector<std::size_t>& cuts, const ParserLimits& limits = {}) {
  RequestParser parser(limits);
  RequestOutcome outcome;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t end = i < cuts.size() ? cuts[i] : wire.size();
    outcome.taken += parser.feed(as_bytes(wire.substr(start, end - start)));
    start = end;
  }
  outcome.state = parser.state();
  if (outcome.state == State::refused) outcome.status = parser.refusal().status;
  outcome.request = outcome.state == State::complete ? parser.take() : parser.head();
  outcome.keep_alive = parser.keep_alive();
  return outcome;
}

// One piece, every split in two, and octet by octet must agree.
RequestOutcome parsed_request(std::string_view wire, const ParserLimits& limits = {}) {
  const RequestOutcome whole = run(wire, {}, limits);
  std::vector<std::size_t> all;
  for (std::size_t i = 1; i < wire.size(); ++i) {
    if (wire.size() < 2000) {
      EXPECT_EQ(run(wire, {i}, limits), whole) << "split at " << i << " of " << printable(wire);
    }
    all.push_back(i);
  }
  EXPECT_EQ(run(wire, all, limits), whole) << "octet by octet: " << printable(wire);
  return whole;
}

TEST(RequestParser, ReadsAGet) {
  const RequestOutcome got =
      parsed_request("GET /.well-known/est/cacerts HTTP/1.1\r\nHost: est.example:8443\r\nX-A:  b c \t\r\nx-a:\r\n\r\n");
  ASSERT_EQ(got.state, State::complete);
  EXPECT_EQ(got.request.method, "GET");
  EXPECT_EQ(got.request.target, "/.well-known/est/cacerts");
  EXPECT_EQ(got.request.fields.get("X-A"), "b c");
  EXPECT_EQ(got.request.fields.all("x-A").size(), 2U);
  EXPECT_TRUE(got.keep_alive);
}

TEST(RequestParser, ReadsBodies) {
  const std::string post = "POST / HTTP/1.1\r\n" + host;
  for (const std::string& wire : {
           post + "Content-Length: 5\r\n\r\nhello",
           post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
           post + "Transfer-Encoding: CHUNKED\r\n\r\n2;a\r\nhe\r\n0003 ; b = \"x\\\"; y\" ;c=d\r\nllo\r\n000\r\nT: x\r\nU: y\r\n\r\n",
       }) {
    const RequestOutcome got = parsed_request(wire);
    ASSERT_EQ(got.state, State::complete) << wire;
    EXPECT_EQ(est::to_string(got.request.body), "hello");
    EXPECT_EQ(got.taken, wire.size());
    EXPECT_FALSE(got.request.fields.has("T"));
  }
  EXPECT_EQ(parsed_request(post + "Content-Length: 0\r\n\r\n").state, State::complete);
  EXPECT_EQ(parsed_request(post + "Content-Length: 5\r\n\r\nhell").state, State::need_body);
  EXPECT_EQ(parsed_request("GET / HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nabGET").taken, 48U);
}

TEST(RequestParser, RefusesByStatus) {
  struct Case {
    std::string wire;
    int status;
  };
  const std::string get = "GET / HTTP/1.1\r\n" + host;
  const std::string post = "POST / HTTP/1.1\r\n" + host;
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string nul(1, '\0');
  const std::vector<Case> cases = {
      // request line
      {"GET /\r\n", 400},
      {"GET  / HTTP/1.1\r\n", 400},
      {"GET / HTTP/1.1 \r\n", 400},
      {" GET / HTTP/1.1\r\n", 400},
      {"GET\t/\tHTTP/1.1\r\n", 400},
      {"G(T / HTTP/1.1\r\n", 400},
      {"GET / http/1.1\r\n", 400},
      {"GET / HTTP/1.10\r\n", 400},
      {"GET / HTTP/11\r\n", 400},
      {"GET a HTTP/1.1\r\n", 400},
      {"GET * HTTP/1.1\r\n", 400},
      {"GET /% HTTP/1.1\r\n", 400},
      {"GET /a#b HTTP/1.1\r\n", 400},
      {"GET /\x80 HTTP/1.1\r\n", 400},
      {"GET ftp://a/ HTTP/1.1\r\n", 400},
      {"GET https://u@a/ HTTP/1.1\r\n", 400},
      {"GET https:/// HTTP/1.1\r\n", 400},
      {"GET / HTTP/1.1\n", 400},
      {"GET / HTTP/1.1\rX", 400},
      {"GET /" + nul, 400},
      {"\x16\x03\x01\n", 400},
      {"\n", 400},
      {"\r\n\r\n\r\n\r\n\r\n", 400},
      {"CONNECT a:443 HTTP/1.1\r\n", 501},
      {"GET / HTTP/2.0\r\n", 505},
      {"GET / HTTP/0.9\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      // fields
      {"GET / HTTP/1.1\r\n Host: a\r\n", 400},
      {get + "A: b\r\n c\r\n", 400},
      {get + "A: b\r\n\tc\r\n", 400},
      {get + "A : b\r\n", 400},
      {get + "A\t: b\r\n", 400},
      {get + ": b\r\n", 400},
      {get + "A\r\n", 400},
      {get + "A b: c\r\n", 400},
      {get + "A: b\rc\r\n", 400},
      {get + "A: b\n", 400},
      {get + "A: b" + nul, 400},
      {get + "A: \x01\r\n", 400},
      {get + "A: \x7f\r\n", 400},
      {get + "A\xc3: b\r\n", 400},
      // Host
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {get + host + "\r\n", 400},
      {get + "Host: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", 400},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      // framing
      {post + "\r\n", 411},
      {"PUT / HTTP/1.1\r\n" + host + "\r\n", 411},
      {"POST / HTTP/1.0\r\n\r\n", 411},
      {post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
      {post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {post + "Content-Length: 5, 5\r\n\r\n", 400},
      {post + "Content-Length:\r\n\r\n", 400},
      {post + "Content-Length: +5\r\n\r\n", 400},
      {post + "Content-Length: -5\r\n\r\n", 400},
      {post + "Content-Length: 0x5\r\n\r\n", 400},
      {post + "Content-Length: 5 5\r\n\r\n", 400},
      {post + "Content-Length: 5;a\r\n\r\n", 400},
      {post + "Content-Length: 262145\r\n\r\n", 413},
      {post + "Content-Length: 99999999999999999999999999\r\n\r\n", 413},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {post + "Transfer-Encoding: base64\r\nTransfer-Encoding: chunked\r\n\r\n", 501},
      {post + "Transfer-Encoding: base64\r\n\r\n", 400},
      {post + "Transfer-Encoding: identity\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked, gzip\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {post + "Transfer-Encoding: chunked;a=b\r\n\r\n", 400},
      {post + "Transfer-Encoding: \"chunked\"\r\n\r\n", 400},
      {post + "Transfer-Encoding: \x0b"
              "chunked\r\n\r\n",
       400},
      {post + "Transfer-Encoding: xchunked\r\n\r\n", 400},
      {post + "Transfer-Encoding:\r\n\r\n", 400},
      {post + "Transfer-Encoding : chunked\r\n\r\n", 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {post + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417},
      {post + "Expect: 100-continue, x\r\nContent-Length: 1\r\n\r\n", 417},
      // chunks
      {chunked + "\r\n", 400},
      {chunked + "x\r\n", 400},
      {chunked + "-1\r\n", 400},
      {chunked + "0x5\r\n", 400},
      {chunked + " 5\r\n", 400},
      {chunked + "5 \r\n", 400},
      {chunked + "5;\r\n", 400},
      {chunked + "5;a=\r\n", 400},
      {chunked + "5;a=\"b\r\n", 400},
      {chunked + "5;a\nhello", 400},
      {chunked + "5\nhello", 400},
      {chunked + "5\rhello", 400},
      {chunked + "5\r\nhello!", 400},
      {chunked + "5\r\nhello\n", 400},
      {chunked + "40001\r\n", 413},
      {chunked + "fffffffffffffffff\r\n", 413},
      {chunked + "10000000000000005\r\n", 413},
      {chunked + "0\r\nT : x\r\n", 400},
      {chunked + "0\r\n T: x\r\n", 400},
      {chunked + "0\r\nT\r\n", 400},
  };
  for (const Case& c : cases) {
    const RequestOutcome got = parsed_request(c.wire);
    EXPECT_EQ(got.state, State::refused) << printable(c.wire);
    EXPECT_EQ(got.status, c.status) << printable(c.wire);
    EXPECT_FALSE(got.keep_alive);
  }
}

TEST(RequestParser, BoundsEverything) {
  const ParserLimits small{40, 100, 4, 10};
  const std::string get = "GET / HTTP/1.1\r\n" + host;
  const std::string chunked = "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(parsed_request("GET /" + std::string(40, 'a'), small).status, 414);
  EXPECT_EQ(parsed_request(std::string(41, 'a'), small).status, 400);
  EXPECT_EQ(parsed_request("GET /" + std::string(26, 'a') + " HTTP/1.1\r\n" + host + "\r\n", small).state, State::complete);
  EXPECT_EQ(parsed_request(get + "A: " + std::string(100, 'a'), small).status, 431);
  EXPECT_EQ(parsed_request(get + "A:\r\nA:\r\nA:\r\nA:\r\n\r\n", small).status, 431);
  EXPECT_EQ(parsed_request(get + "A:\r\nA:\r\nA:\r\n\r\n", small).state, State::complete);
  EXPECT_EQ(parsed_request(chunked + "a\r\n0123456789\r\n1\r\n", small).status, 413);
  EXPECT_EQ(parsed_request(chunked + "a\r\n0123456789\r\n0\r\n\r\n", small).state, State::complete);
  EXPECT_EQ(parsed_request(chunked + "1;" + std::string(200, 'a'), small).status, 400);
  EXPECT_EQ(parsed_request(chunked + std::string(200, '0'), small).status, 400);
  std::string extensions = chunked;
  for (int i = 0; i < 9; ++i) extensions += "1;" + std::string(30, 'a') + "\r\nx\r\n";
  EXPECT_EQ(parsed_request(extensions, small).status, 400);
  EXPECT_EQ(parsed_request(chunked + "0\r\nA: " + std::string(100, 'a'), small).status, 431);
  EXPECT_EQ(parsed_request(chunked + "0\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\n", small).status, 431);
}

TEST(RequestParser, KnowsPersistence) {
  const std::string tail = host + "\r\n";
  EXPECT_TRUE(parsed_request("GET / HTTP/1.1\r\n" + tail).keep_alive);
  EXPECT_TRUE(parsed_request("GET / HTTP/1.9\r\n" + tail).keep_alive);
  EXPECT_FALSE(parsed_request("GET / HTTP/1.1\r\nConnection: x, Close\r\n" + tail).keep_alive);
  EXPECT_FALSE(parsed_request("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parsed_request("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
  EXPECT_FALSE(parsed_request("GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n").keep_alive);
}

TEST(RequestParser, AcceptsUnusualButLegal) {
  for (const std::string& wire : {
           "\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
           "OPTIONS * HTTP/1.1\r\n" + host + "\r\n",
           "GET https://a:8443/x?y=/? HTTP/1.1\r\n" + host + "\r\n",
           "GET HTTP://a HTTP/1.1\r\n" + host + "\r\n",
           std::string("BREW /a//b;c=d/%2e@: HTTP/1.1\r\nHOST: [::1]:8443\r\n\r\n"),
           "GET / HTTP/1.1\r\n" + host + "A: caf\xc3\xa9\tx\r\n\r\n",
           "DELETE / HTTP/1.1\r\n" + host + "\r\n",
           std::string("GET / HTTP/1.0\r\nExpect: whatever\r\n\r\n"),
       })
    EXPECT_EQ(parsed_request(wire).state, State::complete) << wire;
}

TEST(RequestParser, PipelinedRequestsStayApart) {
  const std::string first = "POST /a HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc";
  const std::string second = "GET /b HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n";
  const std::string wire = first + second;
  RequestParser parser;
  EXPECT_FALSE(parser.started());
  const std::size_t taken = parser.feed(as_bytes(wire));
  EXPECT_EQ(taken, first.size());
  EXPECT_EQ(parser.feed(as_bytes(second)), 0U);
  EXPECT_EQ(parser.take().target, "/a");
  EXPECT_TRUE(parser.keep_alive());
  EXPECT_FALSE(parser.started());
  EXPECT_EQ(parser.feed(as_bytes(wire).subspan(taken)), second.size());
  const Request request = parser.take();
  EXPECT_EQ(request.target, "/b");
  EXPECT_TRUE(request.body.empty());
  EXPECT_FALSE(parser.keep_alive());
}

TEST(RequestParser, StartsWithTheFirstOctetOfARequestLine) {
  RequestParser parser;
  parser.feed(as_bytes("\r\n"));
  EXPECT_FALSE(parser.started());
  parser.feed(as_bytes("G"));
  EXPECT_TRUE(parser.started());
}

TEST(RequestParser, AsksForContinueOnce) {
  const std::string head = "POST / HTTP/1.1\r\n" + host + "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
  RequestParser parser;
  parser.feed(as_bytes(head));
  EXPECT_EQ(parser.head().target, "/");
  EXPECT_TRUE(parser.wants_continue());
  EXPECT_FALSE(parser.wants_continue());
  parser.feed(as_bytes("x"));
  EXPECT_EQ(parser.state(), State::complete);

  RequestParser impatient;
  impatient.feed(as_bytes(head + "x"));
  EXPECT_FALSE(impatient.wants_continue());

  RequestParser chunked;
  chunked.feed(as_bytes("POST / HTTP/1.1\r\n" + host + "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_TRUE(chunked.wants_continue());
}

}  // namespace
}  // namespace est::http
