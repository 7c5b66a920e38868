#include <gtest/gtest.h>

#include "est/base/text.h"
#include "est/http/parser.h"

namespace est::http {
namespace {

using ResponseState = ResponseParser::State;

std::string ids(const Findings& findings) {
  std::vector<std::string> all;
  for (const Finding& finding : findings) all.push_back(finding.id + "@" + std::to_string(finding.offset));
  return join(all, " ");
}

struct ResponseOutcome {
  ResponseState state = ResponseState::need_more;
  std::size_t taken = 0;
  bool keep_alive = false;
  ObservedResponse seen;
  friend bool operator==(const ResponseOutcome& a, const ResponseOutcome& b) {
    return a.state == b.state && a.taken == b.taken && a.keep_alive == b.keep_alive && a.seen.raw_head == b.seen.raw_head &&
           a.seen.message.status == b.seen.message.status && a.seen.message.body == b.seen.message.body &&
           ids(a.seen.findings) == ids(b.seen.findings);
  }
};

struct Given {
  std::string_view method = "GET";
  bool close = false;
  ParserLimits limits = response_limits;
};

ResponseOutcome run(std::string_view wire, const Given& given, const std::vector<std::size_t>& cuts) {
  ResponseParser parser(std::string(given.method), given.limits);
  ResponseOutcome outcome;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t end = i < cuts.size() ? cuts[i] : wire.size();
    outcome.taken += parser.feed(as_bytes(wire.substr(start, end - start)));
    start = end;
  }
  if (given.close) parser.end_of_input();
  outcome.state = parser.state();
  outcome.keep_alive = parser.keep_alive();
  outcome.seen = parser.observed();
  return outcome;
}

ResponseOutcome parsed_response(std::string_view wire, const Given& given = {}) {
  const ResponseOutcome whole = run(wire, given, {});
  std::vector<std::size_t> all;
  for (std::size_t i = 1; i < wire.size(); ++i) {
    if (wire.size() < 2000) {
      EXPECT_EQ(run(wire, given, {i}), whole) << "split at " << i << " of " << printable(wire);
    }
    all.push_back(i);
  }
  EXPECT_EQ(run(wire, given, all), whole) << "octet by octet: " << printable(wire);
  return whole;
}

TEST(ResponseParser, ReadsEveryFramingWithoutErrors) {
  struct Case {
    std::string wire;
    std::string body;
    bool keep_alive;
    Given given;
  };
  const std::vector<Case> cases = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", true, {}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "hello", false, {}},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", false, {}},
      {"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: u\r\n\r\n", "hello", true, {}},
      {"HTTP/1.1 204 No Content\r\n\r\n", "", true, {}},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", true, {}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "", true, {.method = "HEAD"}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", true, {.method = "HEAD"}},
      {"HTTP/1.1 200 OK\r\n\r\nhello", "hello", false, {.close = true}},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
       "",
       true,
       {}},
  };
  for (const Case& c : cases) {
    const ResponseOutcome got = parsed_response(c.wire, c.given);
    EXPECT_EQ(got.state, ResponseState::complete) << c.wire;
    EXPECT_TRUE(got.seen.complete);
    EXPECT_FALSE(has_errors(got.seen.findings)) << describe_first(got.seen.findings);
    EXPECT_EQ(est::to_string(got.seen.message.body), c.body) << c.wire;
    EXPECT_EQ(got.keep_alive, c.keep_alive) << c.wire;
    EXPECT_EQ(got.taken, c.wire.size());
  }
}

TEST(ResponseParser, KeepsHeadInterimAndTrailers) {
  const std::string head = "HTTP/1.1 200 Fine  here\r\nX-ODD:  v \r\nTransfer-Encoding: chunked\r\n\r\n";
  const ResponseOutcome got = parsed_response("HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" + head + "0\r\nT: u\r\n\r\n");
  EXPECT_EQ(est::to_string(got.seen.raw_head), head);
  EXPECT_EQ(got.seen.message.reason, "Fine  here");
  EXPECT_EQ(got.seen.message.fields.list()[0].name, "X-ODD");
  EXPECT_EQ(got.seen.message.fields.get("x-odd"), "v");
  ASSERT_EQ(got.seen.interim.size(), 1U);
  EXPECT_EQ(got.seen.interim[0].status, 100);
  EXPECT_EQ(got.seen.interim[0].fields.get("A"), "b");
  EXPECT_EQ(got.seen.trailers.get("T"), "u");
  EXPECT_TRUE(got.seen.chunked);
}

