#include "est/codec/multipart.h"

#include <gtest/gtest.h>

namespace est::codec {
namespace {

const std::string two_parts =
    "--b\r\nContent-Type: application/pkcs8\r\n\r\nMII1\r\n--b\r\nContent-Type: application/pkcs7-mime;\r\n "
    "smime-type=certs-only\r\n\r\nMII2\r\nMII3\r\n--b--\r\n";

TEST(Multipart, ReadsTwoParts) {
  const auto got = decode_multipart(as_bytes(two_parts), "b");
  ASSERT_TRUE(got.accepted()) << describe_first(got.findings);
  EXPECT_TRUE(got.findings.empty());
  ASSERT_EQ(got.value->size(), 2U);
  EXPECT_EQ((*got.value)[0].header("content-type"), "application/pkcs8");
  EXPECT_EQ(est::to_string((*got.value)[0].body), "MII1");
  EXPECT_EQ((*got.value)[1].header("Content-Type"), "application/pkcs7-mime; smime-type=certs-only");
  EXPECT_EQ(est::to_string((*got.value)[1].body), "MII2\r\nMII3");
  EXPECT_FALSE((*got.value)[1].header("X"));
}

TEST(Multipart, RoundTrip) {
  const std::vector<Part> parts = {{{{"A", "b"}, {"C", "d\r\ne"}}, to_bytes("x\r\ny\r\n")}, {{}, {}}, {{}, Bytes(3, 0)}};
  const auto got = decode_multipart(encode_multipart(parts, "a b=c"), "a b=c");
  ASSERT_TRUE(got.accepted()) << describe_first(got.findings);
  ASSERT_EQ(got.value->size(), 3U);
  EXPECT_EQ((*got.value)[0].header("c"), "d  e");
  for (std::size_t i = 0; i < parts.size(); ++i) EXPECT_EQ((*got.value)[i].body, parts[i].body);
}

TEST(Multipart, LegalOddities) {
  for (const std::string_view body : {
           "--b\r\n\r\nx\r\n--b--",              // no line end after the close
           "--b \t\r\n\r\nx\r\n--b-- \r\n",      // transport padding
           "pre\r\nx\r\n--b\r\n\r\nx\r\n--b--",  // preamble
           "--b\r\n\r\nx\r\n--b--\r\nepilogue --b\r\n--b\r\n",
           "--b\r\nA: --b\r\n\r\nx\r\n--b--",
       }) {
    const auto got = decode_multipart(as_bytes(body), "b");
    ASSERT_TRUE(got.accepted()) << body << describe_first(got.findings);
    ASSERT_EQ(got.value->size(), 1U) << body;
    EXPECT_EQ(est::to_string(got.value->front().body), "x") << body;
  }
  EXPECT_EQ(decode_multipart(as_bytes("--b\r\nA: b\r\n--b--"), "b").value->front().header("a"), "b");
}

TEST(Multipart, NamesEachDefect) {
  struct Case {
    std::string_view body, boundary, id;
    std::size_t parts;
  };
  const std::string long_boundary(71, 'x');
  const std::vector<Case> cases = {
      {"--b--", "", "multipart.boundary", 0},
      {"--b--", long_boundary, "multipart.boundary", 0},
      {"--b--", "b ", "multipart.boundary", 0},
      {"--b--", "b\r\nx", "multipart.boundary", 0},
      {"--b--", "b\"", "multipart.boundary", 0},
      {"", "b", "multipart.no-parts", 0},
      {"x", "b", "multipart.no-parts", 0},
      {"--b--\r\n", "b", "multipart.no-parts", 0},
      {" --b\r\n\r\nx\r\n --b--", "b", "multipart.no-parts", 0},
      {"--b\r\n\r\nx", "b", "multipart.unterminated", 1},
      {"--b", "b", "multipart.unterminated", 1},
      {"--b\r\n\r\nx\r\n--b", "b", "multipart.unterminated", 2},
      {"--b\r\nno field\r\n\r\nx\r\n--b--", "b", "multipart.part-header", 1},
      {"--b\r\n folded first\r\n\r\nx\r\n--b--", "b", "multipart.part-header", 1},
      {"--b\r\n: x\r\n\r\nx\r\n--b--", "b", "multipart.part-header", 1},
      {"--b\r\nA: b\rC: d\r\n\r\nx\r\n--b--", "b", "multipart.part-header", 1},  // found by fuzzing
      {"--bc\r\n\r\nx\r\n--b--", "b", "multipart.boundary", 1},
      {"--b\n\nx\n--b--\n", "b", "multipart.bare-lf", 1},
      {"--b\r\n\r\nx\n--b--\r\n", "b", "multipart.bare-lf", 1},
      {"--b\r\nA: b\n\r\nx\r\n--b--\r\n", "b", "multipart.bare-lf", 1},
      {"--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b\r\n\r\n3\r\n--b\r\n\r\n4\r\n--b--", "b", "multipart.too-many-parts", 3},
  };
  for (const Case& c : cases) {
    const auto got = decode_multipart(as_bytes(c.body), c.boundary, 3);
    EXPECT_FALSE(got.accepted()) << c.body;
    EXPECT_TRUE(contains(got.findings, c.id)) << c.body << describe_first(got.findings);
    EXPECT_EQ(got.value ? got.value->size() : 0, c.parts) << c.body;
  }
}

TEST(Multipart, TellsPreambleAndEpilogue) {
  const auto got = decode_multipart(as_bytes("pre\r\n--b\r\n\r\nx\r\n--b--\r\npost"), "b");
  EXPECT_TRUE(contains(got.findings, "multipart.preamble"));
  EXPECT_TRUE(contains(got.findings, "multipart.epilogue"));
}

TEST(Multipart, ManyFieldsAreBounded) {
  std::string body = "--b\r\n";
  for (int i = 0; i < 1000; ++i) body += "A: b\r\n";
  const auto got = decode_multipart(as_bytes(body + "\r\nx\r\n--b--"), "b");
  EXPECT_TRUE(contains(got.findings, "multipart.size"));
  EXPECT_LT(got.value->front().headers.size(), 100U);
}

// Every prefix and every single-octet change is read without harm.
TEST(Multipart, SurvivesTruncationAndChange) {
  for (std::size_t i = 0; i < two_parts.size(); ++i) {
    (void)decode_multipart(as_bytes(two_parts.substr(0, i)), "b");
    for (const char c : {'\r', '\n', '-', 'b', '\0'}) {
      std::string changed = two_parts;
      changed[i] = c;
      (void)decode_multipart(as_bytes(changed), "b");
    }
  }
}

}  // namespace
}  // namespace est::codec
