#include "est/http/message.h"

#include <gtest/gtest.h>

#include "est/http/parser.h"
#include "est/http/values.h"

namespace est::http {
namespace {

TEST(Fields, SetReplacesAllOfThatName) {
  Fields fields;
  fields.add("A", "1");
  fields.add("B", "2");
  fields.add("a", "3");
  fields.set("a", "4");
  ASSERT_EQ(fields.list().size(), 2U);
  EXPECT_EQ(fields.list()[0].value, "4");
  fields.set("C", "5");
  EXPECT_EQ(fields.get("c"), "5");
  fields.remove("A");
  EXPECT_FALSE(fields.has("a"));
  EXPECT_EQ(fields.list().size(), 2U);
}

TEST(Encode, Responses) {
  Response response;
  response.status = 200;
  response.fields.add("Content-Type", "text/plain");
  response.body = to_bytes("hi");
  EXPECT_EQ(est::to_string(encode(response)), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(est::to_string(encode(response, true)), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n");
  response.status = 204;
  response.reason = "Nothing";
  EXPECT_EQ(est::to_string(encode(response)), "HTTP/1.1 204 Nothing\r\nContent-Type: text/plain\r\n\r\n");
  response.status = 299;
  response.reason.clear();
  response.minor_version = 0;
  response.fields.set("Content-Type", "a\r\nX: b");
  response.fields.set("Transfer-Encoding", "chunked");
  EXPECT_EQ(est::to_string(encode(response)), "HTTP/1.0 299 Unknown\r\nContent-Type: a  X: b\r\nTransfer-Encoding: chunked\r\n\r\nhi");
}

TEST(Encode, RequestsComeBack) {
  Request request;
  request.method = "POST";
  request.target = "/x";
  request.fields.add("Host", "a");
  request.body = to_bytes("body");
  RequestParser parser;
  parser.feed(encode(request));
  ASSERT_EQ(parser.state(), RequestParser::State::complete);
  EXPECT_EQ(est::to_string(parser.take().body), "body");
  request.body.clear();
  EXPECT_NE(est::to_string(encode(request)).find("Content-Length: 0"), std::string::npos);
  request.method = "GET";
  EXPECT_EQ(est::to_string(encode(request)), "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(Encode, Chunked) {
  EXPECT_EQ(est::to_string(encode_chunked(as_bytes("hello"))), "5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(est::to_string(encode_chunked(as_bytes("hello"), 2)), "2\r\nhe\r\n2\r\nll\r\n1\r\no\r\n0\r\n\r\n");
  EXPECT_EQ(est::to_string(encode_chunked(Bytes(17, 'x'))), "11\r\n" + std::string(17, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(est::to_string(encode_chunked({})), "0\r\n\r\n");
}

TEST(HttpDate, ThreeForms) {
  const ManualClock clock(1800000000);  // 2027
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(-5), http_date(0));
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(parse_http_date(text, clock), 784111777) << text;
  EXPECT_EQ(parse_http_date("Monday, 06-Nov-28 08:49:37 GMT", clock), parse_http_date("Mon, 06 Nov 2028 08:49:37 GMT"));
  EXPECT_EQ(parse_http_date("Sun Nov 16 08:49:37 1994"), 784111777 + 864000);
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:60 GMT"), 1709251200);
}

TEST(HttpDate, RefusesEverythingElse) {
  for (const char* text : {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
                           "sun, 06 nov 1994 08:49:37 gmt", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 2023 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov -994 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 94", "Sunday, 06-Nov-1994 08:49:37 GMT", "1994-11-06T08:49:37Z"})
    EXPECT_FALSE(parse_http_date(text)) << text;
}

TEST(RetryAfter, SecondsAndDates) {
  EXPECT_EQ(parse_retry_after("120")->wait_from(5), 120U);
  EXPECT_EQ(parse_retry_after(" 0 ")->wait_from(5), 0U);
  EXPECT_EQ(parse_retry_after("99999999999999999999999")->seconds, 2147483648U);
  const auto date = parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(date && date->is_date);
  EXPECT_EQ(date->wait_from(784111700), 77U);
  EXPECT_EQ(date->wait_from(784111778), 0U);
  for (const char* text : {"", " ", "-1", "+1", "1.5", "soon", "1s"}) EXPECT_FALSE(parse_retry_after(text)) << text;
  EXPECT_EQ(encode(RetryAfter{false, 30, 0}), "30");
  EXPECT_EQ(encode(RetryAfter{true, 0, 784111777}), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Target, OriginAndAbsoluteForm) {
  EXPECT_EQ(parse_target("/a/b?c=d?e")->path, "/a/b");
  EXPECT_EQ(parse_target("/a/b?c=d?e")->query, "c=d?e");
  EXPECT_EQ(parse_target("/a?")->query, "");
  EXPECT_FALSE(parse_target("/a")->query);
  EXPECT_EQ(parse_target("HTTPS://est.example:8443/a%20b")->path, "/a%20b");
  EXPECT_EQ(parse_target("https://est.example:8443/a")->authority, "est.example:8443");
  EXPECT_EQ(parse_target("https://[2001:db8::1]:8443?x")->path, "/");
  for (const char* text : {"", "a", "*", "?a", "/a#b", "/a b", "/%zz", "/%2", "/<a>", "https://", "https:///a", "https://a:b/",
                           "https://a@b/", "https://[::1/", "ftp://a/b", "//\x7f"})
    EXPECT_FALSE(parse_target(text)) << text;
}

TEST(Host, Grammar) {
  for (const char* text : {"a", "a.b:443", "a:", "127.0.0.1:8443", "[::1]", "[::1]:443", "a_b-c~"}) EXPECT_TRUE(valid_host(text)) << text;
  for (const char* text : {"", ":443", "a:b", "a:123456", "a b", "a/b", "a@b", "[]", "[::1", "::1", "[::1]x", "[g]", "a?b"})
    EXPECT_FALSE(valid_host(text)) << text;
}

TEST(PercentDecode, RefusesNulAndMalformedEscapes) {
  EXPECT_EQ(percent_decode("a%2Fb%c3%A9"), "a/b\xc3\xa9");
  EXPECT_EQ(percent_decode(""), "");
  for (const char* text : {"%", "%1", "%g1", "%1g", "a%00b", "%%"}) EXPECT_FALSE(percent_decode(text)) << text;
  EXPECT_FALSE(percent_decode(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace est::http