TEST(ResponseParser, TellsDefectsAndGoesOn) {
  struct Case {
    std::string wire;
    std::string id;
    Given given;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  const std::vector<Case> cases = {
      {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "http.reason.missing", {}},
      {"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", "http.status-line", {}},
      {"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n", "http.status-line", {}},
      {"HTTP/1.1 200 O\x01\r\nContent-Length: 0\r\n\r\n", "http.status-line", {}},
      {"\r\n" + ok + "\r\n", "http.status-line", {}},
      {"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "http.version", {}},
      {"HTTP/1.1x 200 OK\r\nContent-Length: 0\r\n\r\n", "http.version", {}},
      {ok + "nonsense\r\n\r\n", "http.field.syntax", {}},
      {ok + "a b: c\r\n\r\n", "http.field.syntax", {}},
      {ok + "a: \x01\r\n\r\n", "http.field.syntax", {}},
      {ok + "a: b\rc\r\n\r\n", "http.field.syntax", {}},
      {ok + std::string("a: b\0c\r\n\r\n", 10), "http.field.syntax", {}},
      {ok + "a : b\r\n\r\n", "http.field.space-before-colon", {}},
      {ok + "a: b\r\n c\r\n\r\n", "http.obs-fold", {}},
      {"HTTP/1.1 200 OK\r\n x\r\nContent-Length: 0\r\n\r\n", "http.field.syntax", {}},
      {ok + "a: b\n\r\n", "http.bare-lf", {}},
      {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "http.bare-lf", {}},
      {ok + "Content-Length: 0\r\n\r\n", "http.content-length.repeated", {}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0, 0\r\n\r\n", "http.content-length.repeated", {}},
      {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "http.content-length.with-transfer-encoding", {}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "http.transfer-encoding.unknown", {}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: base64\r\n\r\nZm9v", "http.transfer-encoding.unknown", {.close = true}},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "http.transfer-encoding.version", {}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0 \r\n\r\n", "http.chunk.syntax", {}},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "http.body.forbidden", {}},
      {"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "http.body.forbidden", {}},
      {"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" + ok + "\r\n", "http.body.forbidden", {}},
      {"HTTP/1.1 100 Continue\r\n\r\n" + ok + "\r\n", "http.interim", {}},
      {"HTTP/1.1 200 OK\r\n\r\n", "http.body.until-close", {.close = true}},
  };
  for (const Case& c : cases) {
    const ResponseOutcome got = parsed_response(c.wire, c.given);
    EXPECT_EQ(got.state, ResponseState::complete) << printable(c.wire);
    EXPECT_TRUE(contains(got.seen.findings, c.id)) << printable(c.wire) << " gave " << ids(got.seen.findings);
  }
}

TEST(ResponseParser, FailsWhereNothingSensibleCanFollow) {
  struct Case {
    std::string wire;
    std::string id;
    Given given;
  };
  const ParserLimits small{30, 60, 2, 4};
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  std::string interims;
  for (int i = 0; i < 40; ++i) interims += "HTTP/1.1 102 P\r\n\r\n";
  const std::vector<Case> cases = {
      {"", "http.head.truncated", {.close = true}},
      {"HTTP/1.1 200 OK\r\n", "http.head.truncated", {.close = true}},
      {"HTTP/1.1 100 Continue\r\n\r\n", "http.head.truncated", {.close = true}},
      {"HTTX", "http.status-line", {}},
      {"\x15\x03\x03", "http.status-line", {}},
      {"HTTP/1.1 20 OK\r\n", "http.status-line", {}},
      {"HTTP/1.1 2000 OK\r\n", "http.status-line", {}},
      {"HTTP/1.1 OK\r\n", "http.status-line", {}},
      {"HTTP/1.1\r\n", "http.status-line", {}},
      {"\r\n\r\n\r\n\r\n\r\n", "http.status-line", {}},
      {ok + "Content-Length: x\r\n\r\n", "http.content-length.invalid", {}},
      {ok + "Content-Length: \r\n\r\n", "http.content-length.invalid", {}},
      {ok + "Content-Length: -1\r\n\r\n", "http.content-length.invalid", {}},
      {ok + "Content-Length: 99999999999999999999999\r\n\r\n", "http.content-length.invalid", {}},
      {ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "http.content-length.differing", {}},
      {ok + "Content-Length: 1, 2\r\n\r\n", "http.content-length.differing", {}},
      {ok + "Content-Length: 5\r\n\r\nhell", "http.body.truncated", {.close = true}},
      {chunked + "5\r\nhell", "http.body.truncated", {.close = true}},
      {chunked + "5\r\nhello\r\n", "http.body.truncated", {.close = true}},
      {chunked + "0\r\n", "http.body.truncated", {.close = true}},
      {chunked + "x\r\n", "http.chunk.syntax", {}},
      {chunked + "1\r\nab", "http.chunk.syntax", {}},
      {chunked + "1\r\na\r\r", "http.chunk.syntax", {}},
      {ok + "Content-Length: 999999999\r\n\r\n", "http.size", {}},
      {chunked + "fffffffffffffffffff\r\n", "http.size", {}},
      {"HTTP/1.1 200 " + std::string(40, 'a'), "http.size", {.limits = small}},
      {ok + "a: " + std::string(60, 'a'), "http.size", {.limits = small}},
      {ok + "a:\r\na:\r\na:\r\n", "http.size", {.limits = small}},
      {ok + "\r\nhello!", "http.size", {.limits = small}},
      {ok + "\r\nhello!", "http.size", {.close = true, .limits = small}},
      {chunked + "0\r\na: " + std::string(60, 'a'), "http.size", {.limits = small}},
      {interims, "http.size", {}},
  };
  for (const Case& c : cases) {
    const ResponseOutcome got = parsed_response(c.wire, c.given);
    EXPECT_EQ(got.state, ResponseState::failed) << printable(c.wire);
    EXPECT_FALSE(got.seen.complete);
    EXPECT_FALSE(got.keep_alive);
    ASSERT_FALSE(got.seen.findings.empty()) << printable(c.wire);
    EXPECT_EQ(got.seen.findings.back().id, c.id) << printable(c.wire) << " gave " << ids(got.seen.findings);
  }
}

TEST(ResponseParser, UnfoldsAndKeepsPartialBodies) {
  EXPECT_EQ(parsed_response("HTTP/1.1 204 N\r\na: b\r\n\t c \r\n  d\r\n\r\n").seen.message.fields.get("a"), "b c d");
  EXPECT_EQ(est::to_string(parsed_response("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", {.close = true}).seen.message.body), "abc");
}

TEST(ResponseParser, NamesThePlace) {
  const ResponseOutcome got = parsed_response("HTTP/1.1 204 N\r\na: b\r\nc : d\r\n\r\n");
  EXPECT_EQ(ids(got.seen.findings), "http.field.space-before-colon@22");
}

TEST(ResponseParser, BoundsTheNumberOfFindings) {
  std::string wire = "HTTP/1.1 204 N\r\n";
  for (int i = 0; i < 500; ++i) wire += "a : b\n";
  EXPECT_EQ(parsed_response(wire + "\r\n").seen.findings.size(), 16U);
}

TEST(ParseResponse, ReportsWhatIsLeftOver) {
  const auto excess = parse_response(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"), "GET", false);
  EXPECT_TRUE(contains(excess.findings, "http.body.excess"));
  EXPECT_EQ(est::to_string(excess.message.body), "a");
  const auto forbidden = parse_response(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"), "HEAD", false);
  EXPECT_TRUE(contains(forbidden.findings, "http.body.forbidden"));
  EXPECT_TRUE(contains(parse_response(as_bytes("HTTP/1.1 204 N\r\n\r\na"), "GET", true).findings, "http.body.forbidden"));
  EXPECT_TRUE(parse_response(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"), "GET", true).findings.empty());
}

}  // namespace
}  // namespace est::http
